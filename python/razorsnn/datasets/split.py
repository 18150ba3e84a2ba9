"""Which windows train and which validate, such that no window is on a side by the order of a file system."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from razorsnn.errors import UserError
from razorsnn.events import Part


class Placed(Protocol):
    """A window, as far as the split looks at it; `index`: its place in time in its recording."""

    @property
    def label(self) -> int: ...
    @property
    def recording(self) -> str: ...
    @property
    def index(self) -> int: ...
    @property
    def part(self) -> Part | None: ...


By = Literal["recording", "time", "given"]

Groups = dict[int, dict[str, list[int]]]
"""label -> recording -> indices of its windows in order of time."""

ADVICE = {
    "recording": "give each class two recordings or more, or split by time",
    "time": "let a recording give two windows or more (a fixed dt_us, fewer frames), or split by recording",
    "given": "get the whole data set, or split by recording",
}


def split_windows(windows: Sequence[Placed], validation: float, by: By, seed: int) -> tuple[list[int], list[int]]:
    """Indices of the windows to train with and to validate with, both ascending.

    "recording": in each class, a share of `validation` of the recordings, drawn with `seed`, validates with all of
    its windows. "time": the last share of each recording's windows validates. Shares are rounded half up, but each
    side gets one where there are two. "given": the test part of the data set's own split validates. Raises UserError
    unless every class is on both sides, and for a data set that has no split where one must be given.
    """
    if not 0 < validation < 1:
        raise UserError(f"validation = {validation}; accepted: a share between 0 and 1")
    if by not in ADVICE:
        raise UserError(f"split by {by!r}; accepted: {', '.join(ADVICE)}")
    groups = _group(windows)
    held = {
        "recording": lambda: _drawn_recordings(groups, validation, seed),
        "time": lambda: {label: _last_windows(recordings, validation) for label, recordings in groups.items()},
        "given": lambda: _test_part(windows),
    }[by]()
    for label, recordings in groups.items():
        if not 0 < len(held[label]) < sum(map(len, recordings.values())):
            raise UserError(f"class {label} ({min(recordings)}, ...) is on one side of the split; {ADVICE[by]}")
    outside = set().union(*held.values())
    return [i for i in range(len(windows)) if i not in outside], sorted(outside)


def _group(windows: Sequence[Placed]) -> Groups:
    groups: Groups = defaultdict(lambda: defaultdict(list))
    for i in sorted(range(len(windows)), key=lambda i: windows[i].index):
        groups[windows[i].label][windows[i].recording].append(i)
    return groups


def _share(count: int, validation: float) -> int:
    return min(max(1, int(count * validation + 0.5)), count - 1)


def _drawn_recordings(groups: Groups, validation: float, seed: int) -> dict[int, list[int]]:
    held = {}
    for label, recordings in groups.items():
        order = np.random.default_rng([seed, label]).permutation(sorted(recordings))
        held[label] = [i for name in order[: _share(len(order), validation)] for i in recordings[name]]
    return held


def _test_part(windows: Sequence[Placed]) -> dict[int, list[int]]:
    held: dict[int, list[int]] = defaultdict(list)
    for i, window in enumerate(windows):
        if window.part is None:
            raise UserError(f"{window.recording}: the data set has no split of its own; accepted: recording, time")
        if window.part == "test":
            held[window.label].append(i)
    return held


def _last_windows(recordings: dict[str, list[int]], validation: float) -> list[int]:
    return [i for own in recordings.values() for i in own[len(own) - _share(len(own), validation) :]]
