"""Yosys and nextpnr on generated RTL: memories in block RAM, multiplies in DSPs, and figures that are theirs."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from razorsnn import flow, synthesis
from razorsnn.builds import open_build
from razorsnn.config import Config, save_config
from razorsnn.errors import UserError
from razorsnn.files import hash_file
from razorsnn.graphfile import save_graph
from razorsnn.memories import memories
from razorsnn.plan import ADDRESS_MULTIPLIERS, make_plan
from razorsnn.synthesis import tools
from razorsnn.synthesis.devices import DEVICES
from razorsnn.synthesis.summary import INSTANCES, require_block_rams
from tests.nets import NetClass, random_graph

DEEP = NetClass(lanes=2, frames=4, size=(9, 9), sensor=(11, 10), most_layers=2)
"""Deep enough that the plan has its memories in block RAM, with bins that no shift computes."""
FLAT = NetClass(lanes=1, frames=2, size=(6, 6), sensor=(6, 6), most_layers=1, gated=False)
"""The least that has a memory in block RAM."""
TWO = NetClass(lanes=1, frames=3, size=(6, 6), sensor=(6, 6), embeddings=2, engines=(1, 2))
AT_ONCE = NetClass(lanes=4, inputs=4, frames=2, size=(6, 6), sensor=(6, 6), most_layers=1, gated=False)
"""Weights deep enough for block RAM, of which four words are read a cycle."""
STREAMED = NetClass(
    lanes=1, taps=4, frames=4, size=(17, 17), sensor=(19, 17), embeddings=1, razors=False, streaming=True
)
"""A frame of its input and of its first layer's output fill a block RAM."""
BANKED = NetClass(lanes=1, taps=4, frames=2, size=(17, 17), sensor=(19, 17), most_layers=1, gated=False)
"""Membranes of four banks, deep enough for block RAM."""


def built(folder: Path, net: NetClass, seed: int = 2) -> Path:
    """A build of the RTL of a random net, as `generate` makes it of a run."""
    run = folder / "run"
    run.mkdir()
    save_graph(random_graph(net, seed), run / "graph.json")
    save_config(Config(), run / "config.json")
    axes = {"taps": net.taps, "engines": list(net.engines) or None, "inputs": net.inputs, "streaming": net.streaming}
    flow.generate(run, run / "build", "rtl", net.lanes, 0, **axes)
    return run / "build"


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("deep"), DEEP)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("flat"), FLAT)


@pytest.mark.parametrize("device", ["ecp5-25k", "ultrascale+"])
def test_memories_are_in_block_ram_and_multiplies_in_dsps(deep: Path, device: str):
    """Of the whole top: `synthesise` fails where a memory that the plan has in block RAM is not there."""
    found = flow.synthesise(deep, device, 0, False)
    plan = open_build(deep).plan
    planned = {memory.name for memory in plan.memories() if memory.in_block_ram}
    assert {row["memory"] for row in found["memories"] if row["block_rams"]} >= planned
    assert planned >= {
        "input, first",
        "input, second",
        "even store",
        "membranes",
        "weights",
        "exp table",
        "sigmoid table",
    }
    assert found["units"][0]["BRAM"] >= len(planned)
    count = found["multipliers"]
    assert count["synthesised"] <= count["planned"] == sum(plan.multipliers().values())
    # Products and the razor's are all in DSPs of an ECP5; narrow addresses may take fewer than planned.
    assert device == "ultrascale+" or count["synthesised"] > count["planned"] - ADDRESS_MULTIPLIERS


