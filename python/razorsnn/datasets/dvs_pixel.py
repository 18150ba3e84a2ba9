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
    pixels: PixelArray, history: Floats, log_intensity: Floats, step_us: int, rng: np.random.Generator
) -> Events:
    """Events, EVENT_DTYPE sorted by t, 0 <= t < S * step_us, of samples [S + 1, H, W] `step_us` apart.

    `history` [any, H, W] is what the pixels saw before, and 0 before that. It gives no events, but decides
    how far each pixel is from its next one.
    """
    duration_us = (len(log_intensity) - 1) * step_us
    threshold = pixels.threshold.ravel()
    before, level = (seen.reshape(-1, threshold.size) / threshold for seen in (history, log_intensity))
    crossings = _crossings(_remembered([*before, level[0]]), level, step_us)
    noise = _noise(pixels.noise_hz.ravel(), duration_us, rng)
    time, pixel, polarity = (np.concatenate(columns) for columns in zip(crossings, noise, strict=True))
    kept = _awake(time, pixel, pixels.refractory_us)
    kept = kept[np.argsort(time[kept], kind="stable")]
    events = np.empty(len(kept), EVENT_DTYPE)
    events["t"] = np.minimum(time[kept], duration_us - 1)
    events["y"], events["x"] = np.divmod(pixel[kept], pixels.threshold.shape[1])
    events["p"] = polarity[kept]
    return events


def _remembered(levels: list[Floats]) -> Floats:
    """Level [P] of the last event of each pixel, after it has seen `levels` in turn."""
    memory = np.zeros_like(levels[0])
    for now in levels:
        memory += np.trunc(now - memory)
    return memory


def _crossings(memory: Floats, level: Floats, step_us: int) -> Columns:
    """`memory` [P] and `level` [S + 1, P] count thresholds; each whole number that level moves to is an event."""
    found = []
    for index, now in enumerate(level[1:]):
        difference = np.trunc(now - memory)
        changed = np.flatnonzero(difference)
        found.append((np.full(len(changed), index), changed, memory[changed], difference[changed]))
        memory[changed] += difference[changed]
    step, pixel, start, move = (np.concatenate(columns) for columns in zip(*found, strict=True))
    count = np.abs(move).astype(np.int64)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 1
    step, pixel, start, sign = (np.repeat(column, count) for column in (step, pixel, start, np.sign(move)))
    before, after = level[step, pixel], level[step + 1, pixel]
    time = (step + (start + sign * nth - before) / (after - before)) * step_us
    return time.astype(np.int64), pixel, (sign > 0).astype(np.int64)


def _noise(rate_hz: Floats, duration_us: int, rng: np.random.Generator) -> Columns:
    pixel = np.repeat(np.arange(len(rate_hz)), rng.poisson(rate_hz * (duration_us / 1e6)))
    return rng.integers(0, duration_us, len(pixel)), pixel, rng.integers(0, 2, len(pixel))


def _awake(time: Integers, pixel: Integers, refractory_us: int) -> Integers:
    """Indices of the events that do not come less than the refractory time after one of their pixel that stays."""
    kept = np.lexsort((time, pixel))
    while True:
        same = np.diff(pixel[kept], prepend=-1) == 0
        close = same & (np.diff(time[kept], prepend=0) < refractory_us)
        # One that follows a doubtful one is itself in doubt until that one is decided.
        lost = close & ~np.roll(close, 1)
        if not lost.any():
            return kept
        kept = kept[~lost]
