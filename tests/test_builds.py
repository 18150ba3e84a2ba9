"""Builds of a graph that was not trained here: the manifest, what it depends on, and its refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from razorsnn.builds import build_inputs, current_build, open_build, write_build
from razorsnn.config import Config, save_config
from razorsnn.errors import UserError
from razorsnn.files import hash_file
from razorsnn.graphfile import save_graph
from razorsnn.settings import SETTINGS, VARIES
from tests.nets import NetClass, random_graph


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    save_graph(random_graph(NetClass(), 3), folder / "graph.json")
    save_config(Config(), folder / "config.json")
    return folder


def written(run: Path) -> tuple[Path, dict[str, Any]]:
    inputs = build_inputs(run, ["hls", "rtl"], 4)
    write_build(run, run.parent / "build", inputs)
    return run.parent / "build", inputs


def test_the_manifest_names_every_file(run: Path):
    build, inputs = written(run)
    manifest = json.loads((build / "manifest.json").read_text())
    files = {path.relative_to(build).as_posix() for path in build.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == files - {"manifest.json"}
    assert all(hash_file(build / name) == value for name, value in manifest["files"].items())
    assert manifest["inputs"] == inputs and open_build(build).targets == ("hls", "rtl")
    plan = open_build(build).plan
    assert plan.graph == random_graph(NetClass(), 3)
    told = json.loads((build / "plan.json").read_text())["shape_class"]["constants"]
    assert told == {name: value for name in SETTINGS if (value := getattr(plan.shape, name)) != VARIES}


def test_a_build_current_build_for_its_inputs_only(run: Path):
    build, inputs = written(run)
    assert current_build(build, inputs) and not current_build(run, inputs)
    assert not current_build(build, build_inputs(run, ["hls"], 4))
    assert not current_build(build, build_inputs(run, ["hls", "rtl"], 2))
    save_config(Config(seed=2), run / "config.json")
    assert not current_build(build, build_inputs(run, ["hls", "rtl"], 4))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"inputs": {}}', '{"files": 3, "inputs": 4}'])
def test_a_damaged_manifest_is_told(run: Path, content: str):
    build, inputs = written(run)
    (build / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=r"manifest\.json"):
        open_build(build)
    assert not current_build(build, inputs)


def test_a_missing_part_of_a_run_is_named(run: Path):
    (run / "graph.npz").unlink()
    with pytest.raises(UserError, match=r"no graph\.npz; accepted: a result folder"):
        build_inputs(run, ["hls"], 4)
