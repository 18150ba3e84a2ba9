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

from razorsnn.compiled import compiled
from razorsnn.fixed import Ints

TAPS = (1, 4, 9)
"""Banks of a word: tiles of n x n."""


def groups(channels: int, lanes: int) -> int:
    """Words that hold the channels of one position."""
    return -(-channels // lanes)


def power_of_two(least: int) -> int:
    """The smallest power of two that is not below `least`."""
    return 1 << max(0, least - 1).bit_length()


def channels_last(x: Ints) -> Ints:
    """[T, C, H, W] as it lies in memory, [T, H, W, C]: copied only if it does not lie so yet."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


@dataclass(frozen=True)
class Events:
    """Non-zero activations of all frames, in the order in which a scanner finds them."""

    places: Ints
    """[events]: word * size + place in it, in the frame."""
    values: Ints
    """[events]"""
    ends: Ints
    """[T + 1]: 0, then behind the last event of each frame."""

    def counts(self, keep: Ints, places: int) -> Ints:
        """[places]: events at each place, of the frames that are kept."""
        kept = np.repeat(keep, np.diff(self.ends))
        return np.bincount(self.places[kept], minlength=places)


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

    def order(self, channels: int, height: int, width: int) -> Ints:
        """[words * size]: which of the activations of a frame [H, W, C] is at each place, -1 where none is."""
        return _order(self, channels, height, width)

    def events(self, x: Ints) -> Events:
        """Of frames [T, C, H, W]."""
        flat = channels_last(x).reshape(len(x), -1)
        ends = np.concatenate(([0], np.cumsum(np.count_nonzero(flat, axis=1))))
        places, values = np.empty((2, int(ends[-1])), dtype=np.int64)
        _find(flat, self.order(*x.shape[1:]), places, values)
        return Events(places, values, ends)


@lru_cache(maxsize=64)
def _order(words: Words, channels: int, height: int, width: int) -> Ints:
    index = np.arange(1, height * width * channels + 1).reshape(1, height, width, channels).transpose(0, 3, 1, 2)
    order: Ints = words.pack(index).ravel() - 1
    order.flags.writeable = False
    return order


@compiled()
def _find(x: Ints, order: Ints, places: Ints, values: Ints) -> None:
    """Events of x [T, H * W * C] in turn into `places` and `values`."""
    found = 0
    for t in range(len(x)):
        frame = x[t]
        for place in range(len(order)):
            value = frame[order[place]] if order[place] >= 0 else 0
            if value:
                places[found], values[found] = place, value
                found += 1
