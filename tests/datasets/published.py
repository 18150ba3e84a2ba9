"""Small copies of the published data sets, written byte by byte in the formats in which their authors offer them.

Every writer returns {name of the recording: (label, part, [(t, x, y, p), ...])}: what a reader must find.
"""

import struct
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from razorsnn.config import Config
from razorsnn.datasets import Dataset, SimulatedSpec, cifar10_dvs, dvs128_gesture, open_dataset
from razorsnn.errors import UserError
from razorsnn.samples import Samples, read_samples

Rows = list[tuple[int, int, int, int]]
Expected = dict[str, tuple[int, str | None, Rows]]


def some_rows(seed: int, width: int, height: int, count: int = 12, start: int = 0) -> Rows:
    """Sorted by time; the last one in the far corner of the sensor."""
    rng = np.random.default_rng(seed)
    times = start + np.sort(rng.choice(5_000, count, replace=False))
    rows = [(int(t), int(rng.integers(width)), int(rng.integers(height)), int(rng.integers(2))) for t in times]
    return [*rows[:-1], (rows[-1][0], width - 1, height - 1, 1)]


# ---- ATIS: N-MNIST and N-Caltech101


def atis(rows: Rows) -> bytes:
    return b"".join(bytes([x, y]) + (p << 23 | t).to_bytes(3, "big") for t, x, y, p in rows)


def append_atis(path: Path, row: tuple[int, int, int, int]) -> None:
    with path.open("ab") as stream:
        stream.write(atis([row]))


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_nmnist(root: Path) -> Expected:
    expected: Expected = {}
    for seed, (folder, digit, number) in enumerate(product(("Train", "Test"), range(10), (1, 2))):
        name, rows = f"{folder}/{digit}/{number:05d}.bin", some_rows(seed, 34, 34)
        write(root / name, atis(rows))
        expected[name] = digit, folder.lower(), rows
    return expected


CALTECH = ("BACKGROUND_Google", "Faces_easy", *sorted(f"class_{index:03d}" for index in range(99)))


def write_n_caltech101(root: Path) -> Expected:
    """As unpacked from Caltech101.zip and Caltech101_annotations.zip: 16-bit words, a box and a contour a file."""
    expected: Expected = {}
    for label, kind in enumerate(CALTECH):
        for number in (1, 2):
            name, rows = f"{kind}/image_{number:04d}.bin", some_rows(10 * label + number, 240, 180)
            write(root / "Caltech101" / name, atis(rows))
            expected[name] = label, None, rows
            if kind != "BACKGROUND_Google":
                box = np.array([2, 5, 1, 1, 60, 1, 60, 50, 1, 50, 1, 1, 2, 1, 30, 30], "<i2")
                write(root / "Caltech101_annotations" / kind / f"annotation_{number:04d}.bin", box.tobytes())
    return expected


# ---- AEDAT 3.1 with tables: DVS128 Gesture

HEADER3 = (
    b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2016-08-24 10:57:46 (TZ-0400)\r\n"
    b"#!END-HEADER\r\n"
)


def packet(events: bytes, count: int, size: int = 8, kind: int = 1, overflow: int = 0) -> bytes:
    return struct.pack("<hhiiiiii", kind, 1, size, 4, overflow, count, count, count) + events


def polarity_event(row: tuple[int, int, int, int], valid: int = 1) -> bytes:
    t, x, y, p = row
    return struct.pack("<II", x << 17 | y << 2 | p << 1 | valid, t & 0x7FFFFFFF)


def aedat3(rows: Rows) -> bytes:
    """In packets of five events, with a packet of special events and an invalid event among them."""
    parts = [HEADER3, packet(struct.pack("<II", 1, 0), 1, kind=0)]
    for first in range(0, len(rows), 5):
        some = rows[first : first + 5]
        ghost = polarity_event((some[0][0], 1, 1, 1), valid=0)
        overflow = some[0][0] >> 31
        assert all(t >> 31 == overflow for t, *_ in some), "one overflow count a packet"
        parts.append(packet(ghost + b"".join(map(polarity_event, some)), len(some) + 1, overflow=overflow))
    return b"".join(parts)


GESTURES = ((3, 1_000, 6_000), (11, 10_000, 15_000), (3, 20_000, 25_000))
TRIALS = {"user01_led": "train", "user02_lab": "train", "user29_natural": "test"}
LATE = 2**31 - 12_000
"""The trial of the test begins here, so that its clock overflows between two gestures."""


