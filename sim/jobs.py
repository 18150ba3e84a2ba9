"""Job files: what a bench of the accelerator is to play (arrays, see bench_windows.py), and where its result goes."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from razorsnn.stream import LAST


def load() -> dict[str, Any]:
    """The job that RAZORSNN_JOB names."""
    with np.load(os.environ["RAZORSNN_JOB"], allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def beats(job: dict[str, Any], window: int) -> list[tuple[int, int]]:
    """(data, last) of each beat of a window."""
    ends = job["ends"]
    part = slice(0 if window == 0 else int(ends[window - 1]), int(ends[window]))
    return [(beat & (LAST - 1), beat // LAST) for beat in job["beats"][part].tolist()]


def store(**arrays: Any) -> None:
    """Writes the result to where RAZORSNN_RESULT says."""
    with Path(os.environ["RAZORSNN_RESULT"]).open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
