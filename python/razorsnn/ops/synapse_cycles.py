"""What a window's cycles in one layer are spent on; when is in ops/timeline.py."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from razorsnn.fixed import Ints
from razorsnn.ops.timeline import DRAIN_CYCLES, Timing, turn_cycles
from razorsnn.ops.words import Events


@dataclass(frozen=True)
class SynapseCycles:
    """Cycles of one window in one layer, and what they were spent on."""

    total: int
    neuron: int
    """All neuron passes, a cycle a word, with the one that sets the first membranes where it is waited for."""
    control: int
    """Of the layer, and from the events of a frame to its pass and on to the next frame's, were none to wait for."""
    multiply: int
    """In which the engine multiplies."""
    events: int
    multiplies: int
    """On every lane and tap at once: of an engine of one input, as many as multiply cycles."""
    gate: int
    """What the gate before the layer costs: waiting for its keep bits, beyond what is counted elsewhere."""
    frames: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """[T]: of each frame, where frames stream."""

    @property
    def idle(self) -> int:
        """Cycles in which the engine waits for an event."""
        return self.total - self.multiply - self.neuron - self.control - self.gate


def synapse_cycles(timing: Timing, events: Events, keep: NDArray[np.bool_], known: Ints | None = None) -> SynapseCycles:
    """Of a window whose frames have these events, of which those of pruned frames are not read; `known` as above."""
    if timing.streams:
        return _streamed_cycles(timing, events, keep)
    frames, kept, set_before = len(keep), int(np.count_nonzero(keep)), int(timing.opened)
    starts, multiply = timing.passes(events, keep, np.zeros(frames, dtype=np.int64))
    early = total = timing.total(starts)
    if known is not None:
        total = timing.total(timing.passes(events, keep, known)[0])
    seen = kept - (set_before and int(keep[0]))
    turns = seen * turn_cycles(timing.words, True) + (frames - set_before - seen) * turn_cycles(timing.words, False)
    return SynapseCycles(
        total=total,
        neuron=(frames - set_before + 1) * timing.words,
        control=turns - (frames - set_before) * timing.words + (1 + DRAIN_CYCLES) * kept + timing.around,
        multiply=multiply,
        events=int((np.diff(events.ends) * keep).sum()),
        multiplies=timing.multiplies(events, keep) if timing.inputs > 1 else multiply,
        gate=total - early,
    )


def _streamed_cycles(timing: Timing, events: Events, keep: NDArray[np.bool_]) -> SynapseCycles:
    """Each frame's turn in the layer stands alone; its gate, if there is one, is known by then."""
    starts, multiply = timing.passes(events, keep, np.zeros(len(keep), dtype=np.int64))
    frames = starts + timing.words + timing.around
    return SynapseCycles(
        total=int(frames.sum()),
        neuron=len(keep) * timing.words,
        control=len(keep) * timing.around + (1 + DRAIN_CYCLES) * int(np.count_nonzero(keep)),
        multiply=multiply,
        events=int((np.diff(events.ends) * keep).sum()),
        multiplies=timing.multiplies(events, keep) if timing.inputs > 1 else multiply,
        gate=0,
        frames=frames,
    )