def write_dvs128_gesture(root: Path) -> Expected:
    """Three trials of three gestures, with events between the gestures that belong to none."""
    expected: Expected = {}
    folder = root / "DvsGesture"
    for seed, (trial, part) in enumerate(TRIALS.items()):
        offset = LATE if part == "test" else 0
        stream: Rows = [(offset + 10, 5, 5, 1)]
        table = [dvs128_gesture.HEADER]
        for index, (label, start, end) in enumerate(GESTURES):
            rows = some_rows(10 * seed + index, 128, 128, 10, offset + start)
            stream += [*rows, (offset + end, 7, 7, 0), *[(offset + end + 1, 7, 7, 0)] * 4]
            table.append(f"{label},{offset + start},{offset + end}")
            expected[f"{trial}/{index:02d}"] = label - 1, part, rows
        stream = [*stream[:1] * 5, *stream[1:]]
        write(folder / f"{trial}.aedat", aedat3(stream))
        write(folder / f"{trial}_labels.csv", "\n".join([*table, ""]).encode())
    for part in ("train", "test"):
        lines = [f"{trial}.aedat\r\n" for trial, side in TRIALS.items() if side == part]
        write(folder / f"trials_to_{part}.txt", "".join(lines).encode())
    write(folder / "gesture_mapping.csv", b"action,label\nhand_clapping,1\n")
    return expected


# ---- AEDAT 2: CIFAR10-DVS

HEADER2 = b"#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n# Timestamps tick is 1 us\r\n"


def aedat2(rows: Rows) -> bytes:
    """The camera stood turned: picture x = 127 - y of the camera, picture y = 127 - x, and 1 is darker."""
    words = [(t, (127 - x) << 8 | (127 - y) << 1 | (1 - p)) for t, x, y, p in rows]
    return HEADER2 + b"".join(struct.pack(">II", address, t) for t, address in words)


def write_cifar10_dvs(root: Path, count: int = 10) -> Expected:
    expected: Expected = {}
    for label, name in enumerate(cifar10_dvs.ARCHIVES):
        for number in range(count):
            rows = some_rows(100 * label + number, 128, 128)
            file = f"{name}/cifar10_{name}_{number}.aedat"
            write(root / file, aedat2(rows))
            expected[file] = label, "train" if number < count * 9 // 10 else "test", rows
    return expected


# ---- HDF5: SHD

DIGITS = [f"{language}_{digit}" for language in ("english", "german") for digit in range(10)]


def write_shd(root: Path, change: Callable[[h5py.File], None] = lambda file: None) -> Expected:
    """Times in seconds and half precision, as in the published files; `change` is applied to each file."""
    expected: Expected = {}
    root.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", 40), ("test", 20)):
        with h5py.File(root / f"shd_{part}.h5", "w") as file:
            labels = np.arange(count, dtype=np.uint16) % 20
            times = file.create_dataset("spikes/times", (count,), h5py.vlen_dtype(np.float16))
            units = file.create_dataset("spikes/units", (count,), h5py.vlen_dtype(np.uint16))
            file["labels"] = labels
            file["extra/keys"] = np.array(DIGITS, "S")
            file["extra/speaker"] = np.zeros(count, np.uint16)
            for index in range(count):
                rows = some_rows(index, 700, 1)
                seconds = np.array([t for t, *_ in rows]).astype(np.float64) / 1e6
                times[index] = seconds.astype(np.float16)
                units[index] = [x for _, x, _, _ in rows]
                stored = np.rint(seconds.astype(np.float16).astype(np.float64) * 1e6).astype(int)
                told = [(int(t), x, 0, 1) for t, (_, x, _, _) in zip(stored, rows, strict=True)]
                expected[f"{part}/{index:05d}"] = int(labels[index]), part, sorted(told, key=lambda row: row[0])
            change(file)
    return expected


WRITERS: dict[str, Callable[[Path], Expected]] = {
    "nmnist": write_nmnist,
    "dvs128_gesture": write_dvs128_gesture,
    "n_caltech101": write_n_caltech101,
    "cifar10_dvs": write_cifar10_dvs,
    "shd": write_shd,
}
SENSORS = {
    "nmnist": (34, 34),
    "dvs128_gesture": (128, 128),
    "n_caltech101": (180, 240),
    "cifar10_dvs": (128, 128),
    "shd": (1, 700),
}


def opened(name: str, root: Path) -> Dataset:
    return open_dataset(f"{name}:{root}", SimulatedSpec(), 0)


def samples_of(name: str, root: Path, **data: Any) -> Samples:
    sensor = SENSORS[name]
    grid = tuple(min(side, 32) for side in sensor)
    values = {"sensor": sensor, "grid": grid, "frames": 4, "channels": 1 if name == "shd" else 2, **data}
    return read_samples(f"{name}:{root}", Config.model_validate({"data": values}))


def told(name: str, root: Path) -> str:
    """The one line that reading everything is refused with."""
    with pytest.raises(UserError) as caught:
        samples_of(name, root)
    message = str(caught.value)
    assert "\n" not in message
    return message
