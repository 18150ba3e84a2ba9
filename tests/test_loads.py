"""Load folders: a net for the sources of another, what does not fit, and what is damaged."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from razorsnn.builds import Build, build_inputs, open_build, write_build
from razorsnn.config import Config, save_config
from razorsnn.contents import class_identity, load_writes
from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.graphfile import save_graph
from razorsnn.ir import Graph
from razorsnn.loads import open_load, write_load
from razorsnn.ops.synapse import Synapse
from razorsnn.plan import make_plan
from tests.nets import NetClass, random_graph


def save_run(graph: Graph, folder: Path) -> Path:
    folder.mkdir()
    save_graph(graph, folder / "graph.json")
    save_config(Config(), folder / "config.json")
    return folder


def build_of(graph: Graph, root: Path, headroom: int = 0, any_neuron: bool = False) -> Build:
    name = f"{headroom}{'-any' if any_neuron else ''}"
    run = save_run(graph, root / f"run{name}")
    write_build(run, root / f"build{name}", build_inputs(run, ["rtl"], 4, headroom, any_neuron=any_neuron))
    return open_build(root / f"build{name}")


def weights(graph: Graph, change: str) -> Graph:
    """The graph with weights that need less or more than its own."""

    def changed(op: Synapse) -> Synapse:
        if change == "small":
            return replace(op, weights=op.weights // 4, bias=op.bias // 4)
        return replace(op, weights=np.full_like(op.weights, op.weight_format.low))

    return replace(graph, ops=tuple(changed(op) if isinstance(op, Synapse) else op for op in graph.ops)).verified()


def neurons(graph: Graph, bits: int = 4, finer: int = 0, **other: Any) -> Graph:
    """The graph with neurons that differ in `other`, and in width and frac of their outputs; a sum has no leak."""

    def changed(op: Synapse) -> Synapse:
        kept = {"alpha_q": 0} if op.readout == "sum" else {}
        out = Format(False, bits, op.neuron.out.frac + finer)
        return replace(op, neuron=replace(op.neuron, out=out, **other | kept))

    return replace(graph, ops=tuple(changed(op) if isinstance(op, Synapse) else op for op in graph.ops)).verified()


@pytest.fixture
def graph() -> Graph:
    return random_graph(NetClass(), 3)


def test_a_load_holds_the_writes_of_the_net(graph: Graph, tmp_path: Path):
    build, other = build_of(graph, tmp_path), weights(graph, "small")
    load = write_load(save_run(other, tmp_path / "other"), build, tmp_path / "load")
    plan = make_plan(other, 4, build.plan.shape)
    assert load.plan.shape == build.plan.shape and load.plan.graph == other
    np.testing.assert_array_equal(load.writes, load_writes(plan))
    np.testing.assert_array_equal(open_load(tmp_path / "load", build).writes, load.writes)


def test_a_net_that_needs_more_is_refused_by_what_is_too_big(graph: Graph, tmp_path: Path):
    run = save_run(weights(graph, "large"), tmp_path / "other")
    with pytest.raises(UserError, match=r"does not fit the shape class: .*membrane_bits \d+ > \d+"):
        write_load(run, build_of(graph, tmp_path), tmp_path / "load")
    assert not (tmp_path / "load").exists()
    roomy = build_of(graph, tmp_path, 8)
    assert roomy.plan.shape == make_plan(graph, 4).shape.widened(8)
    assert len(write_load(run, roomy, tmp_path / "load").writes)


ALIKE = {"mode": "liaf", "reset": "zero", "alpha_q": 77, "ties": "up"}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"alpha_q": 200}, "alpha 200, accepted: 77 in all layers"),
        ({"reset": "subtract"}, "reset 2, accepted: 0 in all layers"),
        ({"mode": "lif"}, "spike 1, accepted: 0 in all layers"),
        ({"ties": "even"}, "ties_even 1, accepted: 0 in all layers"),
        ({"bits": 3}, "out_max 7, accepted: 15 in all layers"),
    ],
)
def test_a_net_of_other_neurons_takes_sources_for_any(graph: Graph, tmp_path: Path, other: dict[str, Any], told: str):
    """What all layers have alike is a constant of the sources, unless they were asked to take any neuron."""
    own = neurons(graph, **ALIKE)
    run = save_run(neurons(own, **other), tmp_path / "other")
    with pytest.raises(UserError, match=f"does not fit the shape class: .*{told}"):
        write_load(run, build_of(own, tmp_path, 8), tmp_path / "load")
    assert not (tmp_path / "load").exists()
    roomy = build_of(own, tmp_path, 8, any_neuron=True)
    assert len(write_load(run, roomy, tmp_path / "load").writes)
    assert class_identity(roomy.plan.shape) != class_identity(open_build(tmp_path / "build8").plan.shape)


def test_a_net_whose_layers_differ_is_refused_by_that(graph: Graph, tmp_path: Path):
    own = neurons(graph, **ALIKE)
    first, *others = own.ops
    assert isinstance(first, Synapse)
    mixed = replace(own, ops=(replace(first, neuron=replace(first.neuron, reset="threshold")), *others)).verified()
    run = save_run(mixed, tmp_path / "other")
    with pytest.raises(UserError, match="reset varies, accepted: 0 in all layers"):
        write_load(run, build_of(own, tmp_path, 8), tmp_path / "load")


def test_what_training_finds_is_loaded_into_sources_of_constants(graph: Graph, tmp_path: Path):
    own = neurons(graph, **ALIKE)
    other = neurons(weights(own, "small"), finer=-1, v_th=3, **ALIKE)
    build = build_of(own, tmp_path, 8)
    load = write_load(save_run(other, tmp_path / "other"), build, tmp_path / "load")
    rows = [(row["v_th"], row["out_shift"]) for row in load.plan.table]
    assert all(found != built for found, built in zip(rows, map(_trained, build.plan.table), strict=True))


def _trained(row: dict[str, int]) -> tuple[int, int]:
    return row["v_th"], row["out_shift"]


def test_a_net_of_other_frames_is_refused(graph: Graph, tmp_path: Path):
    run = save_run(random_graph(NetClass(frames=5), 3), tmp_path / "other")
    with pytest.raises(UserError, match=r"frames differs \(5 and 4\) and must be equal"):
        write_load(run, build_of(graph, tmp_path), tmp_path / "load")


def test_a_load_for_other_sources_is_refused(graph: Graph, tmp_path: Path):
    build = build_of(graph, tmp_path)
    write_load(tmp_path / "run0", build, tmp_path / "load")
    with pytest.raises(
        UserError, match=r"load: is for shape class \d+, the sources in .*build1 are of \d+; run `razorsnn"
    ):
        open_load(tmp_path / "load", build_of(graph, tmp_path, 1))


def test_what_is_no_load_or_damaged_is_told(graph: Graph, tmp_path: Path):
    build = build_of(graph, tmp_path)
    with pytest.raises(
        UserError, match=r"no load\.bin with its manifest\.json; accepted: a folder that `razorsnn pack`"
    ):
        open_load(build.path, build)
    with pytest.raises(UserError, match="is something else; accepted: a new folder, or one that pack wrote"):
        write_load(tmp_path / "run0", build, build.path)
    write_load(tmp_path / "run0", build, tmp_path / "load")
    with (tmp_path / "load/load.bin").open("ab") as file:
        file.write(b"1234")
    with pytest.raises(UserError, match=r"load\.bin: is not the one that was generated; run `razorsnn pack` again"):
        open_load(tmp_path / "load", build)
