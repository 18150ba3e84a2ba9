"""Windows of a data set, as the settings cut, split and order them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from razorsnn.config import Config
from razorsnn.datasets import open_dataset, split_windows
from razorsnn.errors import UserError
from razorsnn.frames import FrameSpec, Window, build_frames, cut_windows
from razorsnn.stream import window_words


@dataclass(frozen=True)
class Samples:
    """Windows in the order of their names, of a data set that `fingerprint` identifies by content."""

    source: str
    fingerprint: str
    class_names: tuple[str, ...]
    windows: tuple[Window, ...]
    spec: FrameSpec

    @property
    def names(self) -> list[str]:
        return [window.name for window in self.windows]

    @property
    def labels(self) -> NDArray[np.int64]:
        return np.array([window.label for window in self.windows], dtype=np.int64)

    def chosen(self, indices: Sequence[int]) -> "Samples":
        windows = tuple(self.windows[index] for index in indices)
        return Samples(self.source, self.fingerprint, self.class_names, windows, self.spec)

    def frames(self) -> NDArray[np.uint8]:
        """[N, T, C, H, W]"""
        return np.stack([build_frames(window, self.spec) for window in self.windows])

    def words(self) -> list[NDArray[np.uint32]]:
        """The stream words of each window."""
        return [window_words(window, self.spec) for window in self.windows]


def frame_spec(config: Config) -> FrameSpec:
    data = config.data
    return FrameSpec(data.frames, data.sensor, data.grid, data.channels, config.quantisation.input_bits, data.dt_us)


def read_samples(data: str, config: Config) -> Samples:
    """Every window of the data set `data`; UserError as the reader, and for events that the sensor cannot give."""
    dataset = open_dataset(data, config.simulated.spec(), config.seed)
    spec = frame_spec(config)
    digest = hashlib.sha256(repr((dataset.class_names, spec)).encode())
    windows: list[Window] = []
    for recording in tqdm(dataset.recordings, desc="frames", unit="recording", leave=False, delay=1.0):
        windows += cut_windows(recording, spec)
        digest.update(f"{recording.name} {recording.label}".encode() + recording.events.tobytes())
    windows.sort(key=lambda window: (window.recording, window.index))
    return Samples(data, digest.hexdigest(), dataset.class_names, tuple(windows), spec)


def split(samples: Samples, config: Config) -> tuple[Samples, Samples]:
    """What trains and what validates."""
    train, validation = split_windows(samples.windows, config.data.validation, config.data.split, config.seed)
    return samples.chosen(train), samples.chosen(validation)


def unseen(data: str, config: Config, trained_on: str, classes: tuple[str, ...], limit: int | None) -> Samples:
    """The first `limit` windows that training did not see: of its own data set the validation split, else all."""
    samples = read_samples(data, config)
    if samples.class_names != classes:
        raise UserError(
            f"{data}: classes {', '.join(samples.class_names)}; accepted: those of the graph, {', '.join(classes)}"
        )
    if samples.fingerprint == trained_on:
        samples = split(samples, config)[1]
    return samples.chosen(range(len(samples.windows))[:limit])
