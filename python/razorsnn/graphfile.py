"""graph.json + graph.npz: a graph without loss. The json names every field; arrays lie in the npz."""

import zipfile
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from razorsnn.errors import UserError
from razorsnn.files import atomic_path, hash_file, read_json, write_json
from razorsnn.fixed import Format, Ints
from razorsnn.ir import SCHEMA, Graph, Op, Source, Tensor
from razorsnn.ops import OPS
from razorsnn.ops.neuron import Neuron

FILES = ("graph.json", "graph.npz")
"""What a graph is, in the folder of a run or of a build."""

ARRAY = "array:"
NESTED: dict[str, type[Any]] = {kind.__name__: kind for kind in (Format, Neuron, Source, Tensor)}


def save_graph(graph: Graph, path: Path) -> None:
    """Writes `path` (graph.json) and, before it, the arrays beside it (graph.npz)."""
    arrays: dict[str, np.ndarray] = {}
    ops = [_encode_op(index, op, arrays) for index, op in enumerate(graph.ops)]
    with atomic_path(path.with_suffix(".npz")) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    content = {
        "schema": SCHEMA,
        "name": graph.name,
        "source": _encode(graph.source),
        "input": _encode(graph.input),
        "class_names": list(graph.class_names),
        "notes": graph.notes,
        "ops": ops,
        "arrays": hash_file(path.with_suffix(".npz")),
    }
    write_json(path, content)


def load_graph(path: Path) -> Graph:
    """The verified graph of graph.json (or of the folder that holds it); UserError for anything else."""
    file = path / FILES[0] if path.is_dir() else path
    if not file.exists():
        raise UserError(f"{file}: missing; accepted: the folder of a finished training, or a graph file")
    content = read_json(file)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else None
        raise UserError(f"{file}: not a graph of schema {SCHEMA} (found {found!r})")
    arrays_file = file.with_suffix(".npz")
    arrays = _load_arrays(arrays_file)
    if hash_file(arrays_file) != content.get("arrays"):
        raise UserError(f"{arrays_file}: not the arrays that {file.name} was saved with")
    try:
        ops = tuple(_decode_op(entry, arrays) for entry in content["ops"])
        source, tensor = _decode(content["source"]), _decode(content["input"])
        names = tuple(content["class_names"])
        parts = {"name": content["name"], "source": source, "input": tensor, "notes": content["notes"]}
        graph: Graph = _typed(Graph, parts | {"ops": ops, "class_names": names}).verified()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{file}: a damaged graph file ({type(error).__name__}: {error})") from error
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
    return graph


def _load_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, zipfile.BadZipFile, ValueError, EOFError) as error:
        raise UserError(
            f"{path}: cannot be read as the graph's arrays ({error}); accepted: that written with graph.json"
        ) from error


def _encode_op(index: int, op: Op, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": op.kind}
    for item in fields(op):
        value = getattr(op, item.name)
        if isinstance(value, np.ndarray):
            name = f"{index}.{item.name}"
            arrays[name] = value
            value = ARRAY + name
        entry[item.name] = _encode(value)
    return entry


def _decode_op(entry: dict[str, Any], arrays: dict[str, np.ndarray]) -> Op:
    kind = OPS.get(entry["kind"])
    if kind is None:
        raise UserError(f"unknown operation {entry['kind']!r}, known: {', '.join(sorted(OPS))}")
    values: dict[str, Any] = {}
    for name, value in entry.items():
        if name == "kind":
            continue
        is_array = isinstance(value, str) and value.startswith(ARRAY)
        values[name] = arrays[value.removeprefix(ARRAY)] if is_array else _decode(value)
    op: Op = _typed(kind, values)
    return op


def _typed(kind: type[Any], values: dict[str, Any]) -> Any:
    """kind(**values); TypeError where a value is not of its field's type, which Python itself would not tell."""
    hints = get_type_hints(kind)
    for name, value in values.items():
        if name in hints and not _fits(value, hints[name]):
            raise TypeError(f"{kind.__name__}.{name} is {type(value).__name__} {str(value)[:40]!r}")
    return kind(**values)


def _fits(value: Any, hint: Any) -> bool:
    origin, parts = get_origin(hint), get_args(hint)
    if hint == Ints:  # its origin is another one in each numpy
        return isinstance(value, np.ndarray) and value.dtype == np.int64
    if origin is UnionType:
        return any(_fits(value, part) for part in parts)
    if origin is tuple and type(value) is tuple:
        wanted = parts[:1] * len(value) if Ellipsis in parts else parts
        return len(value) == len(wanted) and all(map(_fits, value, wanted))
    if origin is dict:
        return type(value) is dict and all(map(_fits, (*value, *value.values()), parts[:1] * 2 * len(value)))
    return isinstance(value, Op) if hint is Op else type(value) is hint


def _encode(value: Any) -> Any:
    if type(value).__name__ in NESTED:
        parts = {item.name: _encode(getattr(value, item.name)) for item in fields(value)}
        return {"type": type(value).__name__, **parts}
    return int(value) if isinstance(value, np.integer) else value


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        parts = {name: _decode(part) for name, part in value.items() if name != "type"}
        return _typed(NESTED[value["type"]], parts)
    return tuple(value) if isinstance(value, list) else value
