"""Words: order, banks and padding."""

from itertools import groupby, pairwise
from math import isqrt

import numpy as np
import pytest

from razorsnn.ops.words import TAPS, Words, groups, power_of_two


@pytest.mark.parametrize(("channels", "lanes"), [(1, 1), (3, 2), (4, 4), (5, 4), (2, 8)])
def test_every_activation_is_where_the_order_says(channels: int, lanes: int):
    x = np.random.default_rng(channels).integers(1, 99, (2, channels, 3, 4))
    words, count = Words(lanes).pack(x), groups(channels, lanes)
    assert words.shape == (2, 12 * count, lanes)
    for t, c, i, j in np.ndindex(x.shape):
        assert words[t, (i * 4 + j) * count + c // lanes, c % lanes] == x[t, c, i, j]
    assert np.count_nonzero(words) == x.size


@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize("size", [(1, 1), (3, 4), (5, 7), (6, 6)])
def test_a_tile_has_a_bank_for_each_position(taps: int, size: tuple[int, int]):
    x, n = np.random.default_rng(taps).integers(1, 99, (2, 5, *size)), isqrt(taps)
    layout, across = Words(2, taps), -(-size[1] // n)
    words = layout.pack(x)
    assert words.shape == (2, layout.count(*x.shape[1:]), 2 * taps) and layout.size == 2 * taps
    for t, c, i, j in np.ndindex(x.shape):
        word, bank = (i // n * across + j // n) * 3 + c // 2, i % n * n + j % n
        assert words[t, word, bank * 2 + c % 2] == x[t, c, i, j]
    assert np.count_nonzero(words) == x.size


@pytest.mark.parametrize("taps", TAPS)
def test_a_deep_word_is_of_one_position(taps: int):
    x = np.random.default_rng(taps).integers(1, 99, (2, 11, 3, 4))
    layout = Words(2, taps, deep=True)
    words, count = layout.pack(x), groups(11, 2 * taps)
    assert words.shape == (2, 12 * count, 2 * taps) == (2, layout.count(11, 3, 4), layout.size)
    for t, c, i, j in np.ndindex(x.shape):
        assert words[t, (i * 4 + j) * count + c // (2 * taps), c % (2 * taps)] == x[t, c, i, j]


@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize(("lanes", "lanes_in", "width"), [(4, 1, 4), (4, 2, 5), (8, 2, 3), (16, 2, 17), (2, 2, 3)])
def test_several_positions_share_a_bank_of_the_input(taps: int, lanes: int, lanes_in: int, width: int):
    x, n = np.random.default_rng(lanes).integers(1, 99, (2, lanes_in, 3, width)), isqrt(taps)
    layout, beside = Words(lanes, taps, lanes_in=lanes_in), lanes // lanes_in
    words, across = layout.pack(x), -(-width // (beside * n))
    assert (layout.beside, layout.columns(width), layout.rows(3)) == (beside, across, -(-3 // n))
    assert words.shape == (2, layout.rows(3) * across, lanes * taps)
    for t, c, i, j in np.ndindex(x.shape):
        word, bank = i // n * across + j // beside // n, i % n * n + j // beside % n
        assert words[t, word, bank * lanes + j % beside * lanes_in + c] == x[t, c, i, j]
    assert np.count_nonzero(words) == x.size


def test_powers_of_two():
    assert [power_of_two(least) for least in (1, 2, 3, 4, 5, 8, 9)] == [1, 2, 4, 4, 8, 8, 16]


@pytest.mark.parametrize(("channels", "most"), [(1, 2), (2, 2), (8, 2), (4, 4), (8, 4)])
def test_events_together_follow_each_other_in_a_position(channels: int, most: int):
    rng, size = np.random.default_rng(channels), 8
    x = rng.integers(1, 9, (5, 8, 2, 3)) * (rng.random((5, 8, 2, 3)) < rng.choice([0.0, 0.3, 0.9], (5, 1, 1, 1)))
    events = Words(size).events(x)
    found, wanted, ends = events.together(channels, most), list[int](), [0]
    for begin, end in pairwise(events.ends):
        for _, members in groupby(range(begin, end), key=lambda at: events.places[at] // channels):
            wanted += list(members)[::most]
        ends.append(len(wanted))
    assert found.ends.tolist() == ends
    for name in ("words", "places", "indices", "values"):
        np.testing.assert_array_equal(getattr(found, name), getattr(events, name)[wanted])
