"""Frames against an event-by-event loop, windows against the definition, and what is refused."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from razorsnn.errors import UserError
from razorsnn.events import EVENT_DTYPE, Recording
from razorsnn.frames import MAX_WINDOWS, FrameSpec, Window, bin_axis, build_frames, cut_windows


def spec(**changes: object) -> FrameSpec:
    settings = {"frames": 4, "sensor": (6, 9), "grid": (3, 4), "channels": 2, "bits": 2, "dt_us": None}
    return FrameSpec(**(settings | changes))


def recording(rows: list[tuple[int, int, int, int]], name: str = "a.bin") -> Recording:
    return Recording(name, 5, np.array(rows, EVENT_DTYPE))


def at_times(*times: int) -> Recording:
    return recording([(t, 0, 0, 0) for t in times])


def frames_by_loop(window: Window, spec: FrameSpec) -> np.ndarray:
    frames = np.zeros((spec.frames, spec.channels, *spec.grid), np.uint8)
    (height, width), (rows, columns) = spec.sensor, spec.grid
    for (_, x, y, p), t in zip(window.events.tolist(), window.frame.tolist(), strict=True):
        cell = t, p if spec.channels == 2 else 0, Fraction(y * rows, height).__floor__(), x * columns // width
        if frames[cell] < 2**spec.bits - 1:
            frames[cell] += 1
    return frames


@st.composite
def specs(draw: st.DrawFn) -> FrameSpec:
    sensor = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    return FrameSpec(
        frames=draw(st.integers(1, 7)),
        sensor=sensor,
        grid=(draw(st.integers(1, sensor[0])), draw(st.integers(1, sensor[1]))),
        channels=draw(st.sampled_from([1, 2])),
        bits=draw(st.integers(2, 8)),
        dt_us=draw(st.none() | st.integers(1, 50)),
    )


@st.composite
def recordings(draw: st.DrawFn, spec: FrameSpec) -> Recording:
    height, width = spec.sensor
    row = st.tuples(st.integers(-300, 300), st.integers(0, width - 1), st.integers(0, height - 1), st.integers(0, 1))
    rows = draw(st.lists(row, max_size=60))
    repeat = draw(st.integers(1, 9))
    return recording(sorted(rows * repeat))


@given(st.data())
def test_frames_equal_a_loop_over_events(data: st.DataObject) -> None:
    drawn = data.draw(specs())
    for window in cut_windows(data.draw(recordings(drawn)), drawn):
        frames = build_frames(window, drawn)
        assert frames.dtype == np.uint8
        np.testing.assert_array_equal(frames, frames_by_loop(window, drawn))


@given(st.data())
def test_equal_windows_split_the_duration_equally(data: st.DataObject) -> None:
    drawn = data.draw(specs().filter(lambda s: s.dt_us is None))
    source = data.draw(recordings(drawn))
    (window,) = cut_windows(source, drawn)
    assert (window.name, window.recording, window.index, window.label) == ("a.bin", "a.bin", 0, 5)
    np.testing.assert_array_equal(window.events, source.events)
    times = source.events["t"].tolist()
    for t, frame in zip(times, window.frame.tolist(), strict=True):
        share = Fraction(t - times[0], times[-1] - times[0] + 1)
        assert Fraction(frame, drawn.frames) <= share < Fraction(frame + 1, drawn.frames)


@given(st.data())
def test_fixed_windows_tile_the_recording(data: st.DataObject) -> None:
    drawn = data.draw(specs().filter(lambda s: s.dt_us is not None))
    source = data.draw(recordings(drawn))
    windows = cut_windows(source, drawn)
    length = drawn.frames * drawn.dt_us
    start = source.events["t"][:1].sum()
    for i, window in enumerate(windows):
        assert (window.name, window.recording, window.index) == (f"a.bin@{i}", "a.bin", i)
        for t, frame in zip(window.events["t"].tolist(), window.frame.tolist(), strict=True):
            assert 0 <= frame < drawn.frames
            assert 0 <= t - start - i * length - frame * drawn.dt_us < drawn.dt_us
    kept = np.concatenate([window.events for window in windows])
    np.testing.assert_array_equal(kept, source.events[: len(kept)])
    dropped = source.events["t"][len(kept) :] - start - len(windows) * length
    assert all(t >= 0 and 2 * (t + 1) < length for t in dropped.tolist())


def test_a_last_window_less_than_half_full_is_dropped_but_never_the_only_one() -> None:
    """Windows of 4 * 10 us: the last event of half a window is the one at 59."""
    assert len(cut_windows(at_times(0, 59), spec(dt_us=10))) == 2
    assert len(cut_windows(at_times(0, 58), spec(dt_us=10))) == 1
    assert len(cut_windows(at_times(7), spec(dt_us=10))) == 1


def test_a_gap_longer_than_a_window_gives_an_empty_window() -> None:
    windows = cut_windows(at_times(0, 85, 119), spec(dt_us=10))
    assert [w.events["t"].tolist() for w in windows] == [[0], [], [85, 119]]
    assert not build_frames(windows[1], spec(dt_us=10)).any()


@pytest.mark.parametrize(("dt_us", "name"), [(None, "a.bin"), (10, "a.bin@0")])
def test_a_recording_without_events_gives_one_window(dt_us: int | None, name: str) -> None:
    (window,) = cut_windows(recording([]), spec(dt_us=dt_us))
    assert window.name == name
    assert build_frames(window, spec(dt_us=dt_us)).tolist() == np.zeros((4, 2, 3, 4)).tolist()


def test_bin_axis_is_the_floor_of_the_exact_quotient() -> None:
    for sensor, grid in [(240, 32), (180, 32), (34, 34), (128, 32), (7, 5)]:
        cells = bin_axis(np.arange(sensor), sensor, grid).tolist()
        assert cells == [Fraction(c * grid, sensor).__floor__() for c in range(sensor)]
        assert set(cells) == set(range(grid))


@pytest.mark.parametrize(("bits", "most"), [(2, 3), (4, 15), (8, 255)])
def test_counts_saturate(bits: int, most: int) -> None:
    few, many = ([(0, 0, 0, 1)] * n for n in (most - 1, most + 300))
    (window,) = cut_windows(recording([*few, *((1, 8, 5, 0) for _ in many)]), spec(bits=bits, frames=2))
    frames = build_frames(window, spec(bits=bits, frames=2))
    assert frames[0, 1, 0, 0] == most - 1
    assert frames[1, 0, 2, 3] == most
    assert frames.sum() == 2 * most - 1


def test_merged_polarities_are_the_sum() -> None:
    rows = [(t, t % 9, t % 6, p) for t, p in product(range(12), (0, 1))]
    (window,) = cut_windows(recording(rows), spec(bits=8))
    apart, merged = (build_frames(window, spec(bits=8, channels=c)) for c in (2, 1))
    np.testing.assert_array_equal(merged[:, 0], apart.sum(1))


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            (0, 9, 3, 0),
            r"a\.bin: event 1 at x=9, y=3 is outside of the sensor; accepted: x 0\.\.8, y 0\.\.5 \(",
        ),
        ((0, 2, 6, 0), "x=2, y=6 is outside"),
        ((0, -1, 0, 0), "x=-1, y=0 is outside"),
        ((0, 0, -1, 0), "x=0, y=-1 is outside"),
        ((0, 1, 2, 2), r"a\.bin: event 1 at x=1, y=2 has polarity 2; accepted: 0 and 1"),
        ((0, 1, 2, -1), "polarity -1; accepted: 0 and 1"),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_an_event_that_the_sensor_cannot_give_is_refused(
    event: tuple[int, int, int, int], message: str, channels: int
) -> None:
    with pytest.raises(UserError, match=message):
        cut_windows(recording([(0, 8, 5, 1), event]), spec(channels=channels))


def test_a_wrong_unit_of_time_is_refused() -> None:
    last = 40 * MAX_WINDOWS - 1
    assert len(cut_windows(at_times(0, last), spec(dt_us=10))) == MAX_WINDOWS
    with pytest.raises(UserError, match=r"a\.bin: .* 100001 windows of 40 us; accepted: at most 100000 \(are the"):
        cut_windows(at_times(0, last + 40), spec(dt_us=10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": 0}, "frames = 0; accepted: 1 or more"),
        ({"grid": (7, 4)}, r"grid \(7, 4\); accepted: 1 up to the sensor \(6, 9\)"),
        ({"grid": (3, 10)}, "grid"),
        ({"grid": (0, 4)}, "grid"),
        ({"channels": 3}, r"channels = 3; accepted: 1 \(polarities merged\) or 2"),
        ({"channels": 0}, "channels = 0"),
        ({"bits": 1}, r"bits = 1; accepted: 2\.\.8"),
        ({"bits": 9}, "bits = 9"),
        ({"dt_us": 0}, "dt_us = 0; accepted: 1 or more, or none"),
    ],
)
def test_settings_that_make_no_frames_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        spec(**change)


@given(st.data())
def test_crops_are_spread_over_the_recording(data: st.DataObject) -> None:
    drawn = replace(data.draw(specs()), dt_us=data.draw(st.integers(1, 50)), crops=data.draw(st.integers(1, 12)))
    source = data.draw(recordings(drawn))
    windows = cut_windows(source, drawn)
    times = [t - source.events["t"][0] for t in source.events["t"].tolist()]
    duration, length = (times[-1] + 1 if times else 0), drawn.frames * drawn.dt_us
    assert [window.name for window in windows] == [f"a.bin@{i}" for i in range(drawn.crops)]
    for i, window in enumerate(windows):
        start = min(i * duration // drawn.crops, max(0, duration - length))
        inside = [k for k, t in enumerate(times) if start <= t < start + length]
        assert window.events.tolist() == source.events[inside].tolist()
        assert window.frame.tolist() == [(times[k] - start) // drawn.dt_us for k in inside]


def test_crops_of_a_short_recording_overlap_and_those_of_a_long_one_leave_gaps() -> None:
    short, long = (cut_windows(at_times(*range(0, end, 10)), spec(dt_us=10, crops=3)) for end in (60, 600))
    assert [w.events["t"].tolist() for w in short] == [[0, 10, 20, 30], [20, 30, 40, 50], [20, 30, 40, 50]]
    assert [w.events["t"].tolist() for w in long] == [[0, 10, 20, 30], [200, 210, 220, 230], [400, 410, 420, 430]]


@pytest.mark.parametrize("changes", [{"crops": 3}, {"crops": 0, "dt_us": 5}])
def test_crops_without_a_length_of_frames_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"^crops = ., dt_us = .*; accepted: 1 or more under a fixed"):
        spec(**changes)