def test_memories_of_several_engines_are_in_block_ram(tmp_path: Path):
    """A link has two slots; each engine's memories are told apart, and so are its blocks."""
    plans = ((seed, make_plan(random_graph(TWO, seed), 1, engines=TWO.engines)) for seed in range(99))
    build = built(tmp_path, TWO, next(seed for seed, plan in plans if plan.stages[1].shape.link_depth >= 64))
    found = flow.synthesise(build, "ecp5-25k", 0, False)
    rows = {row["memory"]: row for row in found["memories"]}
    assert all(row["as_planned"] for row in rows.values())
    assert {"link, first, engine 1", "link, second, engine 1", "even store, engine 1"} <= {*rows}
    assert {name for name in rows if "engine" not in name} == set()
    for name in ("link, first, engine 1", "link, second, engine 1"):
        assert rows[name]["block_ram_planned"] and rows[name]["block_rams"], name
    (work,) = (path for path in build.with_name("build.cache").glob("synthesis-*") if path.is_dir())
    assert {"engine-0", "engine-1", "link-1", "frame_builder", "readout-1"} <= set(tools.units(work))


def test_every_bank_of_membranes_is_in_block_ram(tmp_path: Path):
    """A block RAM a bank at least; each product in a multiplier, addresses in no more than planned."""
    plans = ((seed, make_plan(random_graph(BANKED, seed), 1, taps=4)) for seed in range(99))
    seed = next(seed for seed, plan in plans if plan.shape.membrane_depth >= 64 and not plan.table[0]["deep"])
    build = built(tmp_path, BANKED, seed)
    found = flow.synthesise(build, "ecp5-25k", 0, False)
    (row,) = (row for row in found["memories"] if row["memory"] == "membranes")
    assert row["block_ram_planned"] and row["as_planned"] and row["block_rams"] >= 4
    count, shape = found["multipliers"], open_build(build).plan.shape
    # A product a slot, and the addresses of four slots take as many again.
    assert 2 * shape.slots <= count["synthesised"] <= count["planned"]


@pytest.mark.parametrize("device", ["ecp5-25k", "ultrascale+"])
def test_memories_of_frames_that_stream_are_in_block_ram(tmp_path: Path, device: str):
    plans = ((seed, make_plan(random_graph(STREAMED, seed), 1, taps=4, streaming=True)) for seed in range(99))
    seed = next(seed for seed, plan in plans if plan.shape.tallies and plan.shape.store_depth_even >= 64)
    build = built(tmp_path, STREAMED, seed)
    found = flow.synthesise(build, device, 0, False)
    rows = {row["memory"]: row for row in found["memories"]}
    assert all(row["as_planned"] for row in rows.values())
    deep = {"input, first", "input, second", "even store", "membranes"}
    assert {name for name in deep if rows[name]["block_rams"]} == deep
    assert found["multipliers"]["synthesised"] <= found["multipliers"]["planned"]


@pytest.mark.parametrize("device", ["ecp5-25k", "ultrascale+"])
def test_weights_that_are_read_twice_a_cycle_are_in_block_ram(tmp_path: Path, device: str):
    """Of four inputs two copies, each with two ports; a product an input."""
    found = flow.synthesise(built(tmp_path, AT_ONCE), device, 0, False)
    rows = {row["memory"]: row for row in found["memories"]}
    assert all(row["as_planned"] for row in rows.values())
    assert rows["weights"]["block_ram_planned"] and rows["weights"]["block_rams"] >= (4 if device == "ecp5-25k" else 2)
    shape, count = open_build(tmp_path / "run" / "build").plan.shape, found["multipliers"]
    assert device == "ultrascale+" or 4 * shape.slots <= count["synthesised"] <= count["planned"]


def test_address_multipliers_are_no_more_than_the_plan_counts(deep: Path, tmp_path: Path):
    """Bins of 11 x 10 pixels on 9 x 9: two; 2 lanes need none for an event's weight."""
    work, device = tmp_path / "rtl", DEVICES["ecp5-25k"]
    shutil.copytree(deep / "rtl", work)
    modules = tools.units(work)
    blocks = ("frame_builder", "scanner")
    found = [device.count(tools.area(work, device, block, modules[block])["cells"])["DSP"] for block in blocks]
    assert found == [2, 0]


