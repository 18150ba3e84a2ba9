"""What an epoch trains with: slices of recordings, and EventDrop."""

from dataclasses import replace

import numpy as np
import pytest

from razorsnn.train import WindowSet
from razorsnn.train.data import batch_count, training_batches
from razorsnn.train.drop import drop_events
from tests.train.tiny import tiny_config, tiny_windows

T = 5
COUNTS = (3, 1, 2)


def recordings() -> WindowSet:
    """Three recordings of 3, 1 and 2 windows; each frame is one number, so that a slice tells where it is from."""
    count = sum(COUNTS) * T
    frames = np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 7, 9), np.uint8)
    return WindowSet(frames.reshape(-1, T, 2, 7, 9), np.array([7, 7, 7, 8, 9, 9]), np.array([0, 3, 4]))


def test_slices_lie_within_their_recording_and_reach_all_of_it() -> None:
    windows, rng = recordings(), np.random.default_rng(1)
    assert len(windows) == 3 and batch_count(windows, 2) == 2
    seen: dict[int, set[int]] = {7: set(), 8: set(), 9: set()}
    for _ in range(300):
        frames, labels = windows.drawn(np.array([2, 0, 1]), rng)
        assert frames.shape == (3, T, 2, 7, 9) and labels.tolist() == [9, 7, 8]
        for part, label in zip(frames, labels.tolist(), strict=True):
            values = part[:, 0, 0, 0].tolist()
            assert values == list(range(values[0], values[0] + T)) and (part == part[:, :1, :1, :1]).all()
            seen[label].add(values[0] - 1)
    assert seen == {7: set(range(11)), 8: {15}, 9: set(range(20, 26))}


def test_an_epoch_of_recordings_draws_each_once_and_anew() -> None:
    config = tiny_config(train={"batch": 2, "shift": 0})
    epochs = [[batch for batch in training_batches(config, recordings(), epoch)] for epoch in (0, 0, 1)]
    labels = [sorted(np.concatenate([batch.labels.numpy() for batch in epoch]).tolist()) for epoch in epochs]
    assert labels == [[7, 8, 9]] * 3
    frames = [np.concatenate([batch.frames.numpy() for batch in epoch]) for epoch in epochs]
    assert np.array_equal(frames[0], frames[1]) and not np.array_equal(frames[0], frames[2])


def test_windows_of_which_none_is_a_recording_train_as_they_are() -> None:
    windows = tiny_windows(6)
    frames, labels = windows.drawn(np.array([4, 1]), np.random.default_rng(0))
    assert np.array_equal(frames, windows.frames[[4, 1]]) and labels.tolist() == windows.labels[[4, 1]].tolist()
    assert len(windows) == 6 and len(replace(windows, starts=np.array([0, 2]))) == 2


def full(count: int) -> np.ndarray:
    return np.full((count, 20, 2, 10, 10), 9, np.uint8)


def kind(window: np.ndarray) -> str:
    """Which way of EventDrop left this of a window of nines."""
    gone = window == 0
    if (window == 9).all():
        return "nothing"
    if np.isin(window, (0, 9)).all():
        times, area = gone.any(axis=(1, 2, 3)), gone.any(axis=(0, 1))
        if area.all() and gone[times].all():
            assert_stretch(times)
            return "time"
        rows, columns = area.any(axis=1), area.any(axis=0)
        assert gone[:, :, rows][..., columns].all() and gone.sum() == 40 * rows.sum() * columns.sum()
        assert_stretch(rows)
        assert_stretch(columns)
        return "area"
    return "random"


def assert_stretch(flags: np.ndarray) -> None:
    places = np.flatnonzero(flags)
    assert places[-1] - places[0] + 1 == len(places) <= 0.5 * len(flags)


def test_event_drop_takes_events_times_or_areas() -> None:
    frames = full(400)
    drop_events(frames, 0.5, np.random.default_rng(3))
    found = [kind(window) for window in frames]
    assert all(found.count(name) > 60 for name in ("nothing", "random", "time", "area"))
    thinned = [9 - window.mean() for window, name in zip(frames, found, strict=True) if name == "random"]
    assert min(thinned) > 0 and 4 < max(thinned) < 9 * 0.5 + 0.2 and (frames <= 9).all()


def test_event_drop_is_drawn_from_the_seed_and_off_by_default() -> None:
    windows = tiny_windows(24)
    plain = tiny_config()
    dropping = [tiny_config(seed, train={"event_drop": 0.9}) for seed in (1, 1, 2)]
    made = [
        np.concatenate([batch.frames.numpy() for batch in training_batches(config, windows, 0)])
        for config in (plain, *dropping)
    ]
    assert np.array_equal(made[1], made[2]) and not np.array_equal(made[1], made[3])
    assert made[1].sum() < made[0].sum() and (made[0] > 0).sum() > 0


@pytest.mark.parametrize("most", [0.01, 0.95])
def test_event_drop_never_adds(most: float) -> None:
    frames = tiny_windows(30).frames.copy()
    before = frames.copy()
    drop_events(frames, most, np.random.default_rng(0))
    assert (frames <= before).all() and (frames < before).any()
