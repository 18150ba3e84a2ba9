"""Words of the stores: order and padding."""

import numpy as np
import pytest

from razorsnn.ops.words import beside, columns, groups, pack, power_of_two


@pytest.mark.parametrize(("channels", "lanes"), [(1, 1), (3, 2), (4, 4), (5, 4), (2, 8)])
def test_every_activation_is_where_the_order_says(channels: int, lanes: int):
    x = np.random.default_rng(channels).integers(1, 99, (2, channels, 3, 4))
    words, count = pack(x, lanes), groups(channels, lanes)
    assert words.shape == (2, 12 * count, lanes)
    for t, c, i, j in np.ndindex(x.shape):
        assert words[t, (i * 4 + j) * count + c // lanes, c % lanes] == x[t, c, i, j]
    assert np.count_nonzero(words) == x.size


@pytest.mark.parametrize(("lanes", "lanes_in", "width"), [(4, 1, 4), (4, 2, 5), (8, 2, 3), (16, 2, 17), (2, 2, 3)])
def test_several_positions_share_a_word_of_the_input(lanes: int, lanes_in: int, width: int):
    x = np.random.default_rng(lanes).integers(1, 99, (2, lanes_in, 3, width))
    words, across = pack(x, lanes, lanes_in), lanes // lanes_in
    assert columns(width, lanes, lanes_in) == -(-width // across) and beside(lanes, lanes_in) == across
    assert words.shape == (2, 3 * columns(width, lanes, lanes_in), lanes)
    for t, c, i, j in np.ndindex(x.shape):
        word = i * columns(width, lanes, lanes_in) + j // across
        assert words[t, word, j % across * lanes_in + c] == x[t, c, i, j]
    assert np.count_nonzero(words) == x.size


def test_powers_of_two():
    assert [power_of_two(least) for least in (1, 2, 3, 4, 5, 8, 9)] == [1, 2, 4, 4, 8, 8, 16]
