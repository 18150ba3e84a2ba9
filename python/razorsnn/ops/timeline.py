"""When the engine does what in one layer of a window: scanner, engine and neuron passes, to the cycle.

Contract (RTL rtl/rsnn_sequencer.sv, rsnn_scanner.sv, rsnn_engine.sv take exactly these cycles). Cycle 0 starts the pass
that sets the first membranes, or, where they are set already, is the first frame's turn.
    decided    a frame's keep bit is seen, one a cycle, where it is known; a kept frame's scan starts with it, once the
               scanner is free and the frame two kept ones before is done
    found      the scanner passes an event, or a word without one, a cycle; EVENT_DEPTH events wait behind the one that
               is offered, of this frame and of the next one
    taken      an event by the engine, once it was found, its frame's turn has come and the event before is done
    done       no event of the frame is left
    start      of the frame's pass, which follows its last event into the membranes; a pruned frame's turn is its start
    turn       of the next frame: where the events behind a pass meet its last membranes as it writes them, or its words
               those that the pass before has written
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from razorsnn.compiled import compiled
from razorsnn.fixed import Ints
from razorsnn.ops.words import Events

FIND_CYCLES = 10
"""From the scanner's start to the first event: start, memory 3, a register, the reader's FIFO, word, EVENT_CYCLES."""
EVENT_CYCLES = 3
"""Of these, from the word to the event: which, its channel's weights, its weight's address and the FIFO."""
GROUP_CYCLES = 2
"""Beyond FIND_CYCLES, where several events are taken at once: which those of a word are."""
JOIN_CYCLES = 1
"""Beyond FIND_CYCLES and EVENT_CYCLES there: which those of an event are."""
EVENT_DEPTH = 16
"""Events that wait between scanner and engine, beside the one that is offered and the one in work."""
DRAIN_CYCLES = 3
"""From the end of a frame's events to the pass, which follows the last one: the engine's address and weight stages."""
NEURON_CYCLES = 5
"""From the cycle in which a pass presents a membrane's address to its output: the engine's depth."""
LEAST_TURN_CYCLES = 2
"""From the start of a pass to the turn of the next frame, at least: it is seen to end."""
LEAST_PASS_CYCLES = NEURON_CYCLES
"""From the start of a pass to that of the next one, at least: a word is written before it is read again."""
LAST_CYCLES = NEURON_CYCLES + 1
"""Of the last pass of a layer, beyond one a word: it starts, and its last output is put out."""
LAYER_CYCLES = 2
"""Of a layer: its row of the layer table is read, and the next one is chosen."""


def turn_cycles(words: int, kept: bool) -> int:
    """From the start of a pass of so many words to the turn of the frame behind it."""
    return max(words - 1, LEAST_TURN_CYCLES) if kept else max(words, LEAST_PASS_CYCLES)


def pass_starts(
    filled: NDArray[np.bool_],
    cost: Ints,
    keep: Sequence[bool],
    words: int,
    known: Sequence[int],
    opened: bool = False,
    channels: int = 1,
    inputs: int = 1,
) -> list[int]:
    """`Timing.passes` of filled [T, words_in, size]: where the activations are not zero."""
    places = np.nonzero(filled.reshape(len(filled), -1))[1]
    ends = np.cumsum([0, *np.count_nonzero(filled, axis=(1, 2))])
    events = Events(places // filled.shape[2], places, places, np.ones_like(places), ends)
    timing = Timing(cost, words, opened, channels, inputs)
    starts: list[int] = timing.passes(events, np.array(keep), np.array(known))[0].tolist()
    return starts


@dataclass(frozen=True, eq=False)
class Timing:
    """A layer, as far as its cycles depend on it. cost [words_in, size]: multiply cycles of an event at each place."""

    cost: Ints
    words: int
    """Of a frame's output."""
    opened: bool
    """Whether the first membranes are set already."""
    channels: int = 1
    """Of a position, in a word: of a dense layer all of it."""
    inputs: int = 1
    """Events of a position that are taken at once: as one event, of which the others are a part."""
    streams: bool = False
    """Whether each frame's turn stands alone: cycles then count from it."""

    def passes(self, events: Events, keep: NDArray[np.bool_], known: Ints) -> tuple[Ints, int]:
        """[T]: the cycle in which each frame's pass starts; and the multiply cycles of what is read.

        known [T]: when the sequencer may see each keep bit.
        """
        turns = turn_cycles(self.words, False), turn_cycles(self.words, True)
        group, join = (GROUP_CYCLES, JOIN_CYCLES) if self.inputs > 1 else (0, 0)
        scan = FIND_CYCLES + group + join, EVENT_CYCLES + join, EVENT_DEPTH, DRAIN_CYCLES
        first, starts = -turns[0] if self.opened else 0, np.empty(len(keep), dtype=np.int64)
        some = events.together(self.channels, self.inputs) if self.inputs > 1 else events
        found = some.words, some.places, some.ends
        return starts, _play(starts, *found, self.cost, keep, known, turns, first, scan, self.streams)

    def multiplies(self, events: Events, keep: NDArray[np.bool_]) -> int:
        """On every lane and tap at once, one event after the other."""
        read = np.repeat(keep, np.diff(events.ends))
        return int(self.cost.ravel()[events.places[read]].sum())

    def total(self, starts: Ints) -> int:
        """The layer's cycles, from those of its passes."""
        return int(starts[-1]) + self.words + self.around

    @property
    def around(self) -> int:
        """Cycles of the layer beside its frames; where they stream, of each of them."""
        return LAST_CYCLES + (0 if self.opened and not self.streams else LAYER_CYCLES)


@compiled()
def _play(
    starts: Ints,
    words: Ints,
    places: Ints,
    ends: Ints,
    cost: Ints,
    keep: NDArray[np.bool_],
    known: Ints,
    turns: tuple[int, int],
    first: int,
    scan: tuple[int, int, int, int],
    alone: bool,
) -> int:
    """Sets `starts`, gives the multiply cycles. turns: `turn_cycles` of a pruned frame, and of a kept one; first: what
    stands for the start of a pass before the first. alone: each frame as if there were no other, from its turn on."""
    find_cycles, event_cycles, event_depth, drain_cycles = scan
    taken, costs, multiply = np.empty_like(words), cost.ravel(), 0
    for t in range(len(keep)):
        if t == 0 or alone:
            free = engine = number = 0  # free, engine: when the next scan may start, the next event be taken
            decided = done = before = -1
            start = -(turns[1] if keep[t] else turns[0]) if alone else first
        turn = max(start + (turns[1] if keep[t] else turns[0]), known[t])
        decided, start = max(decided + 1, known[t]), turn
        if keep[t]:
            decided = max(decided, free, before + 1)
            found, last, engine = decided + find_cycles, -1, max(engine, turn)
            for event in range(ends[t], ends[t + 1]):
                found += words[event] if last < 0 else max(1, words[event] - last)
                last = words[event]
                if number > event_depth:  # one waits beside the FIFO: offered once the one before was taken
                    found = max(found, taken[number - event_depth - 1] + 1 + event_cycles)
                taken[number] = max(found, engine)
                engine = taken[number] + max(1, costs[places[event]])
                multiply, number = multiply + costs[places[event]], number + 1
            free = found - event_cycles + (len(cost) - 1 if last < 0 else max(1, len(cost) - 1 - last))
            before, done = done, max(engine, free - 1) + 1
            start = done + drain_cycles
        starts[t] = start
    return multiply
