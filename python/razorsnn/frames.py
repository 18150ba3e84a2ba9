"""From events to frames: windows of T frames, binned over space by sums, saturated."""

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from razorsnn.errors import UserError
from razorsnn.events import Events, Recording

MAX_WINDOWS = 100_000  # of one recording; a wrong unit of time would fill the memory with empty ones
WINDOW_INDEX = re.compile(r"@(\d+)$")


@dataclass(frozen=True)
class FrameSpec:
    """How events become frames [T, C, H, W].

    frames: T. sensor, grid: (height, width) in pixels; `grid` bins `sensor` by sums.
    channels: 1 merges the polarities, otherwise the polarity is the channel.
    bits: counts saturate at 2**bits - 1.
    dt_us: None splits the whole recording into T frames of equal duration; a number makes each T * dt_us
    microseconds a window of its own.
    crops: under a fixed dt, so many windows of a recording instead, evenly spread over it, overlapping if it is short.
    Raises UserError for values out of range or that do not fit together.
    """

    frames: int
    sensor: tuple[int, int]
    grid: tuple[int, int]
    channels: int
    bits: int
    dt_us: int | None
    crops: int | None = None

    def __post_init__(self) -> None:
        cells_fit = all(1 <= g <= s for g, s in zip(self.grid, self.sensor, strict=True))
        _require(self.frames >= 1, f"frames = {self.frames}", "1 or more")
        _require(cells_fit, f"grid {self.grid}", f"1 up to the sensor {self.sensor} on both axes")
        _require(self.channels in (1, 2), f"channels = {self.channels}", "1 (polarities merged) or 2")
        _require(2 <= self.bits <= 8, f"bits = {self.bits}", "2..8")
        _require(self.dt_us is None or self.dt_us >= 1, f"dt_us = {self.dt_us}", "1 or more, or none")
        crops_fit = self.crops is None or (self.crops >= 1 and self.dt_us is not None)
        _require(crops_fit, f"crops = {self.crops}, dt_us = {self.dt_us}", "1 or more under a fixed dt_us, or none")


def _require(holds: bool, given: str, accepted: str) -> None:
    if not holds:
        raise UserError(f"{given}; accepted: {accepted}")


@dataclass(frozen=True)
class Window:
    """One sample. `frame` int64 [N], non-decreasing: the frame 0..T-1 of each of the N `events`.

    `name` is the recording's, or `name@3` for its fourth window under a fixed dt.
    """

    name: str
    label: int
    events: Events
    frame: NDArray[np.int64]

    @property
    def recording(self) -> str:
        return WINDOW_INDEX.sub("", self.name)

    @property
    def index(self) -> int:
        """Position in time among the windows of its recording."""
        match = WINDOW_INDEX.search(self.name)
        return int(match[1]) if match else 0


def bin_axis(coord: NDArray[np.int64], sensor_len: int, grid_len: int) -> NDArray[np.int64]:
    """Grid cell of each pixel coordinate: floor(coord * grid_len / sensor_len)."""
    return coord * grid_len // sensor_len


def window_name(recording: str, index: int, spec: FrameSpec) -> str:
    """Of window number `index` of a recording, which is its only one if there is no fixed dt."""
    return recording if spec.dt_us is None else f"{recording}@{index}"


def cut_windows(recording: Recording, spec: FrameSpec) -> list[Window]:
    """Windows of a recording, in order of time, at least one.

    Time counts from the first event. Under a fixed dt, a last window is dropped if the recording covers less
    than half of it. Raises UserError as check_sensor does, and for more than MAX_WINDOWS windows.
    """
    events = recording.events
    check_sensor(events, spec, recording.name)
    time = events["t"] - events["t"][:1]
    if spec.dt_us is not None and spec.crops is not None:
        return _spread_windows(recording, events, time, spec.frames, spec.dt_us, spec.crops)
    if spec.dt_us is not None:
        return _fixed_windows(recording, events, time, spec.frames, spec.dt_us)
    frame = time * spec.frames // (time[-1] + 1) if len(time) else time
    return [Window(recording.name, recording.label, events, frame)]


def _fixed_windows(
    recording: Recording, events: Events, time: NDArray[np.int64], frames: int, dt_us: int
) -> list[Window]:
    length = frames * dt_us
    full, rest = divmod(int(time[-1]) + 1 if len(time) else 0, length)
    count = max(1, full + (2 * rest >= length))
    if count > MAX_WINDOWS:
        raise UserError(
            f"{recording.name}: {int(time[-1])} us make {count} windows of {length} us; accepted: at most "
            f"{MAX_WINDOWS} (are the times in microseconds?)"
        )
    edges = np.searchsorted(time, np.arange(count + 1) * length)
    return [
        Window(f"{recording.name}@{i}", recording.label, events[a:b], time[a:b] % length // dt_us)
        for i, (a, b) in enumerate(pairwise(edges))
    ]


def _spread_windows(
    recording: Recording, events: Events, time: NDArray[np.int64], frames: int, dt_us: int, crops: int
) -> list[Window]:
    """The clips that TA-SNN tests with: the i-th begins at i / crops of the recording, and none after its end."""
    length, duration = frames * dt_us, int(time[-1]) + 1 if len(time) else 0
    windows = []
    for index in range(crops):
        start = min(index * duration // crops, max(0, duration - length))
        a, b = np.searchsorted(time, (start, start + length))
        frame = (time[a:b] - start) // dt_us
        windows.append(Window(f"{recording.name}@{index}", recording.label, events[a:b], frame))
    return windows


def build_frames(window: Window, spec: FrameSpec) -> NDArray[np.uint8]:
    """Event counts, uint8 [T, C, H, W], summed over each grid cell and frame, saturated at 2**bits - 1."""
    shape = (spec.frames, spec.channels, *spec.grid)
    y, x = (
        bin_axis(window.events[axis].astype(np.int64), sensor_len, grid_len)
        for axis, sensor_len, grid_len in zip("yx", spec.sensor, spec.grid, strict=True)
    )
    channel = window.events["p"].astype(np.int64) if spec.channels > 1 else np.zeros_like(x)
    cell = np.ravel_multi_index((window.frame, channel, y, x), shape)
    counts = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)
    frames: NDArray[np.uint8] = np.minimum(counts, 2**spec.bits - 1).astype(np.uint8)
    return frames


def check_sensor(events: Events, spec: FrameSpec, name: str) -> None:
    """Raises UserError for the first event outside of the sensor or with another polarity than 0 and 1."""
    height, width = spec.sensor
    x, y, p = events["x"], events["y"], events["p"]
    outside = np.flatnonzero((x < 0) | (x >= width) | (y < 0) | (y >= height))
    if len(outside):
        x0, y0 = x[outside[0]], y[outside[0]]
        raise UserError(
            f"{name}: event {outside[0]} at x={x0}, y={y0} is outside of the sensor; accepted: "
            f"x 0..{width - 1}, y 0..{height - 1} (sensor of height {height}, width {width})"
        )
    odd = np.flatnonzero((p < 0) | (p > 1))
    if len(odd):
        x0, y0, p0 = x[odd[0]], y[odd[0]], p[odd[0]]
        raise UserError(f"{name}: event {odd[0]} at x={x0}, y={y0} has polarity {p0}; accepted: 0 and 1")
