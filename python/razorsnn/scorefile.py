"""Scores of windows in a file, so that anyone can compare two back ends."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from razorsnn.errors import UserError
from razorsnn.files import atomic_path, make_folder
from razorsnn.samples import Samples

ARRAYS = {"names", "labels", "scores", "keep"}


def require_place(path: Path) -> None:
    """UserError unless scores may be written to `path`: nothing else that stands there is lost."""
    if path.suffix != ".npz":
        raise UserError(f"--scores {path}: accepted: a file whose name ends with .npz")
    if path.exists() and not _holds_scores(path):
        raise UserError(f"--scores {path}: is something else; accepted: a new file, or one that evaluate wrote")
    make_folder(path.parent)


def _holds_scores(path: Path) -> bool:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return set(stored.files) == ARRAYS
    except (OSError, ValueError, EOFError, BadZipFile, TypeError):  # an array alone is no file of arrays
        return False


def save(path: Path, samples: Samples, scores: Any, keep: Any) -> None:
    """Names and labels [N] of the windows, their scores [N, classes] and keep bits [N, gates, T]."""
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream, allow_pickle=False, names=np.array(samples.names), labels=samples.labels, scores=scores, keep=keep
        )
