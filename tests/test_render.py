"""Results as tables for people and as JSON for machines."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from razorsnn.render import plain, show, to_json


def printed(result: dict[str, object]) -> str:
    console = Console(file=io.StringIO(), width=100)
    show("evaluate", result, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip() and "─" not in line]


def test_json_knows_numpy_and_paths():
    result = {"scores": np.arange(4).reshape(2, 2), "n": np.int64(3), "to": Path("a/b"), 1: (True, None)}
    assert json.loads(to_json(result)) == {"scores": [[0, 1], [2, 3]], "n": 3, "to": "a/b", "1": [True, None]}


def test_what_json_cannot_say_is_a_bug():
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"a": float("inf")})
    with pytest.raises(TypeError, match="object has no JSON form"):
        plain({"a": object()})


def test_scalars_are_one_table():
    rows = words(printed({"accuracy": 0.98765, "windows": 12345, "equal": True, "report": Path("r[0].html")}))
    assert rows == [
        ["evaluate"],
        ["accuracy", "0.9877"],
        ["windows", "12,345"],
        ["equal", "yes"],
        ["report", "r[0].html"],
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(18990.5, "18,990"), (-1234.6, "-1,235"), (999.94, "999.9"), (0.00012345, "0.0001234"), (0.0, "0")],
)
def test_numbers_are_read_at_a_glance(value: float, shown: str):
    assert words(printed({"cycles": value})) == [["evaluate"], ["cycles", shown]]


def test_rows_are_a_table_with_a_column_for_each_key():
    rows = words(printed({"layers": [{"layer": "conv0", "kept_frames": 3}, {"layer": "dense", "cycles": None}]}))
    assert rows == [
        ["evaluate:", "layers"],
        ["layer", "kept", "frames", "cycles"],
        ["conv0", "3", "-"],
        ["dense", "-", "-"],
    ]


def test_a_matrix_is_a_table_without_heads():
    assert words(printed({"confusion": [[5, 0], [1, 4]]})) == [["evaluate:", "confusion"], ["5", "0"], ["1", "4"]]


def test_what_is_nested_has_its_own_table():
    rows = words(printed({"n": 1, "gate": {"ratio": 0.4}, "empty": {}}))
    assert rows == [["evaluate"], ["n", "1"], ["empty", "-"], ["evaluate:", "gate"], ["ratio", "0.4"]]


def test_long_lists_are_cut_and_counted():
    assert "0, 1, 2, 3, 4, ..., 99 (100)" in printed({"keep": list(range(100))})
    assert "1, 2, 3\n" in printed({"keep": [1, 2, 3]}).replace(" \n", "\n").replace(" \n", "\n")


def test_numbers_of_numpy_are_cells():
    assert words(printed({"rows": [{"mean": np.float64(2.5), "count": np.int64(3)}]}))[-1] == ["2.5", "3"]
