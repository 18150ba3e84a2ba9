"""The number rules against exact fractions: every tie, every saturation, every sign of the shift."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from razorsnn.fixed import (
    TIES,
    Format,
    best_frac,
    bits_signed,
    bits_unsigned,
    cast,
    leak,
    round_half_up,
    saturated,
)

FORMATS = [Format(signed, width, frac) for signed in (False, True) for width in (1, 2, 4, 8) for frac in (-2, 0, 3, 9)]
FRACS = (-3, 0, 1, 2, 5, 9, 12)


def exactly(value: int, frac: int, to: Format, ties: str = "up") -> tuple[int, bool]:
    """The cast of value * 2**-frac in fractions, and whether it saturates. Fractions round half to even."""
    real = Fraction(value) * Fraction(2) ** (to.frac - frac)
    rounded = round(real) if ties == "even" else floor(real + Fraction(1, 2))
    least = -(2 ** (to.width - 1)) if to.signed else 0
    most = 2 ** (to.width - 1) - 1 if to.signed else 2**to.width - 1
    return min(max(rounded, least), most), not least <= rounded <= most


@pytest.mark.parametrize("to", FORMATS, ids=str)
@pytest.mark.parametrize("frac", FRACS)
@pytest.mark.parametrize("ties", TIES)
def test_cast_and_its_saturations_are_exact(to: Format, frac: int, ties: str):
    values = np.arange(-1100, 1101)
    expected = [exactly(int(value), frac, to, ties) for value in values]
    assert cast(values, frac, to, ties).tolist() == [value for value, _ in expected]
    assert saturated(values, frac, to, ties) == sum(lost for _, lost in expected)


@given(st.integers(-(2**50), 2**50), st.integers(-10, 40), st.sampled_from(FORMATS))
def test_cast_of_wide_values(value: int, frac: int, to: Format):
    if frac - to.frac < -12:  # beyond what 64 bits hold once scaled up
        value >>= 12
    assert int(cast(value, frac, to)) == exactly(value, frac, to)[0]


@pytest.mark.parametrize("shift", [1, 2, 7])
def test_ties_go_up_for_either_sign(shift: int):
    half = 1 << (shift - 1)
    ties = np.arange(-9, 10) * 2 * half + half
    assert round_half_up(ties, shift).tolist() == list(range(-8, 11))
    assert round_half_up(ties - 1, shift).tolist() == [
        floor(Fraction(int(t) - 1, 2 * half) + Fraction(1, 2)) for t in ties
    ]


@given(st.integers(-(2**40), 2**40), st.integers(0, 12))
def test_a_negative_shift_is_exact(value: int, shift: int):
    assert int(round_half_up(value, -shift)) == value * 2**shift


@pytest.mark.parametrize("alpha_q", [0, 1, 77, 128, 255])
def test_the_leak_floors(alpha_q: int):
    values = np.arange(-600, 601)
    assert leak(values, alpha_q).tolist() == [floor(Fraction(alpha_q * int(value), 256)) for value in values]


def test_formats_print_and_bound():
    assert [str(Format(True, 12, 6)), str(Format(False, 4, -1))] == ["s12.6", "u4.-1"]
    assert (Format(True, 8, 0).low, Format(True, 8, 0).high) == (-128, 127)
    assert (Format(False, 8, 0).low, Format(False, 8, 0).high) == (0, 255)
    assert (Format(True, 1, 0).low, Format(True, 1, 0).high) == (-1, 0)


def test_unsigned_width_is_the_least_that_holds():
    for high in range(1, 1030):
        bits = bits_unsigned(high)
        assert high < 2**bits and (bits == 1 or high >= 2 ** (bits - 1))
    assert bits_unsigned(0) == 1


def test_signed_width_is_the_least_that_holds():
    for low in (-257, -256, -255, -129, -128, -127, -2, -1, 0, 1, 3):
        for high in (*range(max(low, -3), 5), 127, 128, 255, 256):
            if high < low:
                continue
            bits = bits_signed(low, high)
            assert -(2 ** (bits - 1)) <= low and high < 2 ** (bits - 1)
            assert bits == 1 or not (-(2 ** (bits - 2)) <= low and high < 2 ** (bits - 2))


@given(st.floats(1e-6, 1e6), st.booleans(), st.integers(2, 16))
def test_best_frac_is_the_finest_that_fits(peak: float, signed: bool, width: int):
    frac = best_frac(peak, signed, width)
    high = Format(signed, width, frac).high
    assert Fraction(peak) * Fraction(2) ** frac <= high < Fraction(peak) * Fraction(2) ** (frac + 1)


@pytest.mark.parametrize("peak", [127.0, 127 / 64, 127 / 1024, np.nextafter(127.0, 128), np.nextafter(127.0, 0)])
def test_best_frac_at_the_edge(peak: float):
    frac = best_frac(peak, True, 8)
    assert Fraction(float(peak)) * Fraction(2) ** frac <= 127 < Fraction(float(peak)) * Fraction(2) ** (frac + 1)


def test_best_frac_of_nothing():
    assert best_frac(0.0, True, 8) == 7
    assert best_frac(0.0, False, 8) == 8
