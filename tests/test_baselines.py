"""Gates that are baselines: trained and evaluated in floats, and refused in one line where a graph is needed."""

from pathlib import Path

import pytest

from razorsnn import flow
from tests.tiny_flow import flow_config, refusal

GATES = {
    "gate.kind ta": {"kind": "ta", "reduction": 2},
    "gate.kind random": {"kind": "random"},
    "gate.operand refined_in_training": {"operand": "refined_in_training"},
}


@pytest.mark.parametrize("name", GATES)
def test_a_baseline_is_evaluated_in_floats_and_refused_where_a_graph_is_needed(name: str, tmp_path: Path) -> None:
    run, config = tmp_path / "run", flow_config(gate=GATES[name])
    flow.train("simulated", run, config, resume=False)
    found = flow.evaluate(run, "simulated", "float", None, None)
    assert found["windows"] == 8 and len(found["kept"]) == 1
    assert flow.train("simulated", run, config, resume=True)["up_to_date"]
    assert_refused(name, run, tmp_path)


def assert_refused(name: str, run: Path, tmp_path: Path) -> None:
    commands = [
        ("generate", run, "--out", tmp_path / "build"),
        ("show", run),
        ("show", run, "--json"),
        *(("evaluate", run, "--data", "simulated", "--backend", name) for name in ("reference", "hls", "rtl")),
    ]
    for command in commands:
        assert refusal(*command) == (
            f"error: {run}: no accelerator has {name}, only train and evaluate --backend float; accepted here: a run "
            "with gate.kind razor and gate.operand raw or refined, or with gate.kind peak, events, uniform or none\n"
        )
    assert not (tmp_path / "build").exists()
