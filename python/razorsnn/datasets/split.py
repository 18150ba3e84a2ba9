"""Which windows train and which validate, such that no window is on a side by the order of a file system."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np

from razorsnn.errors import UserError
from razorsnn.frames import Window

Groups = dict[int, dict[str, list[int]]]
"""label -> recording -> indices of its windows in order of time."""

ADVICE = {
    "recording": "give each class two recordings or more, or split by time",
    "time": "let a recording give two windows or more (a fixed dt_us, fewer frames), or split by recording",
}


def split_windows(
    windows: Sequence[Window], validation: float, by: Literal["recording", "time"], seed: int
) -> tuple[list[int], list[int]]:
    """Indices of the windows to train with and to validate with, both ascending.

    "recording": in each class, a share of `validation` of the recordings, drawn with `seed`, validates with all of
    its windows. "time": the last share of each recording's windows validates. Shares are rounded half up, but each
    side gets one where there are two. Raises UserError unless every class is on both sides.
    """
    if not 0 < validation < 1:
        raise UserError(f"validation = {validation}; accepted: a share between 0 and 1")
    if by not in ADVICE:
        raise UserError(f"split by {by!r}; accepted: {', '.join(ADVICE)}")
    groups = _group(windows)
    held = {
        label: _last_windows(recordings, validation)
        if by == "time"
        else _drawn_recordings(recordings, validation, np.random.default_rng([seed, label]))
        for label, recordings in groups.items()
    }
    for label, recordings in groups.items():
        if not 0 < len(held[label]) < sum(map(len, recordings.values())):
            raise UserError(f"class {label} ({min(recordings)}, ...) is on one side of the split; {ADVICE[by]}")
    outside = set().union(*held.values())
    return [i for i in range(len(windows)) if i not in outside], sorted(outside)


def _group(windows: Sequence[Window]) -> Groups:
    groups: Groups = defaultdict(lambda: defaultdict(list))
    for i in sorted(range(len(windows)), key=lambda i: windows[i].index):
        groups[windows[i].label][windows[i].recording].append(i)
    return groups


def _share(count: int, validation: float) -> int:
    return min(max(1, int(count * validation + 0.5)), count - 1)


def _drawn_recordings(recordings: dict[str, list[int]], validation: float, rng: np.random.Generator) -> list[int]:
    order = rng.permutation(sorted(recordings))
    return [i for name in order[: _share(len(order), validation)] for i in recordings[name]]


def _last_windows(recordings: dict[str, list[int]], validation: float) -> list[int]:
    return [i for own in recordings.values() for i in own[len(own) - _share(len(own), validation) :]]
