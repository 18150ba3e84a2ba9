"""DVS128 Gesture (Amir et al. 2017) as IBM offers it: one AEDAT 3.1 file a trial, the gestures in a table beside it."""

from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from razorsnn.datasets.aedat import read_aedat3
from razorsnn.datasets.archives import Archive, contents, unpacked
from razorsnn.datasets.dataset import Dataset
from razorsnn.errors import UserError
from razorsnn.events import Events, Part, Recording, RecordingFormat, read_events

CLASS_NAMES = (
    "hand_clapping", "right_hand_wave", "left_hand_wave", "right_arm_clockwise", "right_arm_counter_clockwise",
    "left_arm_clockwise", "left_arm_counter_clockwise", "arm_roll", "air_drums", "air_guitar", "other_gestures",
)  # fmt: skip
"""In the order of the labels 1 to 11."""

ARCHIVE = Archive(
    "DvsGesture.tar.gz",
    "8a5c71fb11e24e5ca5b11866ca6c00a1",
    "https://ibm.ent.box.com/s/3hiq58ww1pbbjrinh367ykfdf60xsfm8",
    "DvsGesture",
)
PARTS: tuple[Part, ...] = ("train", "test")
HEADER = "class,startTime_usec,endTime_usec"
FORMAT = RecordingFormat(read_aedat3, "AEDAT 3.1 with polarity events")


def read_dvs128_gesture(root: Path) -> Dataset:
    """`root` is, or holds, the folder DvsGesture, or the archive of it. UserError: it does not, or a file is damaged.

    A recording is a gesture, from start (included) to end (excluded) of its row in the trial's table. The users of
    trials_to_train.txt train and those of trials_to_test.txt test.
    """
    folder = unpacked(root, ARCHIVE)
    trials: dict[Path, Part] = {path: part for part in PARTS for path in _trials(folder, part)}
    recordings = [recording for path, part in sorted(trials.items()) for recording in _gestures(path, part)]
    files = [*trials, *map(_table, trials)]
    return Dataset("dvs128_gesture", CLASS_NAMES, tuple(recordings), contents(files, folder))


def _trials(folder: Path, part: Part) -> list[Path]:
    listed = folder / f"trials_to_{part}.txt"
    if not listed.is_file():
        raise UserError(f"{listed}: missing; accepted: the folder DvsGesture with both lists of trials")
    paths = [folder / line.strip() for line in listed.read_text().splitlines() if line.strip()]
    for path in (needed for trial in paths for needed in (trial, _table(trial))):
        if not path.is_file():
            raise UserError(f"{path}: missing, though {listed.name} names its trial; unpack {ARCHIVE.name} again")
    if not paths:
        raise UserError(f"{listed}: names no trial; accepted: a line a trial, such as user01_led.aedat")
    return paths


def _table(trial: Path) -> Path:
    return trial.with_name(f"{trial.stem}_labels.csv")


def _gestures(trial: Path, part: Part) -> list[Recording]:
    return [
        Recording(f"{trial.stem}/{index:02d}", label - 1, partial(_gesture, trial, index, start, end), part)
        for index, (label, start, end) in enumerate(_rows(_table(trial)))
    ]


def _rows(path: Path) -> list[tuple[int, int, int]]:
    """Label 1 to 11, start and end in microseconds, of each gesture."""
    lines = path.read_text().splitlines()
    if not lines or lines[0].strip() != HEADER:
        raise UserError(f"{path}: the header is {lines[0].strip() if lines else ''!r}; accepted: {HEADER}")
    return [_row(path, number, line) for number, line in enumerate(lines[1:], 2) if line.strip()]


def _row(path: Path, number: int, line: str) -> tuple[int, int, int]:
    values = [int(value) if value.strip().isdecimal() else -1 for value in line.split(",")]
    if len(values) != 3 or not 1 <= values[0] <= len(CLASS_NAMES) or not 0 <= values[1] < values[2]:
        raise UserError(f"{path}, line {number}: {line.strip()!r}; accepted: a class of 1 to 11, a start, a later end")
    return values[0], values[1], values[2]


def _gesture(trial: Path, index: int, start: int, end: int) -> Events:
    events = _trial_events(trial)
    return events[slice(*np.searchsorted(events["t"], (start, end)))]


@lru_cache(maxsize=1)  # the gestures of a trial are read one after the other
def _trial_events(trial: Path) -> Events:
    return read_events(trial, FORMAT)
