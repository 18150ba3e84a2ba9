"""EventDrop (Gu et al. 2021): a net that has seen recordings with gaps relies less on any one part of them."""

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]


def drop_events(frames: Frames, most: float, rng: np.random.Generator) -> None:
    """Of each window [T, C, H, W] of `frames`, in place: nothing, events at random, a time or an area; as drawn.

    The share of what is dropped is drawn up to `most`. Counts are thinned as frames hold them, saturated.
    """
    for window in frames:
        way = rng.integers(4)
        share = rng.uniform(0, most)
        if way == 1:
            _at_random(window, share, rng)
        elif way == 2:
            window[_stretch(len(window), share, rng)] = 0
        elif way == 3:
            rows, columns = (_stretch(side, share, rng) for side in window.shape[2:])
            window[:, :, rows, columns] = 0


def _at_random(window: Frames, share: float, rng: np.random.Generator) -> None:
    held = window.nonzero()
    window[held] = rng.binomial(window[held], 1 - share)


def _stretch(length: int, share: float, rng: np.random.Generator) -> slice:
    """`share` of `length`, rounded, anywhere."""
    size = round(share * length)
    start = int(rng.integers(length - size + 1))
    return slice(start, start + size)