def test_a_memory_that_falls_into_luts_is_told(tmp_path: Path, flat: Path):
    """A check that cannot fail is none: the attribute that asks for block RAM asks for registers."""
    build = tmp_path / "build"
    shutil.copytree(flat, build)
    ram = build / "rtl" / "rsnn_ram.sv"
    assert '"block"' in ram.read_text()
    ram.write_text(ram.read_text().replace('"block"', '"registers"'))
    manifest = json.loads((build / "manifest.json").read_text())
    manifest["files"]["rtl/rsnn_ram.sv"] = hash_file(ram)
    (build / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RuntimeError, match=r"ecp5-25k: in LUTs or registers instead of block RAM: input"):
        flow.synthesise(build, "ecp5-25k", 0, False)


def test_clocks_of_all_seeds_and_a_second_run_does_nothing(flat: Path, monkeypatch: pytest.MonkeyPatch):
    first = flow.synthesise(flat, "ecp5-25k", 2, False)
    (row,) = first["units"]
    assert row["unit"] == "razorsnn_top" and len(row["mhz"]) == 2
    assert round(row["median_mhz"], 1) == min(row["mhz"])
    assert " -> " in row["critical_path"] and "TRELLIS" not in row["critical_path"]
    assert row["LUT"] > 100 and row["FF"] > 100
    stored = json.loads(Path(first["data"]).read_text())
    assert stored["devices"]["ecp5-25k"]["units"][0]["resources"]["LUT"] == row["LUT"]
    monkeypatch.setattr(tools, "_call", lambda *_: pytest.fail("a tool ran again"))
    assert flow.synthesise(flat, "ecp5-25k", 2, False) == first


def test_figures_of_other_sources_are_not_shown(flat: Path, tmp_path: Path):
    build = tmp_path / "build"
    shutil.copytree(flat, build)
    (build / synthesis.SYNTHESIS).write_text(json.dumps({"build": "0", "devices": {"ecp5-25k": {}}}))
    assert synthesis.stored(open_build(build)) == {}


def test_refusals(flat: Path, tmp_path: Path):
    with pytest.raises(UserError, match=r"device virtex: unknown; accepted: ecp5-85k, .*ultrascale\+"):
        flow.synthesise(flat, "virtex", 1, False)
    with pytest.raises(RuntimeError, match="instead of block RAM: mask"):
        require_block_rams({"device": "d", "memories": [{"memory": "mask", "as_planned": False}]})


def test_every_memory_of_a_plan_has_its_instance():
    """With gates of every kind, so that no memory is left out."""
    graph = random_graph(DEEP, 2)
    shape = make_plan(graph, DEEP.lanes).shape
    links = {memory.name for memory in make_plan(graph, DEEP.lanes, engines=2).memories() if memory.block == "link"}
    full = replace(shape, statics=1, relatives=1, sums_depth_even=64, sums_depth_odd=64)
    assert {memory.name for memory in memories(full, 1)} | links == set(INSTANCES)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("u_accelerator.u_engine.u_taps.tap1_q_TRELLIS_FF_Q_5", "engine, taps: tap1_q"),
        ("u_accelerator.gen_razor.u_razor.u_sums.u_ram.mem.0.3", "razor, sums, ram: memory"),
        ("u_events.mem.0.7_DO_CCU2C_S1_A1_MULT18X18D_P7", "events: memory"),
        ("pending_q_TRELLIS_FF_Q", "pending_q"),
    ],
)
def test_cells_in_words(cell: str, words: str):
    assert tools.in_words(cell) == words


def test_cells_are_counted_as_what_they_take():
    cells = {"LUT4": 3, "CCU2C": 2, "TRELLIS_DPR16X4": 1, "TRELLIS_FF": 5, "DP16KD": 4}
    assert DEVICES["ecp5-85k"].count(cells) == {"LUT": 13, "FF": 5, "DSP": 0, "BRAM": 4}
    cells = {"LUT1": 1, "LUT6": 2, "FDRE": 3, "FDSE": 1, "RAMB36E2": 2, "RAMB18E2": 1, "DSP48E2": 7, "RAM32M16": 1}
    assert DEVICES["ultrascale+"].count(cells) == {"LUT": 11, "FF": 4, "DSP": 7, "BRAM": 5}
