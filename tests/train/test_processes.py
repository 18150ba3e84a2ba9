"""Two processes under torchrun, on the CPU, against one: the same training, in doubles to the last bit of the graph."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from razorsnn.errors import UserError
from razorsnn.train import checkpoint, world
from tests.tiny_flow import flow_config, save_toml
from tests.train.test_fit import trained
from tests.train.two import config

ROOT = Path(__file__).parents[2]
ROUNDING = 1e-9
"""Of doubles, over a whole training: sums over a batch are added in another order."""


def torchrun(*arguments: object, count: int = 2) -> subprocess.CompletedProcess[str]:
    options = ["--standalone", "--nproc-per-node", count, "-m", "--"]  # what follows is not torchrun's
    command = [sys.executable, "-m", "torch.distributed.run", *options, *arguments]
    places = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "python")]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env={**os.environ, **places},
        check=False,
        timeout=600,
    )
    return done


def test_two_interrupted_and_resumed_end_with_the_graph_of_one(tmp_path: Path) -> None:
    done = torchrun("tests.train.two", tmp_path / "two", "interrupted")
    assert done.returncode == 0, done.stderr
    expected = trained(tmp_path / "one", config())
    for name in ("graph.json", "graph.npz"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    found = checkpoint.read(tmp_path / "two" / checkpoint.CHECKPOINT)
    alone = checkpoint.read(tmp_path / "one" / checkpoint.CHECKPOINT)
    for name, value in alone["model"].items():
        torch.testing.assert_close(found["model"][name], value, rtol=ROUNDING, atol=ROUNDING)
    torch.testing.assert_close(found["penalties"], alone["penalties"], rtol=0, atol=0)
    for ours, theirs in zip(found["history"], expected["epochs"], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=ROUNDING)
        assert all(ours[name] == theirs[name] for name in ("train_accuracy", "accuracy", "activity", "pruned"))


def test_the_command_under_torchrun_writes_and_speaks_once(tmp_path: Path) -> None:
    settings = save_toml(flow_config(train={"precision": "double"}), tmp_path / "c.toml")
    command = ["razorsnn", "train", "--data", "simulated", "--config", settings, "--json", "--run"]
    both = [torchrun(*command, tmp_path / str(count), count=count) for count in (2, 1)]
    assert [done.returncode for done in both] == [0, 0], both[0].stderr
    results = [json.loads(done.stdout) for done in both]
    assert [result.pop("run") for result in results] == [str(tmp_path / "2"), str(tmp_path / "1")]
    assert results[0].keys() == results[1].keys() and results[0]["accuracy"] == results[1]["accuracy"]
    for name in ("graph.json", "graph.npz"):
        texts = [(tmp_path / run / name).read_bytes() for run in "12"]
        assert texts[0] == texts[1].replace(b'"2"', b'"1"')
    again = torchrun(*command, tmp_path / "2")
    assert json.loads(again.stdout)["up_to_date"] is True


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("failing", "this process found fault"),
        ("other", "recordings of process 1 differ from those of process 0; accepted: the same in all"),
    ],
)
def test_what_fails_in_one_process_ends_all(way: str, message: str, tmp_path: Path) -> None:
    done = torchrun("tests.train.two", tmp_path, way)
    assert done.returncode != 0
    assert f"UserError: {message}" in done.stderr
    assert not (tmp_path / "graph.json").exists()


def test_more_processes_than_windows_of_a_batch_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "size", lambda: 9)
    with pytest.raises(UserError, match="a batch has 8 windows for 9 processes; accepted: at least one for each"):
        trained(tmp_path, config())
