"""How activations lie in the words of the memories: the layout of every input and output, and of membranes.

A word is `taps` banks of `lanes` activations. Banks are the positions of a tile of n x n (n * n = taps), each with
`lanes` channels: bank (y mod n) * n + x mod n, so an output and those beside it are never in the same bank. Words lie
in the order (tile row, tile column, channel group). Two kinds of word differ:

    deep    one position with taps * lanes channels: of a layer whose events gain nothing by reaching a tile
    input   few channels: a bank holds several positions of a row beside each other, `lanes` activations in all
"""

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from razorsnn.compiled import compiled
from razorsnn.fixed import Ints

TAPS = (1, 4, 9)
"""Banks of a word: tiles of n x n."""
INPUTS = (1, 2, 4)
"""Events of a position that an engine takes at once."""


def groups(channels: int, lanes: int) -> int:
    """Words that hold the channels of one position."""
    return -(-channels // lanes)


def power_of_two(least: int) -> int:
    """The smallest power of two that is not below `least`."""
    return 1 << max(0, least - 1).bit_length()


def channels_last(x: Ints) -> Ints:
    """[T, C, H, W] as it lies in memory, [T, H, W, C]: copied only if it does not lie so yet."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def pruned(x: Ints, keep: Ints | NDArray[np.bool_]) -> Ints:
    """keep[t] * X[t] of X [T, C, H, W]: a copy is faster than a product."""
    rows = channels_last(x).copy()
    rows[keep == 0] = 0
    return rows.transpose(0, 3, 1, 2)


@dataclass(frozen=True, eq=False)
class Events:
    """Non-zero activations of the frames in turn, in the order in which a scanner finds them: arrays [events]."""

    words: Ints
    """The word of its frame that holds each."""
    places: Ints
    """The same, times size, and its place in the word."""
    indices: Ints
    """Where each is in its frame as it lies in memory, [H, W, C]."""
    values: Ints
    ends: Ints
    """[T + 1]: 0, then behind the last event of each frame."""

    def together(self, channels: int, most: int) -> "Events":
        """The first ones of those that are taken at once: up to `most` that follow each other in a position.

        channels: of a position, in a word.
        """
        first = np.empty(len(self.places), dtype=np.bool_)
        ends = np.empty_like(self.ends)
        _together(first, ends, self.places, self.ends, channels, most)
        return Events(self.words[first], self.places[first], self.indices[first], self.values[first], ends)


@dataclass(frozen=True)
class Words:
    """A layout. `lanes_in`: channels of a position that a bank of the input holds, all lanes if 0."""

    lanes: int
    taps: int = 1
    deep: bool = False
    lanes_in: int = 0

    @property
    def size(self) -> int:
        """Activations of a word."""
        return self.lanes * self.taps

    @property
    def side(self) -> int:
        """n: rows and columns of the tile that a word holds."""
        return 1 if self.deep else isqrt(self.taps)

    @property
    def beside(self) -> int:
        """Positions of a row that share a bank."""
        return self.lanes // self.lanes_in if self.lanes_in else 1

    @property
    def channels(self) -> int:
        """Of a position, in one word."""
        return self.size if self.deep else self.lanes_in or self.lanes

    def groups(self, channels: int) -> int:
        """Words that hold the channels of a tile."""
        return groups(channels, self.channels)

    def rows(self, height: int) -> int:
        """Rows of tiles."""
        return groups(height, self.side)

    def columns(self, width: int) -> int:
        """Tiles a row."""
        return groups(width, self.side * self.beside)

    def count(self, channels: int, height: int, width: int) -> int:
        """Words of a frame."""
        return self.rows(height) * self.columns(width) * self.groups(channels)

    def pack(self, x: Ints) -> Ints:
        """[T, C, H, W] to words [T, words, size]; missing channels and positions are 0."""
        frames, channels, height, width = x.shape
        down, across, count = self.rows(height), self.columns(width), self.groups(channels)
        shape = (down, self.side, across, self.side, self.beside, count, self.channels)
        padded = np.zeros((frames, *shape), dtype=x.dtype).reshape(
            frames, down * self.side, across * self.side * self.beside, count * self.channels
        )
        padded[:, :height, :width, :channels] = x.transpose(0, 2, 3, 1)
        banked = padded.reshape(frames, *shape).transpose(0, 1, 3, 6, 2, 4, 5, 7)
        return banked.reshape(frames, down * across * count, self.size)

    def events(self, x: Ints) -> Events:
        """Of frames [T, C, H, W]."""
        flat, ends = channels_last(x).reshape(len(x), -1), np.zeros(len(x) + 1, dtype=np.int64)
        words, places, indices, values = _events(flat, *_order(self, *x.shape[1:]), self.size, ends)
        return Events(words, places, indices, values, ends)


@lru_cache(maxsize=64)
def _order(words: Words, channels: int, height: int, width: int) -> tuple[Ints, NDArray[np.uint64]]:
    """The places of a frame's words that hold an activation, and which of the frame [H, W, C] that is."""
    index = np.arange(1, height * width * channels + 1).reshape(1, height, width, channels).transpose(0, 3, 1, 2)
    packed = words.pack(index).ravel()
    places = np.flatnonzero(packed)
    return places, (packed[places] - 1).astype(np.uint64)


@compiled()
def _events(x: Ints, order: Ints, which: NDArray[np.uint64], size: int, ends: Ints) -> Ints:
    """[4, events] of x [T, H * W * C], and `ends`, as `Events` has them; order, which: of `_order`."""
    for t in range(len(x)):
        ends[t + 1] = ends[t] + np.count_nonzero(x[t])
    found, event = np.empty((4, ends[-1]), np.int64), 0
    for t in range(len(x)):
        frame = x[t]
        for at in range(len(which)):  # unsigned: a signed index may count from the end, which costs a comparison
            if frame[which[at]] != 0:
                found[0, event], found[1, event] = order[at] // size, order[at]
                found[2, event], found[3, event] = which[at], frame[which[at]]
                event += 1
    return found


@compiled()
def _together(first: NDArray[np.bool_], ends: Ints, places: Ints, ends_of_all: Ints, channels: int, most: int) -> None:
    """Sets `first` and `ends` of `Events.together`."""
    ends[0] = 0
    for t in range(len(ends) - 1):
        position, count, number = -1, 0, 0
        for event in range(ends_of_all[t], ends_of_all[t + 1]):
            if places[event] // channels != position or count == most:
                position, count = places[event] // channels, 0
            first[event] = count == 0
            number += count == 0
            count += 1
        ends[t + 1] = ends[t] + number
