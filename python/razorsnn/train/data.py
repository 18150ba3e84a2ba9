"""Windows to train with: checks and batches. Each epoch has a random generator of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from razorsnn.config import Config
from razorsnn.errors import UserError
from razorsnn.train.augment import moved


@dataclass(frozen=True)
class WindowSet:
    """frames: uint8 [N, T, C, H, W], at most 2**input_bits - 1; labels: int64 [N]."""

    frames: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """frames: uint8 [N, T, C, H, W]; labels: int64 [N]."""

    frames: torch.Tensor
    labels: torch.Tensor


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
    return -(-len(windows.frames) // size)


def training_batches(config: Config, windows: WindowSet, epoch: int) -> Iterator[Batch]:
    """Every window once, in an order and moved in ways that depend on the seed and the epoch only.

    Batches are as equal in size as can be: a last batch of one window would spoil its statistics.
    """
    rng = np.random.default_rng([config.seed, epoch])
    order = rng.permutation(len(windows.frames))
    for part in np.array_split(order, batch_count(windows, config.train.batch)):
        frames = moved(windows.frames[part], config.train, rng)
        yield Batch(frames, torch.from_numpy(windows.labels[part]))


def plain_batches(frames: NDArray[np.uint8], size: int) -> Iterator[torch.Tensor]:
    """In the order given."""
    for start in range(0, len(frames), size):
        yield torch.from_numpy(np.ascontiguousarray(frames[start : start + size]))
