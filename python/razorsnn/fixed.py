"""The number rules, and the only rounding code: a value is integer * 2**-frac; growth is exact; `cast` loses.

`cast` rounds half up (add half, shift right arithmetically) and saturates: AP_RND and AP_SAT of ap_fixed.
Of ties there is a second, named mode: "even" takes them to the even neighbour, as QKeras does: AP_RND_CONV.
The leak is the only other place where bits are dropped: `leak` floors. docs/numerics.md has every equation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def round_half_up(value: ArrayLike, shift: int) -> Ints:
    """floor(value / 2**shift + 1/2); a negative shift scales up and is exact."""
    wide = np.asarray(value, dtype=np.int64)
    if shift <= 0:
        return wide << -shift
    rounded: Ints = wide + (1 << (shift - 1))
    rounded >>= shift
    return rounded


def round_half_even(value: ArrayLike, shift: int) -> Ints:
    """As `round_half_up`, but a tie goes to the even neighbour: one less where half up made it odd."""
    up = round_half_up(value, shift)
    if shift <= 0:
        return up
    below = np.asarray(value, dtype=np.int64) & ((1 << shift) - 1)
    even: Ints = up - ((below == 1 << (shift - 1)) & up)
    return even


ROUNDINGS: dict[str, Callable[[ArrayLike, int], Ints]] = dict(zip(TIES, (round_half_up, round_half_even), strict=True))


def cast(value: ArrayLike, frac: int, to: Format, ties: str = "up") -> Ints:
    """Integers with `frac` fraction bits, rounded to the nearest and saturated into `to`; `ties` as in TIES."""
    rounded = ROUNDINGS[ties](value, frac - to.frac)
    found: Ints = np.minimum(np.maximum(rounded, to.low), to.high)
    return found


def saturated(value: ArrayLike, frac: int, to: Format, ties: str = "up") -> int:
    """How many of the values `cast` would saturate."""
    shift, wide = frac - to.frac, np.asarray(value, dtype=np.int64)
    low, high = (limit << shift if shift > 0 else limit >> -shift for limit in (to.low, to.high))
    rounded = ROUNDINGS[ties](wide[(wide <= low) | (wide > high)], shift)  # those between are in range once rounded
    return int(np.count_nonzero((rounded < to.low) | (rounded > to.high)))


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
