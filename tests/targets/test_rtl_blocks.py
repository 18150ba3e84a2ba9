"""Each block of the RTL in Verilator, with its bench in sim/, which compares it with the Python reference."""

import json
import os
import re
from pathlib import Path

import pytest

from razorsnn.contents import loadable
from razorsnn.graphfile import save_graph
from razorsnn.plan import Plan, make_plan
from razorsnn.settings import SETTINGS, VARIES
from razorsnn.targets.rtl import MEMORIES, emit, parameters, stage_parameters
from razorsnn.targets.rtlsim import RUNTIME, Parameters, build, run_bench
from tests.nets import NetClass, random_graph

BLOCKS: dict[str, Parameters] = {
    "forward": {"Width": 6, "Depth": 5},
    "rmw": {"Width": 6, "Depth": 5},
    "store": {"Width": 6, "Depth": 5},
    "deep_ram": {"Width": 6, "Depth": 5, "InitFile": "words.hex"},
    "fifo": {"Width": 7, "Depth": 5},
    "word_reader": {"AddrWidth": 5, "WordWidth": 8},
    "scanner": {"Lanes": 4, "Taps": 1, "Inputs": 1, "ActBits": 3, "AddrWidth": 7, "WeightAddrWidth": 10},
    "taps": {"Inputs": 1, "Taps": 1, "ActBits": 4, "WeightAddrWidth": 10, "MembraneAddrWidth": 8},
    "cast": {"InBits": 30, "OutBits": 8},
    "largest": {"Width": 9, "Count": 36},
    "few": {"Width": 18},
    "tally": {"Slots": 4, "ActBits": 3, "Frames": 5},
    "mac": {"Inputs": 1, "WeightBits": 10, "ValueBits": 4, "MembraneBits": 22, "Alpha": -1},
    "neuron": {"MembraneBits": 20, "OutBits": 5},
    "readout": {"Slots": 2, "Classes": 5, "MembraneBits": 9, "ScoreBits": 13, "MembraneAddrWidth": 4},
    "registers": {
        "Lanes": 2, "Taps": 9, "Inputs": 4, "Frames": 37, "Classes": 5, "Layers": 3, "Gates": 2, "Embeddings": 3,
        "ClassIdentity": 7654321, "Stages": 2,
    },
    "loader": {
        "Slots": 4, "Rows": 3, "Embeddings": 3, "WeightBits": 9, "LowerBits": 6, "MembraneBits": 13, "WeightDepth": 5,
        "UpperDepth": 2, "BiasDepth": 3,
        "GateRows": 4, "OffsetDepth": 6, "LoadBits": 512, "ClassIdentity": 1234567,
    },
    "frame_builder": {
        "Frames": 3, "Channels": 3, "Height": 4, "Width": 3, "SensorHeight": 4, "SensorWidth": 6, "BinXMul": 1,
        "BinXShift": 1, "Lanes": 2, "Taps": 1, "InputLanes": 2, "InputBits": 3,
    },
}  # fmt: skip
"""The parameters of each bench's block."""
BANKS = {
    "store": {"Width": 9, "Depth": 1300},
    "deep_ram": {"Width": 9, "Depth": 1300, "InitFile": "words.hex"},
}
BANKED = (range(512), range(512, 1024), range(1024, 1300))
"""Words of the three banks that 1,300 words make."""
LEAKS = (0, 1, 77, 85, 171, 240, 255)
"""Alphas of all layers: from no power of two to the most, and those that take a difference."""
NARROW = {
    "mac": {"Inputs": 1, "WeightBits": 6, "ValueBits": 8, "MembraneBits": 5, "Alpha": -1},
    "readout": {"Slots": 8, "Classes": 3, "MembraneBits": 9, "ScoreBits": 13, "MembraneAddrWidth": 4},
    "scanner": {"Lanes": 1, "Taps": 1, "Inputs": 1, "ActBits": 2, "AddrWidth": 7, "WeightAddrWidth": 9},
    "cast": {"InBits": 5, "OutBits": 8},
    "largest": {"Width": 3, "Count": 1},
    "few": {"Width": 1},
    "tally": {"Slots": 1, "ActBits": 2, "Frames": 1},
    "loader": {
        "Gated": 0, "Slots": 1, "Rows": 1, "WeightBits": 2, "LowerBits": 2, "MembraneBits": 9, "LoadBits": 512,
    },
    "frame_builder": {
        "Frames": 3, "Channels": 2, "Height": 3, "Width": 7, "SensorHeight": 3, "SensorWidth": 7, "Lanes": 8,
        "Taps": 1, "InputLanes": 2, "InputBits": 2,
    },
}  # fmt: skip
FOUR = {
    "scanner": {"Lanes": 2, "Taps": 4, "Inputs": 1, "ActBits": 2, "AddrWidth": 7, "WeightAddrWidth": 10},
    "taps": {"Inputs": 1, "Taps": 4, "ActBits": 4, "WeightAddrWidth": 10, "MembraneAddrWidth": 8},
    "frame_builder": {
        "Frames": 2, "Channels": 2, "Height": 5, "Width": 7, "SensorHeight": 5, "SensorWidth": 7, "Lanes": 4,
        "Taps": 4, "InputLanes": 2, "InputBits": 2,
    },
}  # fmt: skip
STREAMED = {
    "frame_builder": BLOCKS["frame_builder"] | {"Streaming": 1},
}
NINE = {
    "scanner": {"Lanes": 2, "Taps": 9, "Inputs": 1, "ActBits": 2, "AddrWidth": 7, "WeightAddrWidth": 10},
    "taps": {"Inputs": 1, "Taps": 9, "ActBits": 4, "WeightAddrWidth": 10, "MembraneAddrWidth": 8},
    "frame_builder": {
        "Frames": 2, "Channels": 2, "Height": 5, "Width": 14, "SensorHeight": 5, "SensorWidth": 14, "Lanes": 4,
        "Taps": 9, "InputLanes": 2, "InputBits": 2, "TileYMul": 11, "TileYShift": 5, "TileXMul": 11, "TileXShift": 6,
    },
}  # fmt: skip
TWO = {
    "loader": {
        "Stages": 2, "Slots": 4, "Rows": [3, 2], "Embeddings": 3, "WeightBits": [9, 5], "LowerBits": [6, 5],
        "MembraneBits": [13, 20], "WeightDepth": [5, 9], "UpperDepth": [2, 0], "BiasDepth": [3, 1], "Gated": [0, 1],
        "GateRows": [1, 4], "OffsetDepth": [1, 6], "LoadBits": 512, "ClassIdentity": 7,
    },
}  # fmt: skip


