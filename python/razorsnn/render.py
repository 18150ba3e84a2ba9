"""What a command found out, for people (tables) and for machines (JSON): one place for both."""

import json
from collections.abc import Mapping, Sequence
from os import PathLike, fspath

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

SHORTEST = 6  # of a list of numbers, more are told by their count and ends


def plain(value: object) -> object:
    """`value` with numpy's scalars, arrays and paths turned into what JSON knows. TypeError: others."""
    if hasattr(value, "tolist"):  # numpy, which is not imported for this; its float64 is a float as well
        return value.tolist()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, PathLike):
        return fspath(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def to_json(result: Mapping[str, object]) -> str:
    """Indented JSON, in which infinities and NaN are a ValueError."""
    return json.dumps(plain(result), indent=2, allow_nan=False)


def show(title: str, result: Mapping[str, object], console: Console) -> None:
    """Prints the scalars of `result` as a table under `title`, and each nested part as one of its own."""
    flat = {key: value for key, value in result.items() if not _nested(value)}
    if flat:
        _print(title, _pairs(flat), console)
    for key, value in result.items():
        if isinstance(value, Mapping) and value:
            show(f"{title}: {key}" if flat else key, value, console)
        elif _nested(value):
            _print(f"{title}: {key}", rows_table(plain(value)), console)


def _print(title: str, table: Table, console: Console) -> None:
    console.print(Text(title, style="bold"))  # a table's own title wraps at the table's width
    console.print(table)


def _nested(value: object) -> bool:
    """Whether it gets a table of its own: a mapping, or a list of mappings or lists."""
    if isinstance(value, Mapping):
        return bool(value)
    inner = plain(value)
    return isinstance(inner, list) and bool(inner) and isinstance(inner[0], dict | list)


def _pairs(values: Mapping[str, object]) -> Table:
    table = _table(show_header=False)
    for key, value in values.items():
        table.add_row(_label(key), _cell(value))
    return table


def rows_table(rows: object) -> Table:
    """A table of a list of mappings or lists, a row each."""
    assert isinstance(rows, list), "only lists of mappings or lists come here"
    records = [row if isinstance(row, dict) else dict(enumerate(row)) for row in rows]
    columns = list(dict.fromkeys(key for record in records for key in record))
    table = _table(show_header=isinstance(rows[0], dict))
    for column in columns:
        table.add_column(_label(str(column)))
    for record in records:
        table.add_row(*(_cell(record.get(column)) for column in columns))
    return table


def _table(show_header: bool) -> Table:
    return Table(box=box.SIMPLE_HEAD, show_header=show_header)


def _label(key: str) -> Text:
    return Text(key.replace("_", " "))


def _cell(value: object) -> Text:
    """Text, never markup: a path may hold brackets."""
    value = plain(value)
    if value is None or value in ([], {}):
        return Text("-")
    if isinstance(value, bool):
        return Text("yes" if value else "no", style="" if value else "red")
    if isinstance(value, float):
        return Text(f"{value:,.0f}" if 1e3 <= abs(value) < 1e15 else f"{value:.4g}")
    if isinstance(value, list):
        return Text(_items(value))
    return Text(f"{value:,}" if isinstance(value, int) else str(value))


def _items(values: list[object]) -> str:
    shown = values if len(values) <= SHORTEST else [*values[: SHORTEST - 1], "...", values[-1]]
    count = f" ({len(values)})" if len(values) > SHORTEST else ""
    return ", ".join(_cell(value).plain for value in shown) + count
