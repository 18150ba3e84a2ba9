"""What is slow to compute from large data sets and is kept on disk, by what it was made from; whole or not at all.

It lies in the folder that the environment variable RAZORSNN_CACHE names, or in ~/.cache/razorsnn. It may be deleted at
any time.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn.errors import UserError
from razorsnn.files import atomic_path, read_json, write_json

Frames = NDArray[np.uint8]

SCHEMA = 1
"""Raised when the same sources would give other values."""


def folder() -> Path:
    return Path(os.environ.get("RAZORSNN_CACHE") or Path.home() / ".cache" / "razorsnn")


def key(*sources: object) -> str:
    """A name for what is made from `sources`, which must have a stable repr."""
    return hashlib.sha256(repr((SCHEMA, *sources)).encode()).hexdigest()


def kept_values(name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The JSON values under `name`; made and stored if they are not there. UserError as `write_json`."""
    path = folder() / f"{name}.json"
    if path.is_file():
        try:
            return read_json(path)
        except UserError:  # half of a file that a broken disk left: made anew
            pass
    values = make()
    write_json(path, values)
    return values


def kept_frames(name: str, shape: tuple[int, ...], make: Callable[[], Iterable[Frames]]) -> Frames:
    """uint8 `shape`, mapped from disk; `make` gives its shape[0] parts in order. UserError as `atomic_path`."""
    path = folder() / f"{name}.npy"
    stored = _mapped(path, shape)
    if stored is None:
        with atomic_path(path) as temporary, temporary.open("wb") as stream:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(stream, header)
            for part in make():
                stream.write(part.tobytes())
        stored = _mapped(path, shape)
    assert stored is not None
    return stored


def _mapped(path: Path, shape: tuple[int, ...]) -> Frames | None:
    """None where there is no whole file."""
    try:
        stored: Frames = np.load(path, mmap_mode="r", allow_pickle=False)
    except (FileNotFoundError, ValueError, EOFError):
        return None
    return stored if stored.shape == shape else None
