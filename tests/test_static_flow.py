"""A net with static gates goes the whole way: trained, generated, simulated, reported."""

from pathlib import Path

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
    assert set(facts["plan"]["multipliers"]) == {"engine", "leak", "addresses"}
