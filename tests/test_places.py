"""Folders that commands write to: a refusal leaves them as they were, and what is another's is never replaced."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from razorsnn import flow
from razorsnn.config import save_config
from razorsnn.errors import UserError
from razorsnn.experiments.tables import changed
from razorsnn.files import hash_files, read_json, write_json
from razorsnn.trained import LOCK, claim, metrics
from tests.tiny_flow import changed_at, flow_config, full_disk, recordings, refusal, save_toml

CONFIG = flow_config()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run, its build, and a load for it."""
    root = tmp_path_factory.mktemp("places")
    flow.train("simulated", root / "run", CONFIG, False)
    flow.generate(root / "run", root / "build", "rtl", None)
    flow.pack(root / "run", root / "build", root / "load")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "root")


def refused(root: Path, changes: dict[str, Any], *more: str) -> str:
    """What a training into root/run says, which is refused and changes nothing."""
    settings = save_toml(changed(CONFIG, changes, "test"), root.parent / "other.toml")
    before = hash_files(root)
    told = refusal("train", "--data", "simulated", "--run", root / "run", "--config", settings, *more)
    assert hash_files(root) == before
    return told


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"network": {"layers": "4C3-AP2-9"}}, "network.layers ends in 9, the data has 8 classes"),
        ({"train": {"device": "cuda"}}, "train.device cuda: torch"),
        ({"train": {"batch": 1}, "data": {"frames": 1}}, "nothing to normalise over"),
    ],
)
def test_a_refused_training_leaves_the_finished_one(
    root: Path, changes: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert told in refused(root, changes)


def test_a_refused_resumption_leaves_the_settings(root: Path):
    for name in ("metrics.json", "model.pt", "graph.json", "graph.npz"):  # as a kill in the last epoch leaves it
        (root / "run" / name).unlink()
    assert "cannot resume with other settings: gate.ratio was" in refused(root, {"gate": {"ratio": 0.6}}, "--resume")


def test_a_training_that_is_stopped_leaves_no_former_net(root: Path, monkeypatch: pytest.MonkeyPatch):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("razorsnn.train.loop.Trainer._step", stopped)
    with pytest.raises(KeyboardInterrupt):
        flow.train("simulated", root / "run", changed(CONFIG, {"data": {"frames": 8}}, "test"), False)
    data, run = ("--data", "simulated"), root / "run"
    for command, *more in (["show"], ["evaluate", *data], ["evaluate", *data, "--backend", "float"]):
        assert f"{run / 'graph.json'}: missing; accepted: " in refusal(command, run, *more)
    assert f"{run}: no graph.json; accepted: " in refusal("generate", run, "--out", root / "other")


def test_two_trainings_do_not_share_a_folder(root: Path):
    with ExitStack() as claimed:
        claim(root / "run", metrics(root / "run"), claimed)
        told = refused(root, {"seed": 8})
        assert f"{root / 'run'}: another training writes to it; accepted: another --run, or its end" in told
    assert flow.train("simulated", root / "run", CONFIG, False)["up_to_date"]


def test_a_training_that_ended_meanwhile_is_not_replaced(root: Path, monkeypatch: pytest.MonkeyPatch):
    former = dict(read_json(root / "run" / "metrics.json"), epochs=[])
    monkeypatch.setattr("razorsnn.trained.metrics", partial(_next, iter([former, None])))
    assert "another training has ended there meanwhile; accepted: another --run, or once more" in refused(
        root, {"seed": 8}
    )


def _next(values: Iterator[Any], _: Path) -> Any:
    return next(values)


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOLCK])
def test_a_folder_that_cannot_be_locked_is_told(root: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    def failing(*_: object, **__: object) -> None:
        raise OSError(number, "no", str(root / "run" / LOCK))

    monkeypatch.setattr("razorsnn.files.FileLock.acquire", failing)
    assert f"{root / 'run' / LOCK}: cannot be written, " in refused(root, {"seed": 8})


@pytest.mark.parametrize("name", ["model.pt", "graph.json", "graph.npz"])
def test_a_run_without_its_net_is_trained_anew(root: Path, caplog: pytest.LogCaptureFixture, name: str):
    (root / "run" / name).unlink()
    assert "up_to_date" not in flow.train("simulated", root / "run", CONFIG, False)
    assert f"its {name} is missing; it is trained anew" in caplog.text and (root / "run" / name).exists()


@pytest.mark.parametrize("name", ["config.json", "graph.json", "metrics.json", "graph.npz"])
def test_a_training_replaces_no_foreign_file(tmp_path: Path, name: str):
    settings, run = save_toml(CONFIG, tmp_path / "tiny.toml"), tmp_path / "run"
    run.mkdir()
    (run / name).write_text('{"mine": true}')
    told = refusal("train", "--data", "simulated", "--run", run, "--config", settings)
    assert f"{run}: " in told and "accepted: a new folder, or one of a training" in told
    assert (run / name).read_text() == '{"mine": true}' and [path.name for path in run.iterdir()] == [name]


@pytest.mark.parametrize("name", ["build", "load"])
def test_a_training_does_not_go_into_sources(root: Path, name: str):
    settings, before = save_toml(CONFIG, root.parent / "tiny.toml"), hash_files(root)
    told = refusal("train", "--data", "simulated", "--run", root / name, "--config", settings)
    assert "holds a manifest.json" in told and hash_files(root) == before


def test_a_load_is_not_taken_for_sources(root: Path):
    for command in (["simulate", "--data", "simulated"], ["report"]):
        assert "accepted: a folder that `razorsnn generate` wrote" in refusal(command[0], root / "load", *command[1:])


def test_what_another_program_wrote_is_not_replaced(root: Path):
    for name in ("manifest.json", "load.bin"):
        (root / name).mkdir()
        write_json(root / name / name, {"name": "an extension", "files": {"a": "b"}, "inputs": {"c": "d"}})
    before = hash_files(root)
    for out in ("manifest.json", "load.bin", "load", "run"):
        assert "is something else" in refusal("generate", root / "run", "--out", root / out)
    for out in ("manifest.json", "load.bin", "build", "run"):
        assert "is something else" in refusal("pack", root / "run", root / "build", "--out", root / out)
    assert hash_files(root) == before


def test_a_folder_that_cannot_be_written_is_told(root: Path, monkeypatch: pytest.MonkeyPatch):
    def read_only(path: Path, **_: object) -> None:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "unlink", read_only)
    assert "the disk is read-only" in refused(root, {"gate": {"ratio": 0.6}})


