"""The pixel model against ramps whose events are known, and its two imperfections."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from razorsnn.datasets.dvs_pixel import PixelArray, _awake, pixel_events
from razorsnn.events import EVENT_DTYPE

STEP_US = 100


def events_of(
    log_intensity: list[float], history: tuple[float, ...] = (), refractory_us: int = 0, noise_hz: float = 0
) -> list[tuple[int, int]]:
    """(time, polarity) of one pixel with a threshold of 0.25."""
    one = np.ones((1, 1), np.float32)
    pixels = PixelArray(one / 4, one * noise_hz, refractory_us)
    seen, before = (np.array(values, np.float32).reshape(-1, 1, 1) for values in (log_intensity, history))
    events = pixel_events(pixels, before, seen, STEP_US, np.random.default_rng(0))
    return [(t, p) for t, _, _, p in events.tolist()]


def test_a_ramp_gives_an_event_at_each_threshold_at_the_interpolated_time() -> None:
    assert events_of([0, 0.5, 1]) == [(50, 1), (100, 1), (150, 1), (199, 1)]
    assert events_of([0, 0, -0.5]) == [(150, 0), (199, 0)]


def test_less_than_a_threshold_is_not_seen() -> None:
    assert events_of([0, 0.24, -0.24, 0.2]) == []
    assert events_of([0, 0.3, 0.1, 0.3, 0.06]) == [(83, 1)]


def test_the_way_back_fires_a_threshold_late() -> None:
    """At 0.375 the pixel remembers 0.25, which only a fall to 0 undoes."""
    assert events_of([0, 0.375, 0.375, -0.125, -0.125]) == [(66, 1), (275, 0)]


def test_history_gives_no_events_but_is_remembered() -> None:
    assert events_of([0.5, 0.5]) == []
    assert events_of([0.375, 0.5]) == [(99, 1)]
    assert events_of([0.375, 0.5], history=(0.625, 0.5)) == []
    assert events_of([0.375, 0.125, 0.125], history=(0.5,)) == [(50, 0)]


@pytest.mark.parametrize(("refractory_us", "kept"), [(25, [0, 1, 2, 3]), (26, [0, 2]), (50, [0, 2]), (51, [0, 3])])
def test_refractory_time_runs_from_the_last_event_that_was_given(refractory_us: int, kept: list[int]) -> None:
    """Four events 25 us apart; one that is lost does not make the pixel blind any longer."""
    times = [25, 50, 75, 100]
    assert [t for t, _ in events_of([0, 1, 1], refractory_us=refractory_us)] == [times[i] for i in kept]


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 2)), max_size=60),
    st.integers(0, 60),
)
def test_refractory_time_equals_a_loop_over_events(events: list[tuple[int, int]], refractory_us: int) -> None:
    time, pixel = (np.array(column, np.int64) for column in (zip(*events, strict=True) if events else ((), ())))
    expected, last = [], {}
    for t, at in sorted(events):
        if t - last.get(at, -refractory_us) >= refractory_us:
            expected.append((t, at))
            last[at] = t
    kept = _awake(time, pixel, refractory_us)
    assert sorted(zip(time[kept].tolist(), pixel[kept].tolist(), strict=True)) == sorted(expected)


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=40))
def test_crossings_equal_a_loop_over_thresholds(eighths: list[int]) -> None:
    """In eighths of a threshold, so that floats are exact."""
    expected, memory = [], int(eighths[0] / 8)
    for step, now in enumerate(eighths[1:]):
        while abs(now - 8 * memory) >= 8:
            memory += 1 if now > 8 * memory else -1
            before = eighths[step]
            time = int((step + (8 * memory - before) / (now - before)) * STEP_US)
            expected.append((min(time, STEP_US * (len(eighths) - 1) - 1), int(now > before)))
    assert events_of([value / 32 for value in eighths]) == expected


def test_noise_comes_at_its_rate_at_any_time_in_both_polarities() -> None:
    """Poisson counts of mean 10,000 stay within five standard deviations, 500, of it."""
    steps = 10_000
    events = events_of([0.0] * (steps + 1), noise_hz=10_000)
    assert abs(len(events) - 10_000) < 500
    assert abs(2 * sum(p for _, p in events) - len(events)) < 500
    halves = sum(t < steps * STEP_US // 2 for t, _ in events)
    assert abs(2 * halves - len(events)) < 500


def test_each_pixel_has_its_own_threshold_and_place() -> None:
    threshold = np.array([[0.25, 0.5, 1.0], [2.0, 0.125, 4.0]], np.float32)
    pixels = PixelArray(threshold, np.zeros_like(threshold), 0)
    ramp = np.arange(3, dtype=np.float32)[:, None, None] * np.ones((2, 3), np.float32)
    events = pixel_events(pixels, ramp[:0], ramp, STEP_US, np.random.default_rng(0))
    assert events.dtype == EVENT_DTYPE
    assert (np.diff(events["t"]) >= 0).all()
    counts = np.zeros((2, 3), int)
    np.add.at(counts, (events["y"], events["x"]), 1)
    assert counts.tolist() == [[8, 4, 2], [1, 16, 0]]
