"""The reference: executes a plan in integers, gives every intermediate, and the cycle of every output beat."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from razorsnn.fixed import Ints
from razorsnn.ir import Trace
from razorsnn.layers import Layer, output_words
from razorsnn.ops.synapse import SynapseCycles, synapse_cycles
from razorsnn.ops.timeline import turn_cycles
from razorsnn.ops.words import Events
from razorsnn.plan import Plan
from razorsnn.targets.outcome import BackendRun, Outcome

BEGIN_CYCLES = 1
"""From a window's first input beat, or the end of what a stage waits for, to its beginning in the stage."""
OPEN_CYCLES = 3
"""From a window's beginning in a stage to the first membranes of its first layer."""
START_CYCLES = 5
"""From a window's last input beat to the first layer's first frame, if its first membranes are set."""
HAND_CYCLES = 2
"""From the end of one stage to the first frame of the next one's first layer, likewise."""
SCORED_CYCLES = 5
"""From the end of a stage's last layer to the stage's, if the gate behind it has nothing to score."""
READOUT_CYCLES = 5
"""From the last layer's end to the first score."""
SCORE_WORD_CYCLES = 2
"""To fetch a word of scores."""


@dataclass(frozen=True)
class LayerResult:
    """One layer of one window: what it read, its gate's and its own intermediates, keep bits and cycles."""

    layer: Layer
    x: Ints
    """[T, C, H, W]: what stands before the gate; without one the same as `operand`."""
    operand: Ints
    keep: NDArray[np.bool_]
    gate: Trace | None
    synapse: Trace
    events: Events
    """Of all frames: what the layer would read, were none pruned."""
    cycles: SynapseCycles
    scored: int = 0
    """Cycles that the stage before takes to score the gate, where the layer is the first of its engine."""

    @property
    def saturations(self) -> int:
        """How many outputs `cast` saturates; a readout has no cast."""
        return self.synapse.saturations

    @property
    def total_cycles(self) -> int:
        return self.cycles.total

    @property
    def activity(self) -> float:
        """Share of non-zero activations in what the layer read."""
        return float(np.count_nonzero(self.operand) / self.operand.size)


@dataclass(frozen=True)
class WindowResult:
    """One window: integer class scores [classes], the winner, and each layer's result."""

    scores: Ints
    layers: tuple[LayerResult, ...]

    @property
    def winner(self) -> int:
        """The class of the highest score; the lowest index wins a tie."""
        return int(np.argmax(self.scores))

    @property
    def keep(self) -> NDArray[np.bool_]:
        """[gates, T]: the keep bits, gate by gate."""
        gated = [result.keep for result in self.layers if result.gate]
        return np.array(gated, dtype=np.bool_).reshape(len(gated), len(self.layers[0].keep))

    @property
    def saturations(self) -> int:
        return sum(result.saturations for result in self.layers)

    @property
    def events(self) -> int:
        return sum(result.cycles.events for result in self.layers)

    @property
    def multiplies(self) -> int:
        """Each on every lane and tap."""
        return sum(result.cycles.multiplies for result in self.layers)


def run_window(plan: Plan, frames: NDArray[np.uint8]) -> WindowResult:
    """Executes one window of frames [T, C, H, W] (integers 0..2**input_bits - 1)."""
    x: Ints = frames.transpose(0, 2, 3, 1).astype(np.int64, order="C").transpose(0, 3, 1, 2)
    results: list[LayerResult] = []
    for layer in plan.layers:
        results.append(_run_layer(layer, x))
        x = results[-1].synapse.output
    return WindowResult(x, tuple(results))


def _run_layer(layer: Layer, x: Ints) -> LayerResult:
    gate, known, scored = None, None, 0
    keep = np.ones(len(x), dtype=np.bool_)
    operand, events = x, layer.reads.events(x)
    if layer.gate:
        razor = layer.razor
        gate = razor.execute_events(x, layer.input, events) if razor else layer.gate.execute(x, layer.input)
        if razor:
            known = razor.events_known(events, gate.values["mask"], layer.reads)
            known, scored = (None, int(known.max())) if layer.begins else (known, 0)
            events = layer.reads.events(gate.values["ungated"]) if razor.operand == "refined" else events
        keep, operand = gate.values["keep"].astype(np.bool_), gate.output
    trace = layer.synapse.execute(operand, layer.operand)
    cycles = synapse_cycles(layer.timing, events, keep, known)
    return LayerResult(layer, x, operand, keep, gate, trace, events, cycles, scored)


def layer_cycles(layer: Layer, operand: Ints, keep: NDArray[np.bool_], known: Ints | None = None) -> SynapseCycles:
    """Of one layer of a plan; operand [T, C, H, W], keep [T], known [T] as in ops/synapse.py."""
    return synapse_cycles(layer.timing, layer.reads.events(operand), keep, known)


def saved_cycles(result: LayerResult) -> int:
    """Cycles that the pruned frames would have cost, had the gate kept them; what it costs is `cycles.gate`."""
    if result.keep.all():
        return 0
    timing, keep = result.layer.timing, result.keep
    starts, *_ = timing.passes(result.events, np.ones(len(keep), np.bool_), np.zeros(len(keep), np.int64))
    return timing.total(starts) - (result.total_cycles - result.cycles.gate)


