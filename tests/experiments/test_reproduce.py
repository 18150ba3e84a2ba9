"""`razorsnn reproduce` as a user calls it: tables, what is kept of them, and refusals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import stdev
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from razorsnn import flow, training
from razorsnn.cli import app
from razorsnn.config import Config, load_config
from razorsnn.errors import UserError
from razorsnn.experiments.runs import Runs, some_recordings
from razorsnn.experiments.tables import QUICK_EPOCHS, base_config, changed, quick, read_tables
from razorsnn.files import read_json, write_json
from razorsnn.graphfile import load_graph
from razorsnn.plan import make_plan
from razorsnn.simulation import reference
from tests.datasets.published import WRITERS
from tests.tiny_flow import flow_config, refusal, save_toml

SETTINGS = flow_config(network={"layers": "4C3-AP2-4C3-AP2-8"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings, in which the table of positions was run with two seeds."""
    folder = tmp_path_factory.mktemp("reproduce")
    save_toml(SETTINGS, folder / "tiny.toml")
    call(folder, "fig3", "--seeds", "2")
    return folder


def arguments(folder: Path, table: str, *more: str) -> list[str]:
    config = ("--config", str(folder / "tiny.toml"), "--out", str(folder / "out"))
    return ["reproduce", table, "--data", "simulated", *config, *more]


def call(folder: Path, table: str, *more: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*arguments(folder, table, *more), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def kept(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder / "out/runs").glob("*/*")}


def test_rows_are_means_over_runs_with_their_seeds(place: Path) -> None:
    found = call(place, "fig3", "--seeds", "2")
    assert [row["row"] for row in found["rows"]] == ["none", "encoder", "backbone", "all"]
    assert (found["seeds"], found["unseen_windows"], found["quick"]) == ([1, 2], 8, False)
    stored = read_json(place / "out/fig3/results.json")
    for row in found["rows"]:
        runs = stored["runs"][row["row"]]
        accuracy = [100 * run["accuracy"] for run in runs]
        assert [row["accuracy"], row["spread"]] == [sum(accuracy) / 2, stdev(accuracy)]
        assert row["cycles"] == sum(run["cycles"] for run in runs) / 2
        assert [len(run["pruned"]) for run in runs] == [{"none": 0, "all": 2}.get(row["row"], 1)] * 2
        assert row["paper"] is None  # the paper knows no simulated recordings
    assert "<svg" in (place / "out/fig3/figure.svg").read_text()


def test_runs_side_by_side_make_the_same_table(place: Path, tmp_path: Path) -> None:
    expected = read_json(place / "out/fig3/results.json")
    save_toml(SETTINGS, tmp_path / "tiny.toml")
    call(tmp_path, "fig3", "--seeds", "2", "--jobs", "3")
    found = read_json(tmp_path / "out/fig3/results.json")
    assert without_places(found) == without_places(expected)
    assert kept(tmp_path).keys() == {tmp_path / path.relative_to(place) for path in kept(place)}


def without_places(results: dict[str, Any]) -> dict[str, Any]:
    runs = {row: [run | {"run": None} for run in of] for row, of in results["runs"].items()}
    return results | {"runs": runs}


def test_what_fails_side_by_side_is_told_in_one_line(tmp_path: Path) -> None:
    save_toml(changed(SETTINGS, {"train": {"batch": 1}, "data": {"frames": 1}}, "test"), tmp_path / "tiny.toml")
    told = refusal(*arguments(tmp_path, "fig3", "--jobs", "2"))
    assert "train.batch 1 with data.frames 1: nothing to normalise over" in told


def test_a_folder_without_results_takes_other_settings(tmp_path: Path) -> None:
    for layers in ("4C3-AP2-4C3-AP2-9", "4C3-AP2-4C3-AP2-8"):
        save_toml(flow_config(network={"layers": layers}), tmp_path / "tiny.toml")
        if layers.endswith("9"):
            assert "network.layers ends in 9, the data has 8" in refusal(*arguments(tmp_path, "fig4"))
    assert len(call(tmp_path, "fig4")["rows"]) == 2


def test_a_process_that_is_killed_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_toml(SETTINGS, tmp_path / "tiny.toml")
    monkeypatch.setattr("razorsnn.experiments.runs._silently", kill_me)
    assert "--jobs 2: a process was killed" in refusal(*arguments(tmp_path, "fig3", "--jobs", "2"))