SEVERAL = {
    "scanner": {"Lanes": 8, "Taps": 1, "Inputs": 2, "ActBits": 3, "AddrWidth": 7, "WeightAddrWidth": 10},
    "taps": {"Inputs": 2, "Taps": 4, "ActBits": 4, "WeightAddrWidth": 10, "MembraneAddrWidth": 8},
    "mac": {"Inputs": 4, "WeightBits": 10, "ValueBits": 4, "MembraneBits": 22, "Alpha": -1},
    "many_rom": {"Reads": 2, "Width": 6, "Depth": 5, "InitFile": "words.hex", "LoadBits": 32},
}  # fmt: skip
MORE = {
    "mac": {"Inputs": 4, "WeightBits": 6, "ValueBits": 1, "MembraneBits": 14, "Alpha": 240},
    "scanner": {"Lanes": 4, "Taps": 4, "Inputs": 4, "ActBits": 2, "AddrWidth": 7, "WeightAddrWidth": 11},
    "many_rom": {"Reads": 4, "Width": 9, "Depth": 1300, "InitFile": "words.hex", "LoadBits": 32},
}
ONE_SLOT = {"scanner": {"Lanes": 1, "Taps": 1, "Inputs": 2, "ActBits": 2, "AddrWidth": 7, "WeightAddrWidth": 9}}
ODD_SLOTS = {"scanner": {"Lanes": 2, "Taps": 9, "Inputs": 4, "ActBits": 1, "AddrWidth": 7, "WeightAddrWidth": 10}}


KINDS = {
    "two inputs": SEVERAL, "four inputs": MORE, "one slot": ONE_SLOT, "odd slots": ODD_SLOTS, "two engines": TWO,
    "banks": BANKS, "narrow": NARROW, "four taps": FOUR, "nine taps": NINE, "streaming": STREAMED,
}  # fmt: skip


