"""Spiking Heidelberg Digits (Cramer et al. 2020): 700 channels of a cochlea, in two HDF5 files."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from razorsnn.datasets.archives import Archive, contents, unpacked
from razorsnn.datasets.dataset import Dataset
from razorsnn.errors import UserError
from razorsnn.events import Columns, Events, Part, Recording, RecordingFormat, read_events

PARTS: tuple[Part, ...] = ("train", "test")
Found = TypeVar("Found")


def read_shd(root: Path) -> Dataset:
    """`root` holds shd_train.h5 and shd_test.h5, or the archives of them. UserError: it does not, or one is damaged.

    A recording has one row: x is the channel, y is 0, all polarities are 1. Times, in seconds there, are rounded.
    """
    files: dict[Part, Path] = {part: unpacked(root, _archive(part)) for part in PARTS}
    recordings: list[Recording] = []
    names: list[tuple[str, ...]] = []
    for part, path in files.items():
        labels, class_names = _labels(path)
        names.append(class_names)
        recordings += [
            Recording(f"{part}/{index:05d}", label, partial(_recording, path, index), part)
            for index, label in enumerate(labels)
        ]
    if names[0] != names[1]:
        raise UserError(f"{files['test']}: other classes than {files['train'].name}; accepted: two files of one set")
    ordered = tuple(sorted(recordings, key=lambda recording: recording.name))
    return Dataset("shd", names[0], ordered, contents(files.values(), root))


def _archive(part: Part) -> Archive:
    from tonic.datasets import SHD

    name: str = getattr(SHD, f"{part}_zip")
    return Archive(name, getattr(SHD, f"{part}_md5"), SHD.base_url + name, name.removesuffix(".zip"))


def _labels(path: Path) -> tuple[list[int], tuple[str, ...]]:
    def read(file: Any) -> tuple[list[int], tuple[str, ...]]:
        labels, names = file["labels"][()], tuple(name.decode() for name in file["extra/keys"][()])
        lengths = {len(labels), len(file["spikes/times"]), len(file["spikes/units"])}
        if len(lengths) > 1 or not len(labels) or not 0 <= labels.min() <= labels.max() < len(names):
            raise ValueError(f"{len(labels)} labels, {len(names)} classes, spikes of {max(lengths)} recordings")
        return labels.tolist(), names

    try:
        return _opened(path, read)
    except (OSError, KeyError, ValueError) as error:
        told = " ".join(str(error).split())
        raise UserError(f"{path}: not a readable file of SHD ({told}); accepted: HDF5 with spikes and labels") from None


def _opened(path: Path, read: Callable[[Any], Found]) -> Found:
    import h5py

    with h5py.File(path, "r") as file:
        return read(file)


def _recording(path: Path, index: int) -> Events:
    return read_events(path, RecordingFormat(partial(_columns, index), "HDF5 with spikes/times and spikes/units"))


def _columns(index: int, path: Path) -> Columns:
    times, units = _opened(path, lambda file: (file["spikes/times"][index], file["spikes/units"][index]))
    # Half precision in the files: microseconds need the doubles.
    time = np.rint(times.astype(np.float64) * 1e6)
    return {"t": time, "x": units, "y": np.zeros_like(units), "p": np.ones_like(units)}
