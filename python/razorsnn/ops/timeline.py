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
from dataclasses import dataclass, field

import numpy as np

from razorsnn.fixed import Ints

FIND_CYCLES = 9
"""From the scanner's start to the first event: start, memory 3, the reader's FIFO, word, EVENT_CYCLES."""
EVENT_CYCLES = 3
"""Of these, from the word to the event: which, its channel's weights, its weight's address and the FIFO."""
EVENT_DEPTH = 16
"""Events that wait between scanner and engine, beside the one that is offered and the one in work."""
DRAIN_CYCLES = 4
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


@dataclass
class _Scanner:
    """Events of the frames in turn: when each is found, and when the engine takes it."""

    free: int = 0
    """When the next scan may start."""
    engine: int = 0
    """When the engine may take the next event."""
    taken: list[int] = field(default_factory=list)

    def scan(self, filled: Ints, cost: Ints, start: int, turn: int) -> int:
        """A frame of `filled` [words, size] whose events take `cost`; gives when it is done."""
        at = np.nonzero(filled)[0]
        if not len(at):
            self.free = start + FIND_CYCLES - 1 - EVENT_CYCLES + len(filled)
            return max(turn + 1, self.free)
        gaps = np.maximum(np.diff(at, prepend=0), 1)
        gaps[0] = at[0]
        found, free, taken = start + FIND_CYCLES, max(self.engine, turn), self.taken
        for gap, busy in zip(gaps.tolist(), cost[filled].tolist(), strict=True):
            found += gap
            if len(taken) > EVENT_DEPTH:  # one waits beside the FIFO: it is offered once the one before was taken
                found = max(found, taken[-EVENT_DEPTH - 1] + 1 + EVENT_CYCLES)
            taken.append(max(found, free))
            free = taken[-1] + busy
        self.engine, self.free = free, found - EVENT_CYCLES + max(1, len(filled) - 1 - int(at[-1]))
        return max(free + 1, self.free)


def pass_starts(
    filled: Ints, cost: Ints, keep: Sequence[bool], words: int, known: Sequence[int], opened: bool = False
) -> list[int]:
    """[T]: the cycle in which each frame's pass of `words` words starts.

    filled [T, words_in, size]: non-zero activations; cost [words_in, size]: cycles of an event there; known [T]: when
    the sequencer may see each keep bit; opened: the first membranes are set already.
    """
    scanner, done, starts = _Scanner(), [-1, -1], list[int]()
    decided, start = -1, -turn_cycles(words, False) if opened else 0
    for frame, kept, at in zip(filled, keep, known, strict=True):
        turn = max(start + turn_cycles(words, kept), at)
        decided = max(decided + 1, at)
        start = turn
        if kept:
            decided = max(decided, scanner.free, done[-2] + 1)
            done.append(scanner.scan(frame, cost, decided, turn))
            start = done[-1] + DRAIN_CYCLES
        starts.append(start)
    return starts
