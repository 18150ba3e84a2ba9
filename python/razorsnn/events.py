"""Recordings of an event camera: one structured array, whatever the file format."""

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from razorsnn.errors import UserError

EVENT_DTYPE = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "i1")])
"""t: time in microseconds; x, y: column and row in pixels; p: polarity, 1 = brighter, 0 = darker."""

COLUMNS = ("t", "x", "y", "p")
ATIS_EVENT_BYTES = 5
MAX_TIME_US = 2**51  # 71 years: takes times of day, and leaves room for a product with the number of frames

Part = Literal["train", "test"]
"""A side of the split that a data set comes with."""

Events = NDArray[np.void]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Recording:
    """One recording. `label`: index into the data set's class names; `part`: its side in the data set's own split.

    `stored`: the events, or what reads them: a large data set does not fit in memory.
    """

    name: str
    label: int
    stored: Events | Callable[[], Events]
    part: Part | None = None

    @property
    def events(self) -> Events:
        """EVENT_DTYPE, sorted by t, possibly empty; read anew each time where `stored` reads. UserError as it."""
        return self.stored if isinstance(self.stored, np.ndarray) else self.stored()


@dataclass(frozen=True)
class RecordingFormat:
    """`read` gives the columns, or raises ValueError or OSError; `accepted` says what the file must hold."""

    read: Callable[[Path], Columns]
    accepted: str


def load_recording(path: Path) -> Events:
    """Events of one file, as `read_events` gives them, in the format of its suffix.

    Raises UserError for a suffix that READERS lacks, and for a file that is truncated, unreadable or foreign.
    """
    kind = READERS.get(path.suffix.lower())
    if kind is None:
        raise UserError(f"{path}: unknown kind of recording; accepted: {', '.join(READERS)}")
    return read_events(path, kind)


def read_events(path: Path, kind: RecordingFormat) -> Events:
    """EVENT_DTYPE, in order of time; events of equal time keep the order of the file. UserError as load_recording."""
    try:
        if path.stat().st_size == 0:
            raise ValueError("the file is empty")
        events = events_from_columns(kind.read(path))
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: not a readable recording ({reason}); accepted: {kind.accepted}") from error
    return events[np.argsort(events["t"], kind="stable")]


def events_from_columns(columns: Columns) -> Events:
    """EVENT_DTYPE [N] of columns t, x, y, p, each [N]. ValueError where a cast would lose a value."""
    if set(columns) != set(COLUMNS):
        raise ValueError(f"the columns are {', '.join(columns) or 'none'}")
    shapes = {columns[name].shape for name in COLUMNS}
    if len(shapes) > 1 or len(columns["t"].shape) != 1:
        raise ValueError(f"the columns have shapes {', '.join(str(columns[name].shape) for name in COLUMNS)}")
    events = np.empty(len(columns["t"]), EVENT_DTYPE)
    for name in COLUMNS:
        events[name] = _exact(columns[name], name)
    return events


def _exact(values: NDArray[Any], name: str) -> NDArray[Any]:
    """The values, if a cast to the field's integer type keeps every one of them."""
    if values.dtype.kind not in "buif":
        raise ValueError(f"column {name} holds {values.dtype}, not numbers")
    if values.dtype.kind == "f" and not np.all(np.isfinite(values) & (np.floor(values) == values)):
        raise ValueError(f"column {name} holds a value that is not a whole number")
    low, high = (-MAX_TIME_US, MAX_TIME_US) if name == "t" else _limits(EVENT_DTYPE[name])
    if len(values) and not low <= int(values.min()) <= int(values.max()) <= high:
        raise ValueError(f"column {name} holds a value outside {low}..{high}")
    return values


def _limits(integer: np.dtype[Any]) -> tuple[int, int]:
    return int(np.iinfo(integer).min), int(np.iinfo(integer).max)


def _read_atis(path: Path) -> Columns:
    # Imported here: tonic loads torch where torch is installed, and most commands need neither.
    from tonic.io import read_mnist_file

    size = path.stat().st_size
    if size % ATIS_EVENT_BYTES:
        raise ValueError(f"{size} bytes, which is not a multiple of {ATIS_EVENT_BYTES}: truncated?")
    # tonic fills the fields by position, so this order is its own, not ours.
    order = np.dtype([("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "i1")])
    events = read_mnist_file(str(path), dtype=order)
    return {name: events[name] for name in COLUMNS}


def _read_numpy(path: Path) -> Columns:
    with path.open("rb") as file:
        if not file.read(6).startswith((b"\x93NUMPY", b"PK")):  # numpy would speak of pickles
            raise ValueError("neither an array nor an archive of arrays")
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return _split_array(loaded)
    with loaded:
        arrays: dict[str, NDArray[Any]] = dict(loaded)
    return _split_array(next(iter(arrays.values()))) if len(arrays) == 1 else arrays


def _split_array(array: NDArray[Any]) -> Columns:
    if array.dtype.names is not None:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim != 2 or array.shape[1] != len(COLUMNS):
        raise ValueError(f"an array of shape {array.shape}")
    return dict(zip(COLUMNS, array.T, strict=True))


def _read_csv(path: Path) -> Columns:
    with path.open(newline="", encoding="utf-8-sig") as file:
        header = [name.strip() for name in file.readline().split(",")]
        rows = [line for line in file if line.strip()]
    if sorted(header) != sorted(COLUMNS):
        raise ValueError(f"the header is {','.join(header)!r}")
    if not rows:
        return {name: np.empty(0, np.int64) for name in COLUMNS}
    body = np.loadtxt(rows, delimiter=",", dtype=np.int64, ndmin=2, comments=None)
    if body.shape[1] != len(COLUMNS):
        raise ValueError(f"the rows have {body.shape[1]} columns")
    return dict(zip(header, body.T, strict=True))


READERS: dict[str, RecordingFormat] = {
    ".bin": RecordingFormat(_read_atis, "the N-MNIST/ATIS layout, 5 bytes an event"),
    ".npy": RecordingFormat(_read_numpy, "whole numbers, a structured array of t, x, y, p or an N x 4 one"),
    ".npz": RecordingFormat(_read_numpy, "whole numbers, arrays t, x, y, p or one array as in .npy"),
    ".csv": RecordingFormat(_read_csv, "a header with t, x, y, p in any order, then rows of whole numbers"),
}
