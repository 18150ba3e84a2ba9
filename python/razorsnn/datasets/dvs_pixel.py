"""The pixel of an event camera: an event at each step of its log intensity.

The model is that of Lichtsteiner et al. 2008 as ESIM (Rebecq et al. 2018) simulates it: a pixel remembers the log
intensity of its last event and gives an event, at the interpolated time, each time that the difference reaches its
contrast threshold. Then it is blind for the refractory time, and it fires at random now and then.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from razorsnn.events import EVENT_DTYPE, Events

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Columns = tuple[Integers, Integers, Integers]
"""time in microseconds, pixel index, polarity: each [N]."""


@dataclass(frozen=True)
class PixelArray:
    """Of each pixel, [H, W]: `threshold` in log intensity, and `noise_hz`, the rate of its random events."""

    threshold: Floats
    noise_hz: Floats
    refractory_us: int


def pixel_events(
    pixels: PixelArray, log_intensity: Floats, step_us: int, rng: np.random.Generator
) -> Events:
    """Events, EVENT_DTYPE sorted by t, 0 <= t < S * step_us, of samples [S + 1, H, W] `step_us` apart."""
    duration_us = (len(log_intensity) - 1) * step_us
    level = ((log_intensity - log_intensity[0]) / pixels.threshold).reshape(len(log_intensity), -1)
    noise = _noise(pixels.noise_hz.ravel(), duration_us, rng)
    columns = map(np.concatenate, zip(_crossings(level, step_us), noise, strict=True))
    time, pixel, polarity = _awake(*columns, pixels.refractory_us)
    order = np.argsort(time, kind="stable")
    events = np.empty(len(order), EVENT_DTYPE)
    events["t"] = np.minimum(time[order], duration_us - 1)
    events["y"], events["x"] = np.divmod(pixel[order], pixels.threshold.shape[1])
    events["p"] = polarity[order]
    return events


def _crossings(level: Floats, step_us: int) -> Columns:
    """`level` [S + 1, P] counts thresholds from the start; an event is at each whole number that it moves to."""
    memory = np.zeros(level.shape[1], np.float32)
    found = []
    for step, now in enumerate(level[1:]):
        move = np.trunc(now - memory)
        pixel = np.flatnonzero(move)
        found.append((np.full(len(pixel), step), pixel, memory[pixel], move[pixel]))
        memory[pixel] += move[pixel]
    step, pixel, start, move = map(np.concatenate, zip(*found, strict=True))
    count = np.abs(move).astype(np.int64)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 1
    step, pixel, start, sign = (np.repeat(column, count) for column in (step, pixel, start, np.sign(move)))
    before, after = level[step, pixel], level[step + 1, pixel]
    time = (step + (start + sign * nth - before) / (after - before)) * step_us
    return time.astype(np.int64), pixel, (sign > 0).astype(np.int64)


def _noise(rate_hz: Floats, duration_us: int, rng: np.random.Generator) -> Columns:
    pixel = np.repeat(np.arange(len(rate_hz)), rng.poisson(rate_hz * (duration_us / 1e6)))
    return rng.integers(0, duration_us, len(pixel)), pixel, rng.integers(0, 2, len(pixel))


def _awake(time: Integers, pixel: Integers, polarity: Integers, refractory_us: int) -> Columns:
    """Without the events that come less than the refractory time after one of the same pixel that stays."""
    kept = np.lexsort((time, pixel))
    while True:
        same = np.diff(pixel[kept], prepend=-1) == 0
        close = same & (np.diff(time[kept], prepend=0) < refractory_us)
        # One that follows a doubtful one is itself in doubt until that one is decided.
        lost = close & ~np.roll(close, 1)
        if not lost.any():
            return time[kept], pixel[kept], polarity[kept]
        kept = kept[~lost]
