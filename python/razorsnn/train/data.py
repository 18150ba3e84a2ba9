"""Windows to train with: checks, slices, batches. Each epoch has a random generator of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from razorsnn.config import Config
from razorsnn.errors import UserError
from razorsnn.train.augment import moved
from razorsnn.train.drop import drop_events
from razorsnn.train.world import part as part_of


@dataclass(frozen=True)
class WindowSet:
    """frames: uint8 [N, T, C, H, W], at most 2**input_bits - 1; labels: int64 [N].

    starts: int64 [recordings], where the windows of each recording begin, one after the other in time, if slices of
    recordings train and their windows vote.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.int64]
    starts: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """What an epoch trains with: windows, or recordings."""
        return len(self.labels if self.starts is None else self.starts)

    def drawn(self, part: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Frames and labels of the windows `part`, or of a slice of T frames in each of the recordings `part`."""
        if self.starts is None:
            return self.frames[part], self.labels[part]
        count, ends = self.frames.shape[1], np.append(self.starts[1:], len(self.frames))
        stream = self.frames.reshape(-1, *self.frames.shape[2:])
        first, last = self.starts[part] * count, (ends[part] - 1) * count
        slices = [stream[start : start + count] for start in rng.integers(first, last, endpoint=True)]
        return np.stack(slices), self.labels[self.starts[part]]


@dataclass(frozen=True)
class Batch:
    """frames: uint8 [N, T, C, H, W]; labels: int64 [N], of this process; `total`: windows of all processes."""

    frames: torch.Tensor
    labels: torch.Tensor
    total: int

    def on(self, device: torch.device) -> "Batch":
        return replace(self, frames=self.frames.to(device), labels=self.labels.to(device))


def check_windows(config: Config, windows: WindowSet, what: str, classes: int) -> None:
    """UserError where the windows do not fit the settings."""
    expected = (config.data.frames, config.data.channels, *config.data.grid)
    _require(len(windows.frames) > 0, f"{what}: no windows; accepted: one or more")
    found = windows.frames.shape[1:]
    _require(found == expected, f"{what}: windows of shape {found}; accepted: {expected} as in [data]")
    top = 2**config.quantisation.input_bits - 1
    high = int(windows.frames.max())
    _require(high <= top, f"{what}: a count of {high}; accepted: 0..{top} as in quantisation.input_bits")
    wanted = config.network.classes
    _require(classes == wanted, f"network.layers ends in {wanted}, the data has {classes} classes; make them equal")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UserError(message)


def batch_count(windows: WindowSet, size: int) -> int:
    return -(-len(windows) // size)


def training_batches(config: Config, windows: WindowSet, epoch: int) -> Iterator[Batch]:
    """Every window, or recording, once, as drawn and changed by what depends on the seed and the epoch only.

    Of each batch this process gets its part. Batches are as equal in size as can be: a last batch of one window would
    spoil its statistics.
    """
    rng = np.random.default_rng([config.seed, epoch])
    order = rng.permutation(len(windows))
    for part in np.array_split(order, batch_count(windows, config.train.batch)):
        drawn, labels = windows.drawn(part, rng)
        frames = moved(drawn, config.train, rng)
        if config.train.event_drop:
            drop_events(frames, config.train.event_drop, rng)
        mine = part_of(labels)
        yield Batch(torch.from_numpy(frames[mine]), torch.from_numpy(labels[mine]), len(labels))


def plain_batches(frames: NDArray[np.uint8], size: int) -> Iterator[torch.Tensor]:
    """In the order given."""
    for start in range(0, len(frames), size):
        yield torch.from_numpy(np.array(frames[start : start + size]))  # a copy: frames may be mapped, read only
