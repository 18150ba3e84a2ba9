"""CIFAR10-DVS (Li et al. 2017) as its authors offer it: an AEDAT 2 file of the DVS128 a picture, a folder a class."""

import re
from functools import partial
from pathlib import Path

from razorsnn.datasets.aedat import read_aedat2
from razorsnn.datasets.archives import Archive, contents, unpacked
from razorsnn.datasets.dataset import Dataset
from razorsnn.errors import UserError
from razorsnn.events import Columns, Events, Recording, RecordingFormat, read_events

SOURCE = "https://ndownloader.figshare.com/files"
ARCHIVES: dict[str, tuple[int, str]] = {
    "airplane": (7712788, "0afd5c4bf9ae06af762a77b180354fdd"),
    "automobile": (7712791, "8438dfeba3bc970c94962d995b1b9bdd"),
    "bird": (7712794, "a9c207c91c55b9dc2002dc21c684d785"),
    "cat": (7712812, "52c63c677c2b15fa5146a8daf4d56687"),
    "deer": (7712815, "b6bf21f6c04d21ba4e23fc3e36c8a4a3"),
    "dog": (7712818, "f379ebdf6703d16e0a690782e62639c3"),
    "frog": (7712842, "cad6ed91214b1c7388a5f6ee56d08803"),
    "horse": (7712851, "e7cbbf77bec584ffbf913f00e682782a"),
    "ship": (7712836, "41c7bd7d6b251be82557c6cce9a7d5c9"),
    "truck": (7712839, "89f3922fd147d9aeff89e76a2b0b70a7"),
}
"""Class -> number and MD5 sum of its archive."""

LAST = 127
NUMBER = re.compile(r"cifar10_[a-z]+_(\d+)")
TRAINING_SHARE = (9, 10)


def read_cifar10_dvs(root: Path) -> Dataset:
    """`root` holds <class>/cifar10_<class>_<n>.aedat, or an archive a class. UserError: it does not.

    In each class the first nine tenths, in the order of n, train and the others test: the split of TA-SNN.
    """
    recordings, files = [], []
    for label, name in enumerate(ARCHIVES):
        found = _files(root, name)
        files += found
        last = len(found) * TRAINING_SHARE[0] // TRAINING_SHARE[1]
        recordings += [
            Recording(f"{name}/{path.name}", label, partial(_read, path), "train" if index < last else "test")
            for index, path in enumerate(found)
        ]
    ordered = tuple(sorted(recordings, key=lambda recording: recording.name))
    return Dataset("cifar10_dvs", tuple(ARCHIVES), ordered, contents(files, root))


def _files(root: Path, name: str) -> list[Path]:
    number, md5 = ARCHIVES[name]
    folder = unpacked(root, Archive(f"{name}.zip", md5, f"{SOURCE}/{number}", name))
    numbered = {int(match[1]): path for path in folder.glob("*.aedat") if (match := NUMBER.fullmatch(path.stem))}
    if len(numbered) < 2:
        raise UserError(f"{folder}: {len(numbered)} recordings; accepted: two or more, as cifar10_{name}_<n>.aedat")
    return [numbered[index] for index in sorted(numbered)]


def _read(path: Path) -> Events:
    return read_events(path, FORMAT)


def _upright(path: Path) -> Columns:
    """The camera stood turned: its columns count the picture's rows from below, its rows the columns from the right."""
    stored = read_aedat2(path)
    return {"t": stored["t"], "x": LAST - stored["y"], "y": LAST - stored["x"], "p": 1 - stored["p"]}


FORMAT = RecordingFormat(_upright, "AEDAT 2 of a DVS128")
