"""Moved windows: whole frames, whole counts, every map that the settings allow and none beyond."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from razorsnn.config import Train
from razorsnn.train.augment import moved

STILL = {"shift": 0, "rotation": 0.0, "shear": 0.0, "scale": 0.0}


def settings(**given: float) -> Train:
    return Train.model_validate(STILL | given)


def cells(frames: int, height: int, width: int) -> np.ndarray:
    """One window whose cells are all different and not 0."""
    return np.arange(1, 1 + frames * height * width).reshape(1, frames, 1, height, width).astype(np.uint8)


def test_shifts_move_windows_as_a_whole() -> None:
    frames = cells(2, 4, 5)
    seen = set()
    for seed in range(60):
        found = moved(frames, settings(shift=1), np.random.default_rng(seed))[0]
        candidates = {(y, x): _shifted(frames[0], y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)}
        (match,) = [by for by, candidate in candidates.items() if np.array_equal(found, candidate)]
        seen.add(match)
    assert len(seen) == 9


def _shifted(window: np.ndarray, y: int, x: int) -> np.ndarray:
    height, width = window.shape[-2:]
    result = np.zeros_like(window)
    for row in range(max(0, y), min(height, height + y)):
        for column in range(max(0, x), min(width, width + x)):
            result[..., row, column] = window[..., row - y, column - x]
    return result


@given(st.integers(0, 2**32 - 1))
def test_a_shift_leaves_the_only_row_inside(seed: int) -> None:
    found = moved(cells(1, 1, 3), settings(shift=9), np.random.default_rng(seed))
    assert found.any()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(7, 7), (4, 9), (12, 5)]))
def test_nothing_allowed_changes_nothing(seed: int, size: tuple[int, int]) -> None:
    frames = cells(2, *size)
    assert np.array_equal(moved(frames, settings(), np.random.default_rng(seed)), frames)


@given(st.integers(0, 2**32 - 1))
def test_all_frames_of_a_window_move_alike_and_counts_stay_counts(seed: int) -> None:
    one = cells(1, 9, 9)
    frames = np.repeat(one, 3, axis=1)
    found = moved(frames, settings(shift=2, rotation=30, shear=20, scale=0.3), np.random.default_rng(seed))[0]
    assert set(np.unique(found)) <= {0, *one.ravel().tolist()}
    assert np.array_equal(found[0], found[1]) and np.array_equal(found[0], found[2])


def points(window: np.ndarray) -> np.ndarray:
    """Mean place (x, y) of each of the two values in a [H, W] picture, from its middle."""
    height, width = window.shape
    return np.array([np.argwhere(window == value).mean(axis=0)[::-1] for value in (1, 2)]) - (
        (width - 1) / 2,
        (height - 1) / 2,
    )


@pytest.mark.parametrize("size", [(61, 61), (41, 61)])
def test_turns_stretches_and_shears_stay_within_what_is_allowed(size: tuple[int, int]) -> None:
    frames = np.zeros((1, 1, 1, *size), dtype=np.uint8)
    middle = (size[0] // 2, size[1] // 2)
    frames[0, 0, 0, middle[0] - 1 : middle[0] + 2, middle[1] + 14 : middle[1] + 17] = 1  # right of the middle
    frames[0, 0, 0, middle[0] + 11 : middle[0] + 14, middle[1] - 1 : middle[1] + 2] = 2  # below it
    angles, lengths, slants = [], [], []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        turned = points(moved(frames, settings(rotation=20), rng)[0, 0, 0])
        angles.append(np.degrees(np.arctan2(turned[0, 1], turned[0, 0])))
        assert abs(np.hypot(*turned[0]) - 15) < 0.8 and abs(np.hypot(*turned[1]) - 12) < 0.8
        assert abs(turned[0] @ turned[1]) < 15  # still at right angles, also where pixels are not as many up as across
        lengths.append(points(moved(frames, settings(scale=0.25), rng)[0, 0, 0])[0, 0] / 15)
        sheared = points(moved(frames, settings(shear=20), rng)[0, 0, 0])
        assert abs(sheared[0, 1]) < 0.5 and abs(sheared[1, 1] - 12) < 0.5
        slants.append(np.degrees(np.arctan2(sheared[1, 0], sheared[1, 1])))
    assert 15 < max(angles) < 23 and -23 < min(angles) < -15
    assert 1.15 < max(lengths) < 1.3 and 1 / 1.3 < min(lengths) < 1 / 1.15
    assert 15 < max(slants) < 23 and -23 < min(slants) < -15
