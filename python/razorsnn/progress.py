"""A bar for work that cannot count its own steps: a thread follows it from beside."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

SHOWN_AFTER_S, EVERY_S = 1.0, 0.5


@contextmanager
def followed(what: str, total: int | None = None, count: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Shows `what` while the block runs: `count()` of `total`, or the time alone. Nothing for less than a second."""
    stop = threading.Event()

    def follow() -> None:
        if stop.wait(SHOWN_AFTER_S):
            return
        form = "{desc}: {elapsed}" if total is None else None
        with tqdm(total=total, desc=what, bar_format=form, leave=False) as bar:
            while not stop.wait(EVERY_S):
                bar.update(count() - bar.n)
                bar.refresh()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
