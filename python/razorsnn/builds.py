"""Build folders: the accelerator's sources, what they were made from, and a manifest that vouches for each file.

    graph.json graph.npz config.json   what it was made from; metrics.json too, where it was trained here
    plan.json                          shape class, memories, layer table
    hls/ rtl/                          sources and memory images
    manifest.json                      inputs, and the hash of each file above
    results/                           what `simulate` found
Compiled programs lie beside it, in <build>.cache, and serve every build of the same shape class.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from razorsnn import __version__
from razorsnn.assets import asset
from razorsnn.config import SAVED, Config, Hardware, load_config
from razorsnn.contents import class_identity, load_writes
from razorsnn.errors import UserError
from razorsnn.files import folder_transaction, hash_file, hash_files, hash_tree, read_json, write_json
from razorsnn.graphfile import FILES, load_graph
from razorsnn.ops.conv import Conv
from razorsnn.plan import AXES, Plan, make_plan
from razorsnn.settings import SETTINGS, VARIES
from razorsnn.shape import EXACT
from razorsnn.targets import TARGETS

MANIFEST = "manifest.json"
RESULTS = "results"
METRICS = "metrics.json"
"""Of a finished training: its presence says that the run is whole."""


@dataclass(frozen=True)
class Build:
    """A build folder whose files are those that its manifest names."""

    path: Path
    plan: Plan
    config: Config
    manifest: dict[str, Any]

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(self.manifest["inputs"]["targets"])

    @property
    def cache(self) -> Path:
        return self.path.with_name(f"{self.path.name}.cache")

    @property
    def results(self) -> Path:
        return self.path / RESULTS

    @property
    def identity(self) -> str:
        """One hash for all sources."""
        return hashlib.sha256(json.dumps(self.manifest["files"], sort_keys=True).encode()).hexdigest()


def build_inputs(
    run: Path,
    targets: Sequence[str],
    lanes: int,
    headroom: int = 0,
    any_neuron: bool = False,
    **axes: Any,
) -> dict[str, Any]:
    """All that a build depends on; `axes`: those of AXES that are not as they are if nobody says.

    For nets loaded later: `headroom`, bits that sums are wider than the net needs; `any_neuron`, no setting of neurons
    is a constant.
    """
    sources = {name: hash_tree(asset(name)) for name in ("hls", "rtl", "templates")}
    optional = [name for name in (METRICS,) if (run / name).exists()]
    graph = hash_files_of(run, (*FILES, SAVED, *optional))
    choices = {"targets": list(targets), "lanes": lanes} | AXES | axes
    room = {"headroom": headroom, "any_neuron": any_neuron}
    return {"version": __version__, **choices, **room, "sources": sources, "run": graph}


def hash_files_of(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """UserError for a missing one."""
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{folder}: no {missing[0]}; accepted: a result folder of `razorsnn train`")
    return {name: hash_file(folder / name) for name in names}


def current_build(path: Path, inputs: dict[str, Any]) -> Build | None:
    """The build at `path`, if it is a whole one of exactly these inputs."""
    try:
        build = open_build(path)
    except UserError:
        return None
    return build if build.manifest["inputs"] == inputs else None


def write_build(run: Path, out: Path, inputs: dict[str, Any]) -> None:
    """Makes the build folder `out` whole, or leaves what was there."""
    require_own(out, "targets", "generate")
    plan = planned(run, inputs)
    with folder_transaction(out) as folder:
        for name in inputs["run"]:
            shutil.copy(run / name, folder)
        write_json(folder / "plan.json", plan_facts(plan))
        for target in inputs["targets"]:
            TARGETS[target].emit(plan, folder)
        write_json(folder / MANIFEST, {"inputs": inputs, "files": hash_files(folder)})


def require_own(out: Path, key: str, command: str) -> None:
    """UserError: `out` is there, and not what `command` wrote, whose manifest has `key` among its inputs."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        own_manifest(out, key, command)
    except UserError:
        told = f"{out}: is something else; accepted: a new folder, or one that {command} wrote"
        raise UserError(told) from None


def open_build(path: Path) -> Build:
    """The build at `path`; UserError if it is none, or if a file is not the one that was written."""
    manifest = own_manifest(path, "targets", "generate")
    vouched(path, manifest, "generate")
    config, inputs = load_config(path / SAVED), manifest["inputs"]
    return Build(path.resolve(), planned(path, inputs), config, manifest)


