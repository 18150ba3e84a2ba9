"""The cycles of a layer against a scanner, an engine and a sequencer that are played clock by clock."""

from collections import deque
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pytest

from razorsnn.ops.timeline import DRAIN_CYCLES, EVENT_DEPTH, LEAST_PASS_CYCLES, LEAST_TURN_CYCLES, pass_starts

READ_CYCLES = 6
"""From the scanner's start to its first word: the memory, with registers before and behind it, and a FIFO."""
Event = tuple[int, int]
"""Frame, and cycles that the engine works on it."""


@dataclass
class Scanner:
    """Registers of a word, of an event and of one whose weight is sought, a FIFO with two less, and what is offered."""

    words: deque[list[Event]] = field(default_factory=deque)
    delay: int = 0
    pending: list[Event] = field(default_factory=list)
    found: Event | None = None
    weighed: Event | None = None
    waiting: deque[Event] = field(default_factory=deque)
    offered: Event | None = None
    words_of: int = -1

    @property
    def free(self) -> bool:
        return not self.words and not self.pending

    def holds(self, frame: int) -> bool:
        every = [*self.pending, *(event for word in self.words for event in word), *self.waiting]
        every += [event for event in (self.found, self.weighed, self.offered) if event]
        return (not self.free and self.words_of == frame) or any(event[0] == frame for event in every)

    def start(self, frame: int, words: list[list[Event]]) -> None:
        self.words, self.delay, self.words_of = deque(words), READ_CYCLES, frame

    def clock(self, taken: bool) -> None:
        weighs = not self.weighed or len(self.waiting) < EVENT_DEPTH - 2
        moves = not self.found or weighs
        load = not self.pending or (moves and len(self.pending) == 1)
        if weighs:
            self.waiting += [self.weighed] if self.weighed else []
            self.weighed = self.found
        if moves:
            self.found = self.pending.pop(0) if self.pending else None
        if taken or not self.offered:
            self.offered = self.waiting.popleft() if self.waiting else None
        self.delay -= self.delay > 0
        if load and not self.delay:
            self.pending = self.words.popleft() if self.words else []


def played(frames: list[list[list[int]]], keep: list[bool], known: list[int], words: int, first: int = 0) -> list[int]:
    """The cycle of each pass; frames: of each word the cycles of its events. The first pass starts in cycle `first`."""
    scanner, starts, work = Scanner(), [first], 0
    frame, decided, scans, ends, cycle, turn = 0, 0, 0, 0, 0, False
    while frame < len(frames):
        if not turn and (starts[-1] < cycle or not ends):
            wait = max(words - 1, LEAST_TURN_CYCLES) if keep[frame] else max(words, LEAST_PASS_CYCLES)
            turn = cycle >= max(starts[-1] + wait, known[frame], ends)
            entered = cycle
        scanned = turn and keep[frame] and cycle > entered and not work and not scanner.holds(frame)
        taken = bool(turn and scanner.offered and scanner.offered[0] == frame and work <= 1)
        begins = None
        if decided < len(frames) and cycle >= known[decided]:
            if not keep[decided]:
                decided += 1
            elif scanner.free and scans < 2:
                begins, decided, scans = decided, decided + 1, scans + 1
        work = scanner.offered[1] if taken and scanner.offered else max(0, work - 1)
        scanner.clock(taken)
        if begins is not None:
            scanner.start(begins, [[(begins, cost) for cost in word] for word in frames[begins]])
        if scanned or (turn and not keep[frame]):
            starts.append(cycle + (DRAIN_CYCLES if keep[frame] else 0))
            scans, frame, turn, ends = scans - scanned, frame + 1, False, starts[-1] + 1
        cycle += 1
    return starts[1:]


def drawn(rng: np.random.Generator, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames [T, words, size] of different density, and the cycles of an event at each place."""
    density = rng.choice([0.0, 0.03, 0.3, 1.0], size=(int(rng.integers(1, 7)), 1, 1))
    filled = rng.random((len(density), count, size)) < density
    return filled, rng.integers(1, rng.choice([2, 7, 40]), (count, size))


@pytest.mark.parametrize("size", [1, 4, 16])
@pytest.mark.parametrize("late", [False, True])
def test_passes_start_when_a_clocked_model_starts_them(size: int, late: bool):
    rng = np.random.default_rng([size, late])
    for count, words in product((1, 2, 7, 40), (1, 2, 3, 4, 5, 6, 9, 60)):
        filled, cost = drawn(rng, count, size)
        keep = (rng.random(len(filled)) < 0.7).tolist()
        known = np.cumsum(rng.integers(0, 60, len(filled)) * (rng.random(len(filled)) < 0.4) * late).tolist()
        events = [[[int(one) for one in cost[at][word]] for at, word in enumerate(frame)] for frame in filled]
        assert pass_starts(filled, cost, keep, words, known) == played(events, keep, known, words)
        assert pass_starts(filled, cost, keep, words, known, opened=True) == played(events, keep, known, words, -100)


def test_pruned_frames_take_their_passes_alone():
    nothing = np.zeros((3, 5, 2), dtype=np.bool_)
    cost = np.ones((5, 2), dtype=np.int64)
    assert pass_starts(nothing, cost, [False] * 3, 9, [0] * 3) == [9, 18, 27]
    assert pass_starts(nothing, cost, [False] * 3, 1, [0] * 3) == [LEAST_PASS_CYCLES * n for n in (1, 2, 3)]
    assert pass_starts(nothing, cost, [False] * 3, 9, [0, 30, 31]) == [9, 30, 39]


def test_a_full_frame_costs_its_multiplies_and_the_turns_of_the_pipeline():
    full, cost = np.ones((2, 9, 4), dtype=np.bool_), np.full((9, 4), 3)
    first, second = pass_starts(full, cost, [True, True], 40, [0, 0])
    assert first == 39 + 36 * 3 + 1 + DRAIN_CYCLES and second - first == first
