"""Bars of progress, and one for work that cannot count its own steps: a thread follows it from beside."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

SHOWN_AFTER_S, EVERY_S = 1.0, 0.5
LOGGED_EVERY_S = 60.0
"""Where nobody looks at a terminal, a bar is a line of a log."""


def progress_bar(steps: Iterable[Any] | None = None, **options: Any) -> "tqdm[Any]":
    """tqdm's bar; in a log it is drawn once a minute."""
    if not sys.stderr.isatty():  # counted one by one, or tqdm's own watch draws lines between
        options |= {"mininterval": LOGGED_EVERY_S, "miniters": 1}
    return tqdm(steps, **options)


@contextmanager
def followed(what: str, total: int | None = None, count: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Shows `what` while the block runs: `count()` of `total`, or the time alone. Nothing for less than a second."""
    stop = threading.Event()

    def follow() -> None:
        if stop.wait(SHOWN_AFTER_S):
            return
        form = "{desc}: {elapsed}" if total is None else None
        with progress_bar(total=total, desc=what, bar_format=form, leave=False) as shown:
            while not stop.wait(EVERY_S if sys.stderr.isatty() else LOGGED_EVERY_S):
                shown.n = count()
                shown.refresh()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