@pytest.fixture(scope="module")
def rtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, with the images of some net, and what bench_deep_ram looks for."""
    folder = tmp_path_factory.mktemp("blocks")
    net = NetClass(lanes=2, frames=2, size=(2, 2), sensor=(2, 2), most_layers=1)
    emit(make_plan(random_graph(net, 0), net.lanes), folder)
    for name, words in {"words.hex": range(5), **{f"words.hex.{i}": part for i, part in enumerate(BANKED)}}.items():
        (folder / "rtl" / name).write_text("".join(f"{word % 512:x}\n" for word in words))
    return folder / "rtl"


OF_A_NET = ("weighting", "razor", "engine", "sequencer")
"""Blocks whose memories have contents: those of a net."""


ALIKE = {
    "no two": NetClass(lanes=2, frames=3, size=(4, 4), sensor=(4, 4), embeddings=3, activation_bits=5),
    "spikes": NetClass(
        lanes=2, frames=3, size=(4, 4), sensor=(4, 4), embeddings=3, input_bits=1, activation_bits=1, least_bits=1,
        modes=("lif",), resets=("subtract",), alphas=(240,),
    ),
    "values": NetClass(
        lanes=2, frames=3, size=(4, 4), sensor=(4, 4), embeddings=3, least_bits=4, modes=("liaf",),
        resets=("threshold",), ties=("even",), alphas=(77,),
    ),
}  # fmt: skip
"""Nets whose layers have nothing alike, and those with neurons of one kind."""


@pytest.mark.parametrize(("seed", "taps"), [(0, 1), (0, 4)])
@pytest.mark.parametrize("kind", ["spikes", "values"])
def test_an_engine_of_constants_equals_the_reference(
    tmp_path: Path, rtl: Path, kind: str, seed: int, taps: int
) -> None:
    plan = net_plan(seed, taps, ALIKE[kind])
    assert all(getattr(plan.shape, name) != VARIES for name in SETTINGS)
    assert_block_equals_the_reference(tmp_path, rtl, "engine", seed, plan)


@pytest.mark.parametrize(("seed", "taps"), [(0, 1), (1, 1), (0, 4), (1, 9)])
@pytest.mark.parametrize("name", OF_A_NET)
def test_a_block_with_the_memories_of_a_net_equals_the_reference(
    tmp_path: Path, rtl: Path, name: str, seed: int, taps: int
) -> None:
    assert_block_equals_the_reference(tmp_path, rtl, name, seed, net_plan(seed, taps, ALIKE["no two"]))


def assert_block_equals_the_reference(
    tmp_path: Path, rtl: Path, name: str, seed: int, plan: Plan, engines: dict[str, str] | None = None
) -> None:
    emit(plan, tmp_path)
    save_graph(plan.graph, tmp_path / "graph.json")
    environment = {"RAZORSNN_STAGE": "0", "RAZORSNN_ENGINES": "1"} | (engines or {})
    given = block_parameters(plan, int(environment["RAZORSNN_STAGE"]), tmp_path / "rtl" / f"rsnn_{name}.sv")
    folder = build(tmp_path / "rtl", rtl.parent / "cache", f"rsnn_{name}", given)
    environment |= {"RAZORSNN_PARAMETERS": json.dumps(given), "RAZORSNN_GRAPH": str(tmp_path / "graph.json")}
    axes = {name.upper(): getattr(plan.shape, name) for name in ("lanes", "taps", "inputs", "streaming")}
    environment |= {f"RAZORSNN_{name}": str(value) for name, value in axes.items()}
    run_bench(folder, tmp_path / "rtl", f"bench_{name}", seed, environment, random_start=False)


@pytest.mark.parametrize(("taps", "inputs"), [(1, 4), (4, 2)])
def test_an_engine_that_takes_several_events_at_once_equals_the_reference(
    tmp_path: Path, rtl: Path, taps: int, inputs: int
) -> None:
    assert_block_equals_the_reference(tmp_path, rtl, "engine", 0, net_plan(0, taps, ALIKE["no two"], inputs))


@pytest.mark.parametrize("stage", [0, 1, 2])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_sequencer_of_one_of_several_engines_equals_the_reference(
    tmp_path: Path, rtl: Path, seed: int, stage: int
) -> None:
    net = NetClass(lanes=2, frames=3, size=(4, 4), sensor=(4, 4), embeddings=3, engines=(1, 2, 1))
    plan = make_plan(random_graph(net, seed), net.lanes, engines=net.engines)
    engines = {"RAZORSNN_ENGINES": json.dumps(net.engines), "RAZORSNN_STAGE": str(stage)}
    assert_block_equals_the_reference(tmp_path, rtl, "sequencer", seed, plan, engines)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("name", "taps"), [("frame_sequencer", 1), ("engine", 1), ("engine", 4)])
def test_a_block_of_frames_that_stream_equals_the_reference(
    tmp_path: Path, rtl: Path, name: str, taps: int, seed: int
) -> None:
    net = NetClass(lanes=2, frames=3, size=(4, 5), sensor=(4, 5), embeddings=1, razors=False)
    graphs = (random_graph(net, 100 * seed + index) for index in range(100))
    plans = (make_plan(graph, net.lanes, taps=taps, streaming=True) for graph in graphs)
    plan = next(plan for plan in plans if plan.shape.statics and plan.shape.tallies)
    assert_block_equals_the_reference(tmp_path, rtl, name, seed, plan)


def net_plan(seed: int, taps: int, net: NetClass, inputs: int = 1) -> Plan:
    """Two gates that score on two lanes; with taps, layers that use them in both ways."""
    graphs = (random_graph(net, 100 * seed + index) for index in range(100))
    plans = (make_plan(graph, net.lanes, taps=taps, inputs=inputs) for graph in graphs)
    return next(
        plan for plan in plans if plan.shape.razors >= 2 and len({row["deep"] for row in plan.table}) == min(2, taps)
    )


def block_parameters(plan: Plan, stage: int, source: Path) -> dict[str, int | str]:
    """What the accelerator gives to this block of a stage: those of its parameters that the source declares."""
    shape, own, parts = plan.shape, plan.parts[stage].shape, plan.parts
    given: dict[str, int | str] = {"ActBits": max(shape.input_bits, shape.activation_bits), "AddrWidth": 12}
    given |= {"Slots": shape.slots, "HandsOn": int(stage < len(parts) - 1)}
    given["GatesBefore"] = sum(part.shape.gates for part in parts[:stage])
    given |= {name: int(value) for name, value in parameters(shape) if not value.startswith("{")}
    given |= stage_parameters(own)
    prefix = f"{stage}." if plan.stages else ""
    files = zip(MEMORIES, loadable(own), strict=False)
    given |= {f"{name}File": f"{prefix}{memory.name}.hex" for name, memory in files}
    declared = set(re.findall(r"^  parameter (?:int unsigned|int|string|bit) (\w+)", source.read_text(), re.MULTILINE))
    return {name: value for name, value in given.items() if name in declared}


@pytest.mark.parametrize(("bits", "inputs"), [(1, 1), (3, 1), (1, 2), (3, 4)], ids=["spikes", "values", "2", "4"])
@pytest.mark.parametrize("alpha", LEAKS)
def test_a_leak_of_all_layers_is_the_product(rtl: Path, alpha: int, bits: int, inputs: int) -> None:
    given = {"Inputs": inputs, "WeightBits": 7, "ValueBits": bits, "MembraneBits": 21, "Alpha": alpha}
    folder = build(rtl, rtl.parent / "cache", "rsnn_mac", given)
    run_bench(folder, rtl, "bench_mac", 1, {"RAZORSNN_PARAMETERS": json.dumps(given)})


@pytest.mark.parametrize(
    ("name", "given"),
    [*BLOCKS.items(), *(block for of in KINDS.values() for block in of.items())],
    ids=[*BLOCKS, *(f"{name}, {kind}" for kind, of in KINDS.items() for name in of)],
)
def test_a_block_equals_the_reference(rtl: Path, name: str, given: Parameters) -> None:
    folder = build(rtl, rtl.parent / "cache", f"rsnn_{name}", given)
    run_bench(folder, rtl, f"bench_{name}", 1, {"RAZORSNN_PARAMETERS": json.dumps(given)})


@pytest.mark.parametrize("seed", range(2, 12))
def test_no_power_up_begins_a_load(rtl: Path, seed: int) -> None:
    """The registers that have no reset start with what the seed draws."""
    folder = build(rtl, rtl.parent / "cache", "rsnn_loader", BLOCKS["loader"])
    run_bench(folder, rtl, "bench_loader", seed, {"RAZORSNN_PARAMETERS": json.dumps(BLOCKS["loader"])})


def test_verilators_own_objects_are_compiled_once(rtl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAZORSNN_CACHE", str(tmp_path / "kept"))
    logs = [(build(rtl, tmp_path / name, "rsnn_few") / "build.log").read_text() for name in "ab"]
    assert [f"-o {name}.o" in log for log in logs for name in RUNTIME] == [True] * len(RUNTIME) + [False] * len(RUNTIME)


def test_a_build_asks_no_python_of_path(rtl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("python", "python3"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert (build(rtl, tmp_path / "cache", "rsnn_few") / "rsnn_few").is_file()


def test_a_cache_that_cannot_be_written_does_not_stop_a_build(
    rtl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("RAZORSNN_CACHE", str(tmp_path / "file"))
    assert (build(rtl, tmp_path, "rsnn_few") / "rsnn_few").is_file()
