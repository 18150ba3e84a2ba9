"""Simulated recordings: they repeat, look like a camera's, and tell the pairs apart in the order of time alone."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from razorsnn.datasets import SimulatedSpec, open_dataset
from razorsnn.datasets.dvs_pixel import PixelArray, pixel_events
from razorsnn.datasets.scene import log_intensity
from razorsnn.datasets.simulated import CLASS_NAMES, LIMITS, PAIRS, simulate, simulate_recording
from razorsnn.errors import UserError
from razorsnn.events import EVENT_DTYPE, Recording
from tests.chance import most_by_chance

FEW = SimulatedSpec(recordings_per_class=3)
PLAIN = SimulatedSpec(noise_hz=0, distractor_share=0)  # the gesture alone
PER_CLASS, TRAINED = 160, 110  # of each class, for the linear models


def test_there_are_four_pairs() -> None:
    dataset = open_dataset("simulated", FEW, 0)
    assert dataset.name == "simulated"
    assert dataset.class_names == CLASS_NAMES
    assert len(set(CLASS_NAMES)) == 2 * len(PAIRS) == 8
    assert [r.name for r in dataset.recordings] == sorted(f"{c}/{i:05d}" for c in CLASS_NAMES for i in range(3))
    assert all(CLASS_NAMES[r.label] == r.name.split("/")[0] for r in dataset.recordings)


def test_the_same_seed_gives_the_same_recordings_whatever_numpys_global_state() -> None:
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    first = simulate(FEW, 5)
    assert np.random.get_state()[1].tolist() == before
    np.random.seed(2)
    for one, two in zip(first.recordings, simulate(FEW, 5).recordings, strict=True):
        assert (one.name, one.label) == (two.name, two.label)
        np.testing.assert_array_equal(one.events, two.events)


def test_seeds_classes_and_numbers_give_different_recordings() -> None:
    made = [r.events.tobytes() for seed in (0, 1) for r in simulate(FEW, seed).recordings]
    assert len(set(made)) == len(made) == 2 * 8 * 3


def test_more_recordings_leave_the_first_ones_as_they_are() -> None:
    more = {r.name: r.events for r in simulate(SimulatedSpec(recordings_per_class=4), 0).recordings}
    for recording in simulate(FEW, 0).recordings:
        np.testing.assert_array_equal(recording.events, more[recording.name])


@pytest.mark.parametrize(("size", "duration_us"), [(16, 200_000), (32, 1_000_000), (48, 501_999)])
def test_events_are_sorted_and_lie_within_the_sensor_and_the_time(size: int, duration_us: int) -> None:
    spec = SimulatedSpec(recordings_per_class=2, size=size, duration_us=duration_us)
    for recording in simulate(spec, 0).recordings:
        events = recording.events
        assert events.dtype == EVENT_DTYPE
        assert (np.diff(events["t"]) >= 0).all()
        assert events["t"][0] >= 0 and events["t"][-1] < duration_us
        assert all(events[axis].min() >= 0 and events[axis].max() < size for axis in "xy")
        assert set(events["p"].tolist()) == {0, 1}


def test_no_pixel_fires_twice_within_the_refractory_time() -> None:
    spec = SimulatedSpec(refractory_us=20_000)
    for label in range(8):
        events = simulate_recording(spec, 0, label, 0).events
        order = np.lexsort((events["t"], events["x"], events["y"]))
        same = (np.diff(events["x"][order]) == 0) & (np.diff(events["y"][order]) == 0)
        assert np.diff(events["t"][order])[same].min() >= spec.refractory_us


def test_both_signs_of_the_contrast_occur() -> None:
    """What opens covers more in the end: more ON than OFF if it is bright. 60 fair coins give 15 to 45 heads
    with a probability of more than 99.99 %."""
    opening = CLASS_NAMES.index("opening")
    recordings = [simulate_recording(PLAIN, 0, opening, i).events for i in range(60)]
    assert 15 <= sum(2 * int(events["p"].sum()) > len(events) for events in recordings) <= 45


def silence(events: np.ndarray, duration_us: int) -> list[tuple[int, int]]:
    """Stretches of 50 ms and more without an event; a slow object may take 40 to give its first one."""
    edges = np.concatenate([[0], events["t"], [duration_us]])
    return [(int(a), int(b)) for a, b in pairwise(edges) if b - a >= 50_000]


def test_pauses_fill_a_quarter_to_half_of_the_time_and_lie_anywhere() -> None:
    """An object that moves gives an event every few milliseconds, hence 50 ms of grace."""
    starts = []
    for label in range(8):
        for index in range(10):
            pauses = silence(simulate_recording(PLAIN, 1, label, index).events, PLAIN.duration_us)
            assert 1 <= len(pauses) <= 2
            assert 220_000 <= sum(b - a for a, b in pauses) <= 550_000
            starts += [a for a, _ in pauses]
    counts = np.histogram(starts, bins=5, range=(0, 750_000))[0]
    assert counts.min() >= 5


def test_pauses_show_in_the_event_rate_in_spite_of_noise() -> None:
    quiet = SimulatedSpec(distractor_share=0)
    for label in range(8):
        with_noise, without = (simulate_recording(spec, 1, label, 0).events for spec in (quiet, PLAIN))
        pauses = silence(without, PLAIN.duration_us)
        paused = sum(b - a for a, b in pauses)
        in_pause = sum(int(((with_noise["t"] > a) & (with_noise["t"] < b)).sum()) for a, b in pauses)
        rate, rate_outside = in_pause / paused, (len(with_noise) - in_pause) / (PLAIN.duration_us - paused)
        assert 0 < 2 * rate < rate_outside


def test_distractors_act_in_pauses_only() -> None:
    """The same recordings with and without: what the distractor adds lies in the pauses."""
    busy = SimulatedSpec(noise_hz=0, distractor_share=1)
    for label in range(8):
        with_it, without = (simulate_recording(spec, 1, label, 0).events for spec in (busy, PLAIN))
        paused = silence(without, PLAIN.duration_us)
        inside = np.zeros(len(with_it), bool)
        for a, b in paused:
            inside |= (with_it["t"] > a) & (with_it["t"] < b)
        assert inside.sum() > 20
        assert abs(int((~inside).sum()) - len(without)) < 0.1 * len(without)


@pytest.mark.parametrize("motion", PAIRS)
def test_played_backwards_each_pixel_gives_as_many_on_as_it_gave_off(motion: Callable) -> None:
    """The guarantee behind the pairs, exact: a scene and its reverse, without noise, swap ON and OFF."""
    still = np.zeros((32, 32), np.float32)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        threshold = rng.uniform(0.2, 0.3, (32, 32)).astype(np.float32)
        view = log_intensity(motion, False, 300, 32, 0, rng)
        counts = np.zeros((2, 2, 32, 32), int)
        for way, seen in enumerate((view, view[::-1])):
            events = pixel_events(PixelArray(threshold, still, 0), seen[::-1], seen, 1_000, rng)
            np.add.at(counts[way], (events["p"], events["y"], events["x"]), 1)
        assert counts[0].sum() > 200
        np.testing.assert_array_equal(counts[0], counts[1, ::-1])


@pytest.fixture(scope="module")
def recordings() -> list[list[Recording]]:
    spec = SimulatedSpec(recordings_per_class=PER_CLASS)
    return [[simulate_recording(spec, 0, label, i) for i in range(PER_CLASS)] for label in range(8)]


def sums(events: np.ndarray, parts: int) -> np.ndarray:
    """Events of each pixel, per polarity and in total, summed over each of `parts` of the time: flat."""
    counts = np.zeros((parts, 3, 32, 32))
    part = events["t"] * parts // 1_000_000
    np.add.at(counts, (part, events["p"], events["y"], events["x"]), 1)
    counts[:, 2] = counts[:, 0] + counts[:, 1]
    return counts.ravel()


def right_of_linear_model(groups: list[list[np.ndarray]]) -> int:
    """Ridge regression on one-hot classes, trained on the first TRAINED of each group: right ones of the rest."""
    train = np.array([features for group in groups for features in group[:TRAINED]])
    train, mean = train - train.mean(0), train.mean(0)
    wanted = np.repeat(np.eye(len(groups)), [len(group[:TRAINED]) for group in groups], axis=0)
    weights = np.linalg.solve(train @ train.T + 1e4 * np.eye(len(train)), wanted - wanted.mean(0))
    tests = [np.array(group[TRAINED:]) - mean for group in groups]
    return sum(int(((test @ train.T @ weights).argmax(1) == c).sum()) for c, test in enumerate(tests))


def test_bound_of_chance() -> None:
    """Of ten coins, ten heads have 1 in 1024, and nine or ten 11 in 1024."""
    assert most_by_chance(10) == 9
    assert most_by_chance(9) == 9


def test_linear_model_cannot_tell_pairs(recordings: list[list[Recording]]) -> None:
    """On frames summed over time it is right no more often than a fair coin may be, at the 99.9 % bound.

    On two sums, one for each half of the time, the same model tells those apart that move from one place to another.
    A circle from any angle has no linear mark at all; `turn` tells it below.
    """
    trials = 2 * (PER_CLASS - TRAINED)
    right = {}
    for parts in (1, 2):
        features = [[sums(r.events, parts) for r in group] for group in recordings]
        right[parts] = [right_of_linear_model(features[a : a + 2]) for a in (0, 2, 4, 6)]
    print("right of", trials, "by the number of sums:", right)
    assert max(right[1]) <= most_by_chance(trials)
    assert sum(right[1]) <= most_by_chance(4 * trials)
    assert min(right[2][1:]) > 0.9 * trials


def test_linear_model_tells_the_four_motions_apart(recordings: list[list[Recording]]) -> None:
    features = [[sums(r.events, 1) for r in group] for group in recordings]
    # Members of a pair take turns, so that both train and both test.
    motions = [
        [f for pair in zip(features[a], features[a + 1], strict=True) for f in pair][:PER_CLASS] for a in (0, 2, 4, 6)
    ]
    assert right_of_linear_model(motions) > 0.8 * 4 * (PER_CLASS - TRAINED)


def places(events: np.ndarray) -> np.ndarray:
    """Median (x, y) of the events in each sixth of the events: [6, 2]. Few of them fall into pauses."""
    parts = np.array_split(events, 6)
    return np.array([[np.median(part["x"]), np.median(part["y"])] for part in parts])


def turn(events: np.ndarray) -> float:
    """Twice the area that the events go around, clockwise positive as y counts downwards."""
    x, y = (places(events) - places(events).mean(0)).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())


def growth(events: np.ndarray) -> float:
    """Mean distance from the middle of all events, last third of them less first third."""
    radius = np.hypot(events["x"] - np.median(events["x"]), events["y"] - np.median(events["y"]))
    third = len(events) // 3
    return float(radius[-third:].mean() - radius[:third].mean())


def advance(axis: int) -> Callable[[np.ndarray], float]:
    return lambda events: float(np.diff(places(events)[[0, 5], axis])[0])


MEASURES = {"clockwise": turn, "left_to_right": advance(0), "top_to_bottom": advance(1), "opening": growth}


@pytest.mark.parametrize("forward", MEASURES)
def test_the_order_of_time_tells_pairs(recordings: list[list[Recording]], forward: str) -> None:
    label = CLASS_NAMES.index(forward)
    ahead, back = ([MEASURES[forward](r.events) for r in recordings[way]] for way in (label, label + 1))
    assert np.mean(np.array(ahead) > 0) > 0.9
    assert np.mean(np.array(back) < 0) > 0.9


@pytest.mark.parametrize("name", LIMITS)
def test_settings_out_of_range_are_refused(name: str) -> None:
    low, high = LIMITS[name]
    for value in (low - 1, high + 1, float("nan")):
        with pytest.raises(UserError, match=rf"simulated recordings: {name} = .*; accepted: {low} to {high}$"):
            SimulatedSpec(**{name: value})


def test_a_recording_of_few_steps_is_refused() -> None:
    with pytest.raises(UserError, match=r"duration_us = 99999; accepted: 50 steps of 2000 us or more"):
        SimulatedSpec(duration_us=99_999)
    assert len(simulate_recording(SimulatedSpec(duration_us=100_000), 0, 0, 0).events) > 0
