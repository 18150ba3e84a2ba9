"""Event words whose counts give wanted frames: what a sensor might have sent."""

import numpy as np
from numpy.typing import NDArray

from razorsnn.shape import Shape
from razorsnn.stream import MARK, X_BITS, Y_BITS


def event_word(x: int, y: int, polarity: int) -> int:
    return x | y << X_BITS | polarity << (X_BITS + Y_BITS)


def frame_events(frame: NDArray[np.uint8], shape: Shape, rng: np.random.Generator) -> list[int]:
    """Words in random order, from random pixels of each cell; a full cell gets more events than it can count."""
    words = []
    for (polarity, row, column), count in np.ndenumerate(frame):
        full = int(count) == (1 << shape.input_bits) - 1
        for _ in range(int(count) + full * int(rng.integers(0, 4))):
            y = _pixel(row, shape.height, shape.sensor_height, rng)
            x = _pixel(column, shape.width, shape.sensor_width, rng)
            words.append(event_word(x, y, polarity))
    return [int(word) for word in rng.permutation(words)]


def _pixel(cell: int, grid: int, sensor: int, rng: np.random.Generator) -> int:
    """A pixel that is binned to the cell: floor(pixel * grid / sensor) == cell."""
    return int(rng.choice([pixel for pixel in range(sensor) if pixel * grid // sensor == cell]))


def event_words(frames: NDArray[np.uint8], shape: Shape, seed: int) -> NDArray[np.uint32]:
    """The words of one window of frames [T, C, H, W], each frame followed by its mark."""
    rng = np.random.default_rng(seed)
    words: list[int] = []
    for frame in frames:
        words += [*frame_events(frame, shape, rng), MARK]
    return np.array(words, dtype=np.uint32)
