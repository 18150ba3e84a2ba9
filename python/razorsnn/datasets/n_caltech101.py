"""N-Caltech101 (Orchard et al. 2015): 101 classes in the ATIS layout, as large as each picture, at most 240 x 180."""

from functools import partial
from pathlib import Path

from razorsnn.datasets.archives import Archive, contents, unpacked
from razorsnn.datasets.dataset import Dataset
from razorsnn.errors import UserError
from razorsnn.events import Recording, load_recording

CLASSES = 101
"""100 kinds of objects and BACKGROUND_Google. The faces are there once, as Faces_easy."""


def read_n_caltech101(root: Path) -> Dataset:
    """`root` is, or holds, the folder Caltech101 of <class>/image_<n>.bin, or its archive. UserError: it does not.

    It has no split of its own. The boxes in Caltech101_annotations, which are .bin files too, are not read.
    """
    folder = unpacked(root, _archive())
    files = sorted(path for path in folder.glob("*/image_*.bin"))
    class_names = tuple(sorted({path.parent.name for path in files}))
    if len(class_names) != CLASSES:
        raise UserError(f"{folder}: {len(class_names)} classes of image_<n>.bin; accepted: all {CLASSES}, unpack again")
    recordings = [_recording(path, folder, class_names) for path in files]
    return Dataset("n_caltech101", class_names, tuple(recordings), contents(files, folder))


def _recording(path: Path, folder: Path, class_names: tuple[str, ...]) -> Recording:
    label = class_names.index(path.parent.name)
    return Recording(path.relative_to(folder).as_posix(), label, partial(load_recording, path))


def _archive() -> Archive:
    """tonic saves it under a name of its own; its authors offer it as Caltech101.zip."""
    from tonic.datasets import NCALTECH101

    return Archive(NCALTECH101.data_filename, NCALTECH101.file_md5, NCALTECH101.url, NCALTECH101.folder_name)
