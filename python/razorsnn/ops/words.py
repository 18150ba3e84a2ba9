"""Words of the activation stores: `lanes` channels of one position, in the order (y, x, channel group)."""

import numpy as np

from razorsnn.fixed import Ints


def groups(channels: int, lanes: int) -> int:
    """Words that hold the channels of one position."""
    return -(-channels // lanes)


def power_of_two(least: int) -> int:
    """The smallest power of two that is not below `least`."""
    return 1 << max(0, least - 1).bit_length()


def pack(x: Ints, lanes: int) -> Ints:
    """[T, C, H, W] to words [T, H * W * groups, lanes]; missing channels are 0."""
    frames, channels, height, width = x.shape
    count = groups(channels, lanes)
    padded = np.zeros((frames, height, width, count * lanes), dtype=x.dtype)
    padded[..., :channels] = x.transpose(0, 2, 3, 1)
    return padded.reshape(frames, height * width * count, lanes)
