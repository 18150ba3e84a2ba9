"""The number rules, and the only rounding code: a value is integer * 2**-frac; growth is exact; `cast` loses.

`cast` rounds half up (add half, shift right arithmetically) and saturates: AP_RND and AP_SAT of ap_fixed.
Of ties there is a second, named mode: "even" takes them to the even neighbour, as QKeras does: AP_RND_CONV.
The leak is the only other place where bits are dropped: `leak` floors. docs/numerics.md has every equation.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from razorsnn.compiled import compiled

Ints = NDArray[np.int64]
Whole = TypeVar("Whole", int, Ints)
"""An integer or integers: of a rule that loops over neurons call too (compiled.py)."""

TIES = ("up", "even")
"""Where `cast` takes a value halfway between two integers: AP_RND, AP_RND_CONV."""

LEAK_FRAC = 8
"""alpha is an integer over 2**LEAK_FRAC, everywhere, training included."""


@dataclass(frozen=True)
class Format:
    """A fixed-point format: `width` bits in all, `frac` of them below the point (frac may exceed width)."""

    signed: bool
    width: int
    frac: int

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 64:
            raise ValueError(f"a format of {self.width} bits, accepted: 1..64")

    @property
    def low(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        return (1 << (self.width - int(self.signed))) - 1

    def __str__(self) -> str:
        return f"{'s' if self.signed else 'u'}{self.width}.{self.frac}"


def rounded(value: Whole, shift: int, even: bool) -> Whole:
    """value / 2**shift to the nearest whole number, a tie up or to the even one; a negative shift is exact."""
    if shift <= 0:
        return value << -shift
    half = 1 << (shift - 1)
    up = (value + half) >> shift
    tie = (value & (2 * half - 1)) == half
    return up - (tie & up) if even else up


def clipped(value: Whole, low: int, high: int) -> Whole:
    """Saturated to low..high."""
    inside: Whole = np.minimum(np.maximum(value, low), high)
    return inside


def round_half_up(value: ArrayLike, shift: int) -> Ints:
    """floor(value / 2**shift + 1/2); a negative shift scales up and is exact."""
    return rounded(np.asarray(value, dtype=np.int64), shift, even=False)


def cast(value: ArrayLike, frac: int, to: Format, ties: str = "up") -> Ints:
    """Integers with `frac` fraction bits, rounded to the nearest and saturated into `to`; `ties` as in TIES."""
    return cast_counted(value, frac, to, ties)[0]


def saturated(value: ArrayLike, frac: int, to: Format, ties: str = "up") -> int:
    """How many of the values `cast` would saturate."""
    return sum(cast_counted(value, frac, to, ties)[1:])


def cast_counted(value: ArrayLike, frac: int, to: Format, ties: str = "up") -> tuple[Ints, int, int]:
    """What `cast` gives, and how many of the values it saturates: those below the format, and those above it."""
    wide = np.asarray(value, dtype=np.int64)
    found = np.empty_like(wide)
    below, above = _cast(wide.ravel("K"), found.ravel("K"), frac - to.frac, to.low, to.high, ties == "even")
    return found, below, above


@compiled(rounded, clipped)
def _cast(value: Ints, found: Ints, shift: int, low: int, high: int, even: bool) -> tuple[int, int]:
    below = above = 0
    for at in range(len(value)):
        whole = rounded(value[at], shift, even)
        found[at] = clipped(whole, low, high)
        below += whole < low
        above += whole > high
    return below, above


def leak(value: Whole, alpha_q: int) -> Whole:
    """floor(alpha_q * value / 256): h = alpha * reset(u, s) in integers."""
    return (value * alpha_q) >> LEAK_FRAC


def bits_unsigned(high: int) -> int:
    """Width of an unsigned integer that holds 0..high."""
    return max(1, int(high).bit_length())


def bits_signed(low: int, high: int) -> int:
    """Width of a two's complement integer that holds low..high."""
    return max(int(max(high, 0)).bit_length(), int(-low - 1).bit_length() if low < 0 else 0) + 1


def best_frac(peak: float, signed: bool, width: int) -> int:
    """The largest frac with which |peak| still fits the format: the finest power-of-two scale."""
    high = Format(signed, width, 0).high
    if peak <= 0:
        return width - int(signed)
    frac = int(np.floor(np.log2(high / peak)))
    return frac