def vouched(path: Path, manifest: dict[str, Any], command: str) -> None:
    """UserError, with the command that makes them anew, if a file is not the one that the manifest names."""
    for name, expected in manifest["files"].items():
        present = (path / name).is_file()
        if not present or hash_file(path / name) != expected:
            state = "is not the one that was generated" if present else "is missing"
            raise UserError(f"{path / name}: {state}; run `razorsnn {command}` again")


def as_set(run: Path, hardware: Hardware) -> Plan:
    """The graph laid out as the settings say."""
    return make_plan(load_graph(run), **hardware.axes)


def planned(run: Path, inputs: dict[str, Any]) -> Plan:
    """The graph in its own shape class, with the room that was asked for."""
    axes = {name: inputs.get(name, usual) for name, usual in AXES.items()}
    own = make_plan(load_graph(run), inputs["lanes"], **axes)
    shape = own.shape.widened(inputs["headroom"])
    shape = shape.varied() if inputs.get("any_neuron") else shape
    return own if shape == own.shape else make_plan(own.graph, inputs["lanes"], shape)


def own_manifest(path: Path, key: str, command: str) -> dict[str, Any]:
    """The manifest of what `command` wrote, with `key` among its inputs. UserError: there is none, or another's."""
    file = path / MANIFEST
    manifest = read_manifest(file) if file.is_file() else {"inputs": {}}
    if key not in manifest["inputs"]:
        raise UserError(f"{path}: no {MANIFEST}; accepted: a folder that `razorsnn {command}` wrote")
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """Its files and inputs; UserError without them."""
    manifest = read_json(path)
    parts = [manifest.get("files"), manifest.get("inputs")]
    if not all(isinstance(part, dict) and part for part in parts):
        raise UserError(f"{path}: damaged, without files and inputs; run the command that wrote it again")
    return manifest


def generate_command(build: Build) -> str:
    """What makes the build again, for all targets, from RUN where that is not the folder around it."""
    inputs = {"headroom": 0, "any_neuron": False} | AXES | build.manifest["inputs"]
    engines = inputs["engines"] if isinstance(inputs["engines"], int) else ",".join(map(str, inputs["engines"]))
    options = {name: inputs[name] for name in ("lanes", "taps", "inputs", "headroom")} | {"engines": engines}
    told = "".join(f" --{name} {value}" for name, value in options.items())
    told += (" --streaming" if inputs["streaming"] else " --no-streaming") + " --any-neuron" * inputs["any_neuron"]
    run = build.path.parent if (build.path.parent / SAVED).is_file() else "RUN"
    return f"razorsnn generate {run} --out {build.path} --target all{told}"


def size_facts(build: Build) -> dict[str, Any]:
    """How wide it is, and what that takes."""
    plan = build.plan
    return {
        "lanes": plan.shape.lanes,
        "taps": plan.shape.taps,
        "inputs": plan.shape.inputs,
        "streaming": bool(plan.shape.streaming),
        "engines": len(plan.parts),
        "layers_of_engines": plan.engines,
        "files": len(build.manifest["files"]),
        "multipliers": sum(plan.multipliers().values()),
        "memory_bits": sum(memory.bits for memory in plan.memories()),
    }


def plan_facts(plan: Plan) -> dict[str, Any]:
    """The plan as plain values."""
    return {
        "graph": str(plan.graph).splitlines(),
        "shape": asdict(plan.shape),
        "shape_class": {
            "identity": class_identity(plan.shape),
            "equal": list(EXACT),
            "constants": {name: value for name in SETTINGS if (value := getattr(plan.shape, name)) != VARIES},
            "load_writes": len(load_writes(plan)),
        },
        "memories": [asdict(memory) | {"bits": memory.bits} for memory in plan.memories()],
        "multipliers": plan.multipliers(),
        "pools": [
            {"layer": layer.name} | layer.synapse.ways() | {"weight_bits": layer.synapse.stored_weight_bits}
            for layer in plan.layers
            if isinstance(layer.synapse, Conv) and layer.synapse.pool > 1
        ],
        "layers_of_engines": plan.engines,
        "layers": [
            {"layer": layer.name, "membrane_range": list(layer.synapse.membrane_range(layer.operand))} | row
            for layer, row in zip(
                plan.layers, chain(*(part.table[: len(part.layers)] for part in plan.parts)), strict=True
            )
        ],
    }
