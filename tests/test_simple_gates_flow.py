"""Nets with gates that cost no cycles go the whole way: trained, generated, simulated, reported."""

from pathlib import Path

import pytest

from razorsnn import flow
from razorsnn.builds import open_build
from razorsnn.files import read_json
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
