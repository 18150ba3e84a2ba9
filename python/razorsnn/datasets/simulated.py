"""Simulated recordings of eight gestures, in pairs that differ only in the order of time."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from razorsnn.datasets import scene
from razorsnn.datasets.dataset import Dataset
from razorsnn.datasets.dvs_pixel import PixelArray, pixel_events
from razorsnn.errors import UserError
from razorsnn.events import Recording
from razorsnn.progress import progress_bar


@dataclass(frozen=True)
class SimulatedSpec:
    """The sensor has `size` x `size` pixels; a recording lasts `duration_us`, rounded down to whole `step_us`.

    contrast_threshold: in log intensity; threshold_spread: its relative standard deviation over the pixels.
    noise_hz: mean rate of the random events of a pixel. distractor_share: of the pauses, those in which something
    else moves or flickers. Raises UserError for values out of range.
    """

    recordings_per_class: int = 100
    size: int = 32
    duration_us: int = 1_000_000
    step_us: int = 2_000
    contrast_threshold: float = 0.25
    threshold_spread: float = 0.05
    refractory_us: int = 1_000
    noise_hz: float = 0.5
    distractor_share: float = 0.5

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UserError(f"simulated recordings: {name} = {value}; accepted: {low} to {high}")
        if self.duration_us < 50 * self.step_us:
            raise UserError(
                f"simulated recordings: duration_us = {self.duration_us}; accepted: 50 steps of {self.step_us} us "
                "or more"
            )


LIMITS: dict[str, tuple[float, float]] = {
    "recordings_per_class": (1, 100_000),
    "size": (16, 256),
    "duration_us": (1, 60_000_000),
    "step_us": (1, 100_000),
    "contrast_threshold": (0.05, 1),
    "threshold_spread": (0, 0.2),
    "refractory_us": (0, 1_000_000),
    "noise_hz": (0, 1_000),
    "distractor_share": (0, 1),
}

PAIRS: dict[scene.Motion, tuple[str, str]] = {
    scene.orbit: ("clockwise", "counter_clockwise"),
    scene.horizontal: ("left_to_right", "right_to_left"),
    scene.vertical: ("top_to_bottom", "bottom_to_top"),
    scene.spread: ("opening", "closing"),
}
"""Motion -> its class played forwards, its class played backwards."""

CLASS_NAMES = tuple(name for pair in PAIRS.values() for name in pair)


def simulate(spec: SimulatedSpec, seed: int) -> Dataset:
    """`recordings_per_class` recordings of each class, the same ones for the same spec and seed.

    More recordings per class leave the first ones as they are.
    """
    numbered = list(product(range(len(CLASS_NAMES)), range(spec.recordings_per_class)))
    bar = progress_bar(numbered, desc="simulating recordings", unit="recording", delay=1, leave=False)
    recordings = [simulate_recording(spec, seed, label, index) for label, index in bar]
    return Dataset("simulated", CLASS_NAMES, tuple(sorted(recordings, key=lambda r: r.name)))


def simulate_recording(spec: SimulatedSpec, seed: int, label: int, index: int) -> Recording:
    """Recording number `index` of the class `label`; every draw in it comes from (seed, label, index) alone."""
    rng = np.random.default_rng([seed, label, index])
    motion = list(PAIRS)[label // 2]
    samples = spec.duration_us // spec.step_us + 1
    view = scene.log_intensity(motion, label % 2 == 1, samples, spec.size, spec.distractor_share, rng)
    # Before the recording the pixels saw the gesture's way back. So what they remember at its start is what a
    # gesture played backwards makes them remember at its end; else the lag of their memory would tell the two apart.
    events = pixel_events(_pixels(spec, rng), view[::-1], view, spec.step_us, rng)
    return Recording(f"{CLASS_NAMES[label]}/{index:05d}", label, events)


def _pixels(spec: SimulatedSpec, rng: np.random.Generator) -> PixelArray:
    shape = (spec.size, spec.size)
    spread = 1 + spec.threshold_spread * np.clip(rng.standard_normal(shape), -3, 3)
    threshold = (spec.contrast_threshold * spread).astype(np.float32)
    noise_hz = rng.exponential(spec.noise_hz, shape).astype(np.float32)
    return PixelArray(threshold, noise_hz, spec.refractory_us)
