"""N-MNIST (Orchard et al. 2015): digits in the ATIS layout, in its own training and test folders."""

from functools import partial
from pathlib import Path

from razorsnn.datasets.archives import Archive, contents, unpacked
from razorsnn.datasets.dataset import Dataset
from razorsnn.errors import UserError
from razorsnn.events import Part, Recording, load_recording

CLASS_NAMES = tuple("0123456789")
FOLDERS: dict[Part, str] = {"train": "Train", "test": "Test"}


def read_nmnist(root: Path) -> Dataset:
    """`root` holds Train/<digit>/*.bin and Test/<digit>/*.bin, or train.zip and test.zip. UserError: it does not."""
    files = {part: _files(unpacked(root, _archive(part))) for part in FOLDERS}
    recordings = [
        Recording(f"{FOLDERS[part]}/{path.parent.name}/{path.name}", label, partial(load_recording, path), part)
        for part, found in files.items()
        for path, label in found.items()
    ]
    ordered = tuple(sorted(recordings, key=lambda recording: recording.name))
    return Dataset("nmnist", CLASS_NAMES, ordered, contents([path for found in files.values() for path in found], root))


def _archive(part: Part) -> Archive:
    from tonic.datasets import NMNIST

    name, md5, url = (getattr(NMNIST, f"{part}_{what}") for what in ("filename", "md5", "url"))
    return Archive(name, md5, url, FOLDERS[part])


def _files(folder: Path) -> dict[Path, int]:
    found = {path: label for label, name in enumerate(CLASS_NAMES) for path in (folder / name).glob("*.bin")}
    empty = sorted(set(CLASS_NAMES) - {path.parent.name for path in found})
    if empty:
        raise UserError(f"{folder / empty[0]}: no .bin files; accepted: folders 0 to 9, each with recordings")
    return found
