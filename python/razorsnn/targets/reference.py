"""The reference: executes a plan in integers, gives every intermediate, and the cycle of every output beat."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn.fixed import Ints
from razorsnn.ir import Trace
from razorsnn.layers import Layer
from razorsnn.ops.synapse_cycles import SynapseCycles, synapse_cycles
from razorsnn.ops.words import Events
from razorsnn.plan import Plan
from razorsnn.progress import progress_bar
from razorsnn.targets.cycles import SCORED_CYCLES, latency_cycles, stream_cycles
from razorsnn.targets.outcome import BackendRun, Outcome


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
    every = synapse_cycles(result.layer.timing, result.events, np.ones_like(result.keep))
    return every.total - (result.total_cycles - result.cycles.gate)


def run_windows(plan: Plan, windows: NDArray[np.uint8], beats: Sequence[Ints]) -> BackendRun:
    """Executes windows of frames [N, T, C, H, W], with a progress bar; `beats` [N][T]: `frame_beats`, for the cycles.

    Counters beyond those of the accelerator: beats [N, T], latency [N] (`latency_cycles`), and all [N, layers] nonzero
    and positions (activations that the layer reads), cycles by kind: multiply, idle, neuron, razor, control; and those
    that the pruned frames saved. spent [N, ...]: `spent_cycles`.
    """
    found = []
    bar = progress_bar(windows, desc="reference", unit="window", leave=False, delay=1.0)
    for frames, count in zip(bar, beats, strict=True):
        found.append(_summary(plan, frames, count))
    scores, keep, cycles, rows = zip(*found, strict=True)
    counters = {name: np.array([row[name] for row in rows], dtype=np.int64) for name in rows[0]}
    return BackendRun(Outcome(np.array(scores), np.array(keep), np.array(cycles)), counters)


def _summary(
    plan: Plan, frames: NDArray[np.uint8], beats: Ints
) -> tuple[Ints, NDArray[np.bool_], Ints, dict[str, Any]]:
    """Scores, keep bits, cycles and counters: a window's other arrays are freed before those of the next are made."""
    result = run_window(plan, frames)
    spent = spent_cycles(result)
    found = {"beats": beats, "spent": spent, "latency": latency_cycles(plan, spent, beats)}
    cycles = stream_cycles(plan, spent[None], [beats]).scores[0]
    return result.scores, result.keep, cycles, _counters(result) | found


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
    }


def spent_cycles(result: WindowResult) -> Ints:
    """[engines]: from an engine's first frame's turn to its end, when the window is handed on, or to its last layer's.

    Where frames stream, [T, layers]: of each frame in each layer, with the row of the layer table.
    """
    if result.layers[0].layer.streams:
        return np.stack([layer.cycles.frames for layer in result.layers], axis=1)
    firsts = [layer.layer.index for layer in result.layers if layer.layer.begins]
    bounds = pairwise([*firsts, len(result.layers)])
    spent = [sum(one.total_cycles for one in result.layers[begin:end]) for begin, end in bounds]
    handed = [SCORED_CYCLES + result.layers[first].scored for first in firsts[1:]]
    return np.add(spent, [*handed, 0])


def output_cycles(plan: Plan, result: WindowResult, beats: Ints) -> Ints:
    """[classes]: the cycle of each score beat, unstalled; cycle 0 is the first of `beats` [T] accepted input beats."""
    scores: Ints = stream_cycles(plan, spent_cycles(result)[None], [beats]).scores[0]
    return scores