def run_windows(plan: Plan, windows: NDArray[np.uint8], beats: Sequence[int]) -> BackendRun:
    """Executes windows of frames [N, T, C, H, W], with a progress bar; `beats`: input beats of each, for the cycles.

    Counters beyond those of the accelerator: beats [N], and all [N, layers] nonzero and positions (activations that the
    layer reads), cycles by kind: multiply, idle, neuron, razor, control; and those that the pruned frames saved.
    stage [N, engines]: `stage_cycles`.
    """
    found = []
    bar = tqdm(windows, desc="reference", unit="window", leave=False, delay=1.0)
    for frames, count in zip(bar, beats, strict=True):
        found.append(_summary(plan, frames, count))
    scores, keep, cycles, rows = zip(*found, strict=True)
    counters = {name: np.array([row[name] for row in rows], dtype=np.int64) for name in rows[0]}
    return BackendRun(Outcome(np.array(scores), np.array(keep), np.array(cycles)), counters)


def _summary(plan: Plan, frames: NDArray[np.uint8], beats: int) -> tuple[Ints, NDArray[np.bool_], Ints, dict[str, Any]]:
    """Scores, keep bits, cycles and counters: a window's other arrays are freed before those of the next are made."""
    result = run_window(plan, frames)
    return result.scores, result.keep, output_cycles(plan, result, beats), _counters(result) | {"beats": beats}


def _counters(result: WindowResult) -> dict[str, Any]:
    layers, kept = result.layers, [int(np.count_nonzero(layer.keep)) for layer in result.layers]
    return {
        "events": result.events,
        "multiplies": result.multiplies,
        "saturations": result.saturations,
        "kept": kept,
        "pruned": [len(layer.keep) - count for layer, count in zip(layers, kept, strict=True)],
        "nonzero": [layer.cycles.events for layer in layers],
        "positions": [layer.operand.size for layer in layers],
        "multiply": [layer.cycles.multiply for layer in layers],
        "idle": [layer.cycles.idle for layer in layers],
        "neuron": [layer.cycles.neuron for layer in layers],
        "razor": [layer.cycles.gate + layer.scored for layer in layers],
        "control": [layer.cycles.control for layer in layers],
        "saved": [saved_cycles(layer) for layer in layers],
        "stage": stage_cycles(result),
    }


def stage_cycles(result: WindowResult) -> list[int]:
    """Of each engine: from its first frame's turn to its end, when the window is handed on, or to its last layer's."""
    firsts = [layer.layer.index for layer in result.layers if layer.layer.begins]
    bounds = pairwise([*firsts, len(result.layers)])
    spent = [sum(one.total_cycles for one in result.layers[begin:end]) for begin, end in bounds]
    handed = [SCORED_CYCLES + result.layers[first].scored for first in firsts[1:]]
    return [layers + scored for layers, scored in zip(spent, [*handed, 0], strict=True)]


def score_cycles(plan: Plan) -> Ints:
    """[classes]: from the end of the last layer to each score beat, unstalled."""
    index = np.arange(plan.shape.classes)
    return READOUT_CYCLES + index + (index // plan.shape.slots) * SCORE_WORD_CYCLES


def stream_cycles(plan: Plan, stages: Ints, beats: Sequence[int]) -> tuple[Ints, Ints]:
    """Windows back to back: cycles of each one's first accepted input beat [N], and of its score beats [N, classes].

    Of windows that take `stages` [N, engines] (`stage_cycles`) and `beats` input beats. A beat comes in every cycle in
    which it may, and no score is stalled. A window is filled while the first engine computes the one before it, so its
    first beat waits for that engine's end of the second before it. So do the engines with each other.
    """
    never = [-1] * (len(plan.parts) + 1)
    begins, scores, ended, done, before = list[int](), list[Ints](), -1, never, never
    for spent, count in zip(stages.tolist(), beats, strict=True):
        begins.append(max(ended, before[0]) + 1)
        ended = begins[-1] + count - 1
        found = _stage_ends(plan, spent, (begins[-1], ended), done, before)
        scores.append(found[-1] + score_cycles(plan))
        done, before = [*found[:-1], int(scores[-1][-1]), -1], done
    return np.array(begins), np.array(scores)


def _stage_ends(
    plan: Plan, spent: Sequence[int], beats: tuple[int, int], done: Sequence[int], before: Sequence[int]
) -> list[int]:
    """The end of each engine, of a window whose first and last input beat are in cycles `beats`.

    `done`, `before`: ends of the window before, and of the second before. An engine begins once it is free and there is
    room behind it for what it hands on: the next engine is done with the second before.
    """
    found, (begun, there) = list[int](), (beats[0], beats[1] + START_CYCLES)
    for stage, part in enumerate(plan.parts):
        begun = max(begun, done[stage], before[stage + 1]) + BEGIN_CYCLES
        set_first = begun + OPEN_CYCLES + turn_cycles(output_words(part.layers[0]), kept=False)
        found.append(max(set_first + 1, there) + spent[stage])
        there = found[-1] + HAND_CYCLES
    return found


def output_cycles(plan: Plan, result: WindowResult, beats: int) -> Ints:
    """[classes]: the cycle of each score beat, unstalled; cycle 0 is the first of `beats` accepted input beats."""
    scores: Ints = stream_cycles(plan, np.array([stage_cycles(result)]), [beats])[1][0]
    return scores