PARENT = """
import sys, time
from pathlib import Path
from razorsnn.config import load_config
from razorsnn.experiments.runs import Runs, made
runs, config = Runs(Path(sys.argv[1]) / "runs", "simulated"), load_config(Path(sys.argv[1]) / "long.toml")
list(made(runs, [config, config.model_copy(update={"seed": 2})], 2))
"""


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    save_toml(changed(SETTINGS, {"train": {"epochs": 10_000}}, "test"), tmp_path / "long.toml")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path])
    while len(list(tmp_path.glob("runs/*/checkpoint.pt"))) < 2:
        assert parent.poll() is None
        time.sleep(0.1)
    children = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
    assert len(children) >= 2
    parent.kill()
    parent.wait()
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        time.sleep(0.1)


def kill_me(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_is_the_training_of_its_settings(place: Path, tmp_path: Path) -> None:
    run = read_json(place / "out/fig3/results.json")["runs"]["encoder"][1]
    config = changed(
        SETTINGS, {"seed": 2, "gate": {"position": "encoder", "operand": "refined", "embeddings": 4}}, "test"
    )
    assert load_config(Path(run["run"]) / "config.json") == config
    metrics = flow.train("simulated", tmp_path, config, resume=False)
    assert (run["accuracy"], run["pruned"], run["activity"]) == (
        metrics["accuracy"],
        metrics["pruned"],
        metrics["activity"],
    )
    held = Runs(tmp_path, "simulated").held(config)
    cycles = reference(make_plan(load_graph(tmp_path), config.hardware.lanes), held).outcome.cycles
    assert cycles is not None and run["cycles"] == float((cycles[:, -1] + 1).mean())


def test_what_was_run_is_not_run_again_in_any_table(place: Path) -> None:
    before = kept(place)
    call(place, "fig3", "--seeds", "2")
    assert kept(place) == before
    found = call(place, "fig4")  # its two rows are the first and the last of fig3
    assert kept(place) == before and "<svg" in Path(found["figure"]).read_text()


def test_cycles_of_an_older_model_are_counted_anew(place: Path) -> None:
    stored = read_json(place / "out/fig3/results.json")
    run = Path(stored["runs"]["all"][0]["run"])
    before, result = kept(place), read_json(run / "result.json")
    write_json(run / "result.json", result | {"cycles": 1.0, "measured_with": "an older model"})
    call(place, "fig3", "--seeds", "2")
    assert read_json(place / "out/fig3/results.json") == stored
    assert [path for path, time in kept(place).items() if before[path] != time] == [run / "result.json"]


def test_an_interrupted_table_goes_on(place: Path) -> None:
    stored = read_json(place / "out/fig3/results.json")
    first, second = (Path(run["run"]) for run in stored["runs"]["all"])
    for path in (first / "result.json", first / "metrics.json"):  # killed before its end: the checkpoint is there
        path.unlink()
    before = kept(place)
    call(place, "fig3", "--seeds", "2")
    assert read_json(place / "out/fig3/results.json") == stored
    changed_paths = {path.parent for path, time in kept(place).items() if before.get(path) != time}
    assert changed_paths == {first} and second not in changed_paths


def test_a_kill_between_runs_keeps_those_that_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_toml(SETTINGS, tmp_path / "tiny.toml")
    trained, original = [], training.train_on

    def train_on(samples: Any, run: Path, config: Config, resume: bool) -> dict[str, Any]:
        if len(trained) == 1:
            trained.clear()
            raise KeyboardInterrupt
        trained.append(run)
        return original(samples, run, config, resume)

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_on", train_on)
        result = CliRunner().invoke(app, arguments(tmp_path, "fig4"))
    assert result.exit_code == 130 and "the same command again resumes" in result.stderr
    done = kept(tmp_path)
    assert [path.name for path in done if path.name == "result.json"] == ["result.json"]
    call(tmp_path, "fig4")
    assert done.items() <= kept(tmp_path).items()


@pytest.mark.parametrize("table", read_tables().values(), ids=lambda table: table.name)
@pytest.mark.parametrize("name", ["simulated", "nmnist", "dvs128_gesture", "n_caltech101", "cifar10_dvs", "shd"])
def test_every_row_is_settings_that_ship(table: Any, name: str) -> None:
    base = base_config(name, None)
    configs = [changed(base, row.settings, row.name) for row in table.rows]
    assert all(config.gate.ratio in (base.gate.ratio, 0.0) for config in configs)
    same = [row.name for row, config in zip(table.rows, configs, strict=True) if configs.count(config) > 1]
    assert same == (["+ weighting", "+ refine"] if table.name == "table5" else [])


def test_the_figures_of_the_paper_are_those_that_are_known() -> None:
    tables = read_tables()
    known = {name: [row.paper.get("dvs128_gesture") for row in table.rows] for name, table in tables.items()}
    assert known["table4"] == [97.99, 98.56, 98.83, 98.79, 98.34]
    assert known["table5"][:5] == [97.99, 98.30, 98.54, 98.64, 98.83]
    assert tables["table3"].rows[3].paper == {"dvs128_gesture": 98.83, "n_caltech101": 70.5, "cifar10_dvs": 73.01}
    assert set(known["gates"]) == {None}


def test_quick_is_smaller() -> None:
    full = base_config("shd", None)
    small = quick(full)
    assert (small.train.epochs, small.train.folded_epochs, small.data.validation) == (QUICK_EPOCHS, 4, 0.3)
    assert quick(SETTINGS).train == SETTINGS.train
    assert quick(Config(train={"epochs": 2, "folded_epochs": 1})).train.folded_epochs == 1  # type: ignore[arg-type]


def test_some_recordings_are_whole_and_of_all_classes() -> None:
    config = flow_config(data={"dt_us": 10_000})  # two windows a recording
    samples = Runs(Path("none"), "simulated").samples(config)
    some = some_recordings(samples, 16)
    assert len(samples.starts) == 24 and len(some.starts) == 16 and len(some.slots) == 32
    assert np.bincount(some.labels).tolist() == [4] * 8
    assert some_recordings(samples, 24) is samples and some_recordings(samples, None) is samples


# ---- refusals


def test_an_unknown_table_is_told() -> None:
    told = refusal("reproduce", "table9", "--data", "simulated")
    assert told.startswith("error: table9: no such table; accepted: table3 (methods), table4 (embeddings k), ")


def test_a_folder_without_settings_is_told(tmp_path: Path) -> None:
    told = refusal("reproduce", "table3", "--data", "mnist")
    assert told == (
        "error: mnist: no data set with settings of its own; accepted: simulated, nmnist:PATH, dvs128_gesture:PATH, "
        "n_caltech101:PATH, cifar10_dvs:PATH, shd:PATH, or a folder and --config\n"
    )
    missing = refusal("reproduce", "table3", "--data", tmp_path / "none", "--config", "configs/nmnist.toml")
    assert f"{tmp_path / 'none'}: no such folder; accepted: simulated, nmnist:PATH" in missing


@pytest.mark.parametrize("name", WRITERS)
def test_missing_files_are_told_with_where_to_get_and_to_put_them(name: str, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        told = refusal("reproduce", "table3", "--data", f"{name}:{folder}", "--out", tmp_path / "out")
        assert told.startswith(f"error: {folder}: no ") and " as it comes from https://" in told
    assert not (tmp_path / "out").exists()


def test_results_of_other_settings_are_not_mixed(place: Path, tmp_path: Path) -> None:
    other = save_toml(changed(SETTINGS, {"gate": {"ratio": 0.6}, "train": {"batch": 16}}, "test"), tmp_path / "o.toml")
    told = refusal("reproduce", "fig3", "--data", "simulated", "--config", other, "--out", place / "out")
    assert told == (
        f"error: {place / 'out'}: holds results of other settings or data: settings.gate.ratio was 0.4 and is 0.6; "
        "settings.train.batch was 32 and is 16; accepted: the same, or another folder for --out\n"
    )


def test_a_row_that_does_not_fit_is_told_before_anything_runs(tmp_path: Path) -> None:
    save_toml(flow_config(network={"layers": "4C3-AP8-4C3-AP4-8"}), tmp_path / "tiny.toml")
    assert "AP4 leaves nothing" in refusal(*arguments(tmp_path, "fig4"))
    save_toml(flow_config(gate={"kind": "peak"}, hardware={"streaming": True}), tmp_path / "tiny.toml")
    assert "hardware.streaming with a razor whose gate.threshold is absolute" in refusal(*arguments(tmp_path, "gates"))
    with pytest.raises(UserError, match=r"^here: gate\.ratio = 2; accepted: a number"):
        changed(SETTINGS, {"gate": {"ratio": 2}}, "here")
    assert not (tmp_path / "out").exists()
