"""Graph files lose nothing, and whatever is not one is refused in a line that names file and reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.graphfile import load_graph, save_graph
from razorsnn.ir import Graph
from tests.nets import NetClass, random_graph

NETS = [
    NetClass(),
    NetClass(lanes=2, frames=6, channels=1, classes=5, embeddings=4),
    NetClass(gated=False),
    NetClass(razors=False),
]


def stored(folder: Path, seed: int = 3) -> Graph:
    graph = random_graph(NETS[0], seed)
    save_graph(graph, folder / "graph.json")
    return graph


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as refused:
        load_graph(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("seed", range(50))
def test_what_is_saved_is_loaded(tmp_path: Path, seed: int):
    graph = random_graph(NETS[seed % 3], seed)
    save_graph(graph, tmp_path / "graph.json")
    loaded = load_graph(tmp_path)
    assert loaded == graph and str(loaded) == str(graph)
    assert loaded != random_graph(NETS[seed % 3], seed + 1)
    save_graph(loaded, tmp_path / "again.json")
    assert json.loads((tmp_path / "again.json").read_text()) == json.loads((tmp_path / "graph.json").read_text())


def test_equal_graphs_give_equal_bytes(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        stored(tmp_path / name)
    for file in ("graph.json", "graph.npz"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> str:
    stored(folder)
    content = json.loads((folder / "graph.json").read_text())
    change(content)
    (folder / "graph.json").write_text(json.dumps(content))
    return refusal(folder)


@pytest.mark.parametrize("text", ["", "[]", "3", "null", '"graph"', "\x00\x01", '{"schema": 1'])
def test_no_object_is_refused(tmp_path: Path, text: str):
    stored(tmp_path)
    (tmp_path / "graph.json").write_text(text)
    assert str(tmp_path / "graph.json") in refusal(tmp_path)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("name", ["graph.json", "graph.npz"])
def test_half_a_file_is_refused(tmp_path: Path, name: str, keep: float):
    stored(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * keep)])
    assert str(tmp_path / name) in refusal(tmp_path)


@pytest.mark.parametrize("name", ["graph.json", "graph.npz"])
def test_a_missing_file_is_named(tmp_path: Path, name: str):
    stored(tmp_path)
    (tmp_path / name).unlink()
    assert str(tmp_path / name) in refusal(tmp_path)


def test_arrays_of_another_graph_are_refused(tmp_path: Path):
    (tmp_path / "other").mkdir()
    stored(tmp_path)
    stored(tmp_path / "other", seed=4)
    (tmp_path / "other" / "graph.npz").replace(tmp_path / "graph.npz")
    assert "graph.npz: not the arrays that graph.json was saved with" in refusal(tmp_path)


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_another_schema_is_refused(tmp_path: Path, schema: object):
    told = changed(tmp_path, lambda content: content.update(schema=schema))
    assert f"not a graph of schema 1 (found {schema!r})" in told


def test_foreign_json_is_refused(tmp_path: Path):
    (tmp_path / "graph.json").write_text('{"nodes": [], "edges": []}')
    assert "not a graph of schema 1 (found None)" in refusal(tmp_path)


def test_an_unknown_operation_names_the_known(tmp_path: Path):
    told = changed(tmp_path, lambda content: content["ops"][0].update(kind="lstm"))
    assert str(tmp_path / "graph.json") in told
    assert "unknown operation 'lstm', known: conv, dense, razor" in told


def _first(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["ops"][0]
    return found


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no ops": lambda content: content.pop("ops"),
    "ops no list": lambda content: content.update(ops=3),
    "op no object": lambda content: content.update(ops=[3]),
    "no kind": lambda content: _first(content).pop("kind"),
    "no neuron": lambda content: _first(content).pop("neuron"),
    "neuron a number": lambda content: _first(content).update(neuron=5),
    "neuron of text": lambda content: _first(content)["neuron"].update(v_th="high"),
    "array that is none": lambda content: _first(content).update(weights="array:none"),
    "weights a number": lambda content: _first(content).update(weights=7),
    "weights nothing": lambda content: _first(content).update(weights=None),
    "another field": lambda content: _first(content).update(colour="red"),
    "unknown type": lambda content: content["source"].update(type="Camera"),
    "input a format": lambda content: content.update(input={"type": "Format", "signed": False, "width": 4, "frac": 0}),
    "input of text": lambda content: content["input"].update(frames="many"),
    "names no list": lambda content: content.update(class_names=None),
    "source nothing": lambda content: content.update(source=None),
    "format nothing": lambda content: _first(content).update(weight_format=None),
    "width negative": lambda content: _first(content)["weight_format"].update(width=-4),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_told(tmp_path: Path, damage: Callable[[dict[str, Any]], object]):
    assert str(tmp_path / "graph.json") in changed(tmp_path, damage)


def test_what_does_not_verify_names_the_file(tmp_path: Path):
    told = changed(tmp_path, lambda content: content["class_names"].pop())
    assert str(tmp_path / "graph.json") in told and "3 outputs for 2 class names" in told


def test_weights_beyond_their_format_are_refused(tmp_path: Path):
    told = changed(tmp_path, lambda content: _first(content)["weight_format"].update(width=1))
    assert "operation 0" in told and "weights beyond s1." in told


def test_float_arrays_are_refused(tmp_path: Path):
    graph = stored(tmp_path)
    object.__setattr__(graph.ops[0], "bias", np.full(len(graph.ops[0].bias), 0.5))
    save_graph(graph, tmp_path / "graph.json")
    assert "bias" in refusal(tmp_path)
