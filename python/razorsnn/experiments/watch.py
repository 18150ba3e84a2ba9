"""A sweep as it goes, for people: the front so far and what runs now, drawn anew in place."""

import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from razorsnn.render import rows_table

Rows = Callable[[], list[dict[str, Any]]]


class Watch:
    """Of `wanted` trials; `front` gives the rows. Where stderr is no terminal it is shown once, at the end."""

    def __init__(self, wanted: int, front: Rows) -> None:
        self.wanted, self.front = wanted, front
        self.running: dict[str, Any] = {}
        self.shown = front()
        self.done, self.started = 0, time.monotonic()
        self.console = Console(file=sys.stderr)
        self.live = Live(get_renderable=self._drawn, console=self.console, refresh_per_second=1, redirect_stderr=False)

    def __enter__(self) -> "Watch":
        self.live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.running, self.shown = {}, self.front()
        self.live.__exit__(kind, error, trace)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """While a trial runs: its own bars would be drawn into the table."""
        self.shown, self.started = self.front(), time.monotonic()
        with redirect_stderr(io.StringIO() if self.console.is_terminal else sys.stderr):
            yield
        self.done += 1

    def _drawn(self) -> Table:
        table = rows_table(self.shown) if self.shown else Table()
        now = ", ".join(f"{key} {value}" for key, value in self.running.items())
        seconds = time.monotonic() - self.started
        table.title = f"front of {self.wanted} trials, {self.done} done here"
        table.caption = f"running for {seconds:.0f} s: {now}" if now else None
        return table
