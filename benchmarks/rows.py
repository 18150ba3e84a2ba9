"""Rows of build/bench/results.json: name, value, goal, unit and command. Each bench adds its own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from razorsnn.files import write_json
from razorsnn.render import plain, show

RESULTS = "results.json"
Row = dict[str, Any]
Figure = tuple[str, float | None, float | None, str]
"""Name, value, goal (None: there is none), unit."""


def rows_of(figures: Sequence[Figure], command: str) -> list[Row]:
    return [
        {"name": name, "value": value, "goal": goal, "unit": unit, "command": command}
        for name, value, goal, unit in figures
    ]


def add_rows(out: Path, title: str, rows: Sequence[Row]) -> None:
    """Shows the rows, and puts them into out/results.json in place of those of the same name."""
    path = out / RESULTS
    names = {row["name"] for row in rows}
    before: list[Row] = json.loads(path.read_text()) if path.exists() else []
    write_json(path, plain([*(row for row in before if row["name"] not in names), *rows]))
    short = [{name: value for name, value in row.items() if name != "command"} for row in rows]
    show(title, {"results": short}, Console(width=170))
