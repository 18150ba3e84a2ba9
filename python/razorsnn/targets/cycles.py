"""The cycle of every output beat: windows through the engines, or frames through the layers of one.

Contract (RTL rtl/rsnn_sequencer.sv, rsnn_frame_sequencer.sv, rsnn_frame_builder.sv take exactly these cycles). Cycle 0
is the first accepted input beat; a beat comes in every cycle in which it may, and no score is stalled.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from razorsnn.fixed import Ints
from razorsnn.layers import output_words
from razorsnn.ops.timeline import DRAIN_CYCLES, LAST_CYCLES, LAYER_CYCLES, turn_cycles
from razorsnn.plan import Plan

BEGIN_CYCLES = 1
"""From a window's first input beat, or the end of what a stage waits for, to its beginning in the stage."""
OPEN_CYCLES = 3
"""From a window's beginning in a stage to the first membranes of its first layer."""
START_CYCLES = 5
"""From a window's last input beat to the first layer's first frame, if its first membranes are set; where frames
stream, from a frame's last beat to its turn."""
HAND_CYCLES = 2
"""From the end of one stage to the first frame of the next one's first layer, likewise."""
SCORED_CYCLES = 5
"""From the end of a stage's last layer to the stage's, if the gate behind it has nothing to score."""
READOUT_CYCLES = 5
"""From the last layer's end to the first score."""
SCORE_WORD_CYCLES = 2
"""To fetch a word of scores."""
PRESET_CYCLES = 1
"""Where frames stream: from the end of a layer's first pass to the next row of the layer table."""


def score_cycles(plan: Plan) -> Ints:
    """[classes]: from the end of the last layer to each score beat, unstalled."""
    index = np.arange(plan.shape.classes)
    return READOUT_CYCLES + index + (index // plan.shape.slots) * SCORE_WORD_CYCLES


class Stream(NamedTuple):
    """Windows back to back, in cycles."""

    begins: Ints
    """[N]: of each window's first accepted input beat."""
    ends: Ints
    """[N]: of its last one, or of the last frame that is empty because TLAST left it out."""
    scores: Ints
    """[N, classes]: of its score beats."""


def stream_cycles(plan: Plan, spent: Ints, beats: Ints | Sequence[Ints]) -> Stream:
    """Windows back to back: a beat comes in every cycle in which it may.

    Of windows that take `spent` [N, ...] (`spent_cycles` of the reference) and `beats` [N][T] input beats.
    """
    return (_frames if plan.shape.streaming else _windows)(plan, spent, beats)


def _windows(plan: Plan, spent: Ints, beats: Ints | Sequence[Ints]) -> Stream:
    """A window is filled while the first engine computes the one before it, so its first beat waits for that engine's
    end of the second before it. So do the engines with each other. spent [N, engines]."""
    never = [-1] * (len(plan.parts) + 1)
    begins, ends, scores, done, before = list[int](), [-1], list[Ints](), never, never
    for stages, counts in zip(spent.tolist(), beats, strict=True):
        begins.append(max(ends[-1], before[0]) + 1)
        ends.append(begins[-1] + int(np.sum(counts)) - 1)
        found = _stage_ends(plan, stages, (begins[-1], ends[-1]), done, before)
        scores.append(found[-1] + score_cycles(plan))
        done, before = [*found[:-1], int(scores[-1][-1]), -1], done
    return Stream(np.array(begins), np.array(ends[1:]), np.array(scores))


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


def _frames(plan: Plan, spent: Ints, beats: Ints | Sequence[Ints]) -> Stream:
    """A frame is filled while the one before it is computed: its first beat waits until the first layer has scanned the
    second before it. A frame that TLAST left out takes a cycle. spent [N, T, layers]."""
    begins, ends, scores, done, free = list[int](), [-1], list[Ints](), -1, [-1, -1]
    to_release = output_words(plan.layers[0]) + LAST_CYCLES + DRAIN_CYCLES
    for frames, counts in zip(spent, beats, strict=True):
        ended = ends[-1]
        begins.append(max(ended, free[0]) + 1)
        turn = max(begins[-1], done) + _opening(plan)
        for layers, count in zip(frames.tolist(), np.maximum(counts, 1).tolist(), strict=True):
            ended = max(ended, free[0]) + count
            turn = max(turn, ended + START_CYCLES - LAYER_CYCLES)
            free = [free[1], turn + layers[0] - to_release]
            turn += sum(layers)
        ends.append(ended)
        scores.append(turn + score_cycles(plan))
        done = int(scores[-1][-1])
    return Stream(np.array(begins), np.array(ends[1:]), np.array(scores))


def _opening(plan: Plan) -> int:
    """Where frames stream, from a window's beginning to its first frame's turn at the earliest: the first membranes of
    all layers are set, one after the other."""
    words = (output_words(layer) for layer in plan.layers)
    presets = sum(LAYER_CYCLES + turn_cycles(count, kept=False) + PRESET_CYCLES for count in words)
    return BEGIN_CYCLES + OPEN_CYCLES - LAYER_CYCLES + presets


def pace_cycles(plan: Plan, spent: Ints) -> int:
    """Beats or idle cycles of a frame from which on the input never waits, where frames stream: the slowest of these
    frames, and what is between two windows. spent [N, T, layers]."""
    return int(spent.sum(axis=2).max()) + int(score_cycles(plan)[-1]) + _opening(plan)


def latency_cycles(plan: Plan, spent: Ints, beats: Ints) -> int:
    """From a window's last input beat to its last score. Where frames stream: of an input at the pace of `pace_cycles`,
    or slower. spent, beats [T]: of this window."""
    if plan.shape.streaming:
        last = int(np.flatnonzero(beats)[-1])
        return START_CYCLES - LAYER_CYCLES + int(spent[last:].sum()) + int(score_cycles(plan)[-1])
    found = stream_cycles(plan, spent[None], [beats])
    return int(found.scores[0, -1] - found.ends[0])