def test_more_engines_than_layers_are_told_before_the_training(tmp_path: Path):
    settings = save_toml(flow_config(hardware={"engines": 8}), tmp_path / "many.toml")
    told = refusal("train", "--data", "simulated", "--run", tmp_path / "run", "--config", settings)
    assert "hardware.engines 8; accepted: 1 to 2, the layers of the network" in told
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_trained_anew_is_told(root: Path, caplog: pytest.LogCaptureFixture):
    run = root / "run"
    flow.train("simulated", run, CONFIG, resume=False)
    assert not caplog.messages
    flow.train("simulated", run, CONFIG.model_copy(update={"seed": 9}), resume=False)
    assert caplog.messages == [f"{run}: was trained with other settings or on other data; it is trained anew"]


def test_a_full_disk_stops_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = save_toml(CONFIG, tmp_path / "tiny.toml")
    monkeypatch.setattr("os.replace", full_disk)
    told = refusal("train", "--data", "simulated", "--run", tmp_path / "run", "--config", settings)
    assert "the disk is full" in told
    assert set(changed_at(tmp_path / "run")) == {LOCK}


def test_a_model_of_another_shape_is_told(root: Path):
    run = root / "run"
    save_config(flow_config(network={"layers": "5C3-AP2-8"}), run / "config.json")
    told = refusal("evaluate", run, "--data", "simulated", "--backend", "float")
    assert "model.pt: a model of another shape" in told


def test_other_settings_train_anew(root: Path):
    run = root / "run"
    before = hash_files(run)
    said = flow.train("simulated", run, flow_config(train={"learning_rate": 0.001}), True)
    assert "up_to_date" not in said
    assert hash_files(run)["model.pt"] != before["model.pt"]


def test_data_of_other_classes_is_told(root: Path, tmp_path: Path):
    with pytest.raises(UserError, match=r"classes a, b; accepted: those of the graph, clockwise"):
        flow.evaluate(root / "run", str(recordings(tmp_path / "ab")), "reference", None, None)
