"""Words of the activation stores: `lanes` channels of one position, in the order (y, x, channel group).

The input has few channels: its words hold several positions, `lanes` activations in all.
"""

import numpy as np

from razorsnn.fixed import Ints


def groups(channels: int, lanes: int) -> int:
    """Words that hold the channels of one position."""
    return -(-channels // lanes)


def power_of_two(least: int) -> int:
    """The smallest power of two that is not below `least`."""
    return 1 << max(0, least - 1).bit_length()


def beside(lanes: int, lanes_in: int) -> int:
    """Positions of a row that share a word, where a position has `lanes_in` channels in it."""
    return lanes // lanes_in


def columns(width: int, lanes: int, lanes_in: int) -> int:
    """Words a row of `width` positions, channel groups aside."""
    return -(-width // beside(lanes, lanes_in))


def pack(x: Ints, lanes: int, lanes_in: int | None = None) -> Ints:
    """[T, C, H, W] to words [T, H * columns * groups, lanes]; missing channels and positions are 0.

    A word holds `lanes_in` channels (all lanes, if None) of as many positions beside each other as fit. Only the
    input has several, and then one channel group: `lanes_in` is the least power of two that holds its channels.
    """
    lanes_in = lanes_in or lanes
    frames, channels, height, width = x.shape
    count, across = groups(channels, lanes_in), columns(width, lanes, lanes_in)
    padded = np.zeros((frames, height, across * beside(lanes, lanes_in), count * lanes_in), dtype=x.dtype)
    padded[:, :, :width, :channels] = x.transpose(0, 2, 3, 1)
    return padded.reshape(frames, height * across * count, lanes)
