"""Gates that are baselines: trained and evaluated in floats, and refused in one line where a graph is needed."""

from pathlib import Path

import pytest

from razorsnn import flow
from tests.tiny_flow import flow_config, refusal

CONFIG = flow_config(gate={"kind": "ta", "reduction": 2})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baseline") / "run"
    flow.train("simulated", folder, CONFIG, resume=False)
    return folder


def test_it_is_evaluated_in_floats(run: Path) -> None:
    found = flow.evaluate(run, "simulated", "float", None, None)
    assert found["windows"] == 8 and len(found["kept"]) == 1
    assert flow.train("simulated", run, CONFIG, resume=True)["up_to_date"]


def test_what_needs_a_graph_refuses_it(run: Path, tmp_path: Path) -> None:
    commands = [
        ("generate", run, "--out", tmp_path / "build"),
        ("show", run),
        ("show", run, "--json"),
        *(("evaluate", run, "--data", "simulated", "--backend", name) for name in ("reference", "hls", "rtl")),
    ]
    for command in commands:
        assert refusal(*command) == (
            f"error: {run}: gate.kind ta is a baseline, for train and evaluate --backend float only; accepted here: a "
            "run with gate.kind razor or none\n"
        )
    assert not (tmp_path / "build").exists()
