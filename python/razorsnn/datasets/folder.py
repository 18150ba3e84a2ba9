"""A folder of recordings: the class is the name of the file's folder, or part of the file's own name."""

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from razorsnn.datasets.dataset import Dataset
from razorsnn.errors import UserError
from razorsnn.events import READERS, Recording, load_recording
from razorsnn.progress import progress_bar

logger = logging.getLogger("razorsnn")

MOST_NAMED = 5
"""Kinds of files that are told."""
NUMBERED = re.compile(r"\d+_(?P<label>.+)")
LAYOUT = f"<class>/<file> or, without class folders, <number>_<class>, with a suffix of {', '.join(READERS)}"


def read_folder(root: Path, accepted: tuple[str, ...] = ()) -> Dataset:
    """All recordings below `root`; their names are paths relative to it, with forward slashes.

    The class is the direct parent's name at any depth or, if all files are in `root` itself, what follows the
    number in `02_right_hand_wave.bin`. Raises UserError for a missing or empty folder, for fewer than two classes,
    for a file without a class, and for a file that load_recording refuses.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; accepted: {', '.join((*accepted, 'a folder of recordings'))}")
    paths = _recordings(root)
    if not paths:
        raise UserError(f"{root}: no recordings; accepted: {LAYOUT}")
    class_of = _class_in_file_name if all(path.parent == root for path in paths.values()) else _class_folder
    classes = {name: class_of(paths[name], root) for name in sorted(paths)}
    class_names = tuple(sorted(set(classes.values())))
    if len(class_names) < 2:
        raise UserError(f"{root}: one class only, {class_names[0]!r}; accepted: two or more, as {LAYOUT}")
    with progress_bar(classes.items(), desc="reading recordings", unit="file", delay=1, leave=False) as bar:
        labelled = ((name, class_names.index(label)) for name, label in bar)
        recordings = tuple(Recording(name, label, load_recording(paths[name])) for name, label in labelled)
    return Dataset(root.resolve().name, class_names, recordings)


def _recordings(root: Path) -> dict[str, Path]:
    """Warns of files that are none, by their suffixes."""
    found = {path.relative_to(root): path for path in _files(root)}
    visible = {name: path for name, path in found.items() if not any(part[0] == "." for part in name.parts)}
    files = {name.as_posix(): path for name, path in visible.items() if path.is_file()}
    kinds = (path.suffix.lower() for path in files.values())
    if others := Counter(kind for kind in kinds if kind not in READERS).most_common(MOST_NAMED):
        told = ", ".join(f"{count} {kind or 'without a suffix'}" for kind, count in others)
        logger.warning("%s: files of suffixes that are not read: %s; accepted: %s", root, told, ", ".join(READERS))
    return {name: path for name, path in files.items() if path.suffix.lower() in READERS}


def _files(root: Path) -> Iterator[Path]:
    """Links to folders are followed, but not back to where they came from."""
    for folder, below, names in os.walk(root, followlinks=True):
        here = Path(folder).resolve()
        below[:] = [name for name in below if not here.is_relative_to((here / name).resolve())]
        yield from (Path(folder) / name for name in names)


def _class_folder(path: Path, root: Path) -> str:
    if path.parent == root:
        raise UserError(f"{path}: lies beside the class folders; accepted: {LAYOUT}")
    return path.parent.name


def _class_in_file_name(path: Path, root: Path) -> str:
    match = NUMBERED.fullmatch(path.stem)
    if match is None:
        raise UserError(f"{path}: no class in the name; accepted: {LAYOUT}")
    return match["label"]
