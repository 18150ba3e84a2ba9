"""Nets with gates that cost no cycles go the whole way: trained, generated, simulated, reported."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from razorsnn import flow
from razorsnn.builds import generate_command, open_build
from razorsnn.cli import app
from razorsnn.files import read_json
from razorsnn.plan import make_plan
from tests.tiny_flow import flow_config


def test_static_gates_go_the_whole_way(tmp_path: Path) -> None:
    run, build = tmp_path / "run", tmp_path / "run" / "build"
    flow.train("simulated", run, flow_config(gate={"threshold": "static"}), resume=False)
    flow.generate(run, build, "all", 4)
    found = flow.simulate(build, "simulated", None, "all")
    assert {name: found[name]["differences"] for name in found} == {"hls": 0, "rtl": 0}
    flow.report(build)
    facts = read_json(build / "report.json")
    plan = open_build(build).plan
    static = [layer.gate.keep.astype(bool).tolist() for layer in plan.gates]
    assert [gate["keep"] for gate in facts["gates"]] == static and facts["gates"][0]["score"] is None
    assert ">static<" in (build / "report.html").read_text()
    assert not any(row["razor"] for row in facts["cycles"]["all"]["rows"])
    assert {memory["name"] for memory in facts["plan"]["memories"]} & {"keep bits", "even sums", "occupancy"} == {
        "keep bits"
    }
    assert set(facts["plan"]["multipliers"]) == {"engine", "addresses"}


def test_frames_that_stream_go_the_whole_way(tmp_path: Path) -> None:
    """Stores hold a frame; the report tells what a frame takes, and what comes after the last event."""
    run, build, load = tmp_path / "run", tmp_path / "run" / "build", tmp_path / "load"
    config = flow_config(gate={"kind": "peak"}, hardware={"streaming": True, "taps": 4})
    flow.train("simulated", run, config, resume=False)
    assert flow.generate(run, build, "all", 4)["streaming"]
    found = flow.simulate(build, "simulated", None, "all")
    assert {name: found[name]["differences"] for name in found} == {"hls": 0, "rtl": 0}
    assert flow.evaluate(run, "simulated", "rtl", 4, None)["accuracy"] >= 0
    flow.pack(run, build, load)
    loaded = flow.simulate(build, "simulated", 3, "all", load)
    assert {loaded[name]["differences"] for name in loaded} == {0}
    command = generate_command(open_build(build))
    again = CliRunner().invoke(app, [*command.split()[1:], "--json"])
    assert json.loads(again.stdout)["up_to_date"], "the command that makes a build again makes another"
    flow.report(build)
    facts, plan = read_json(build / "report.json"), open_build(build).plan
    window = make_plan(plan.graph, 4, taps=4)
    assert plan.shape.store_depth_even * plan.shape.frames == window.shape.store_depth_even
    cycles = facts["cycles"]
    assert facts["streaming"] and cycles["frame"]["max"] < cycles["computing"]["max"] < cycles["window"]["max"]
    assert sum(row["total"] for row in cycles["example"]["rows"]) == cycles["window"]["example"]
    page = (build / "report.html").read_text()
    assert "Frames stream: each goes" in page and "The input never waits where each frame comes" in page
    assert cycles["pace"] > cycles["frame"]["max"] and facts["budget"]["cycles"] == "of all frames"


@pytest.mark.parametrize("kind", ["peak", "events"])
def test_tally_gates_go_the_whole_way(kind: str, tmp_path: Path) -> None:
    run, build = tmp_path / "run", tmp_path / "run" / "build"
    flow.train("simulated", run, flow_config(gate={"kind": kind}), resume=False)
    flow.generate(run, build, "all", 4)
    found = flow.simulate(build, "simulated", None, "all")
    assert {name: found[name]["differences"] for name in found} == {"hls": 0, "rtl": 0}
    flow.report(build)
    facts = read_json(build / "report.json")
    gate = facts["gates"][0]
    assert gate["cost"] == 0 and gate["rule"] == {"peak": "largest activation", "events": "sum of activations"}[kind]
    assert gate["keep"] == [score >= gate["threshold"] for score in gate["score"]]
    assert f", {gate['rule']}<" in (build / "report.html").read_text()
    assert set(facts["plan"]["multipliers"]) == {"engine", "addresses"}
