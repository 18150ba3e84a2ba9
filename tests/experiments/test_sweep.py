"""`razorsnn sweep` as a user calls it: the front, what is kept, several processes, refusals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from typer.testing import CliRunner

from razorsnn import flow, training
from razorsnn.cli import app
from razorsnn.config import Config, load_config
from razorsnn.experiments.space import Choice, Range, combinations, parse_space
from razorsnn.experiments.tables import changed
from razorsnn.files import read_json
from tests.tiny_flow import flow_config, refusal, save_toml

SETTINGS = flow_config()
GRID = ("--over", "gate.ratio=0.2,0.6", "--over", "quantisation.activation_bits=2..3")
LINE = ("--over", "gate.ratio=0.1..0.9")


def arguments(folder: Path, *more: str) -> list[str]:
    if not (folder / "tiny.toml").exists():
        save_toml(SETTINGS, folder / "tiny.toml")
    return ["sweep", "--data", "simulated", "--config", str(folder / "tiny.toml"), "--out", str(folder / "out"), *more]


def call(folder: Path, *more: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*arguments(folder, *more), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def study(folder: Path) -> optuna.Study:
    return optuna.load_study(study_name=None, storage=f"sqlite:///{folder / 'out/sweep.db'}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the grid was swept."""
    folder = tmp_path_factory.mktemp("sweep")
    call(folder, *GRID)
    return folder


def beats(one: dict[str, Any], other: dict[str, Any]) -> bool:
    mine, theirs = ((row["accuracy"], -row["activity"], -row["cycles"]) for row in (one, other))
    return mine != theirs and all(a >= b for a, b in zip(mine, theirs, strict=True))


def test_few_combinations_are_each_tried_once_and_none_beats_the_front(place: Path) -> None:
    found = call(place, *GRID)
    every = read_json(place / "out/results.json")["all"]
    tried = sorted((row["gate.ratio"], row["quantisation.activation_bits"]) for row in every)
    assert tried == [(0.2, 2), (0.2, 3), (0.6, 2), (0.6, 3)] and found["trials"] == 4
    best = {row["trial"] for row in every if not any(beats(other, row) for other in every)}
    assert {row["trial"] for row in found["front"]} == best
    assert "<svg" in (place / "out/front.svg").read_text()


def test_a_trial_is_the_training_of_its_settings(place: Path, tmp_path: Path) -> None:
    trial = next(t for t in study(place).trials if t.params == {"gate.ratio": 0.6, "quantisation.activation_bits": 3})
    config = load_config(Path(trial.user_attrs["run"]) / "config.json")
    assert config == changed(SETTINGS, {"gate": {"ratio": 0.6}, "quantisation": {"activation_bits": 3}}, "test")
    metrics = flow.train("simulated", tmp_path, config, resume=False)
    assert trial.values[:2] == [100 * metrics["accuracy"], 100 * metrics["activity"][1]]


def test_more_trials_add_to_those_that_are_there(tmp_path: Path) -> None:
    call(tmp_path, *LINE, "--trials", "2")
    before = [trial.params for trial in study(tmp_path).trials]
    assert call(tmp_path, *LINE, "--trials", "4")["trials"] == 4
    after = [trial.params for trial in study(tmp_path).trials]
    assert after[:2] == before and len({params["gate.ratio"] for params in after}) == 4
    assert call(tmp_path, *LINE, "--trials", "4")["trials"] == 4


def test_an_interrupted_trial_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train_on(samples: Any, run: Path, config: Config, resume: bool) -> dict[str, Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_on", train_on)
        result = CliRunner().invoke(app, arguments(tmp_path, *LINE, "--trials", "2"))
    assert result.exit_code == 130 and "the same command again resumes" in result.stderr
    stopped = study(tmp_path).trials[0].params
    assert call(tmp_path, *LINE, "--trials", "2")["trials"] == 2
    states = [(trial.state.name, trial.params) for trial in study(tmp_path).trials]
    assert states[:2] == [("FAIL", stopped), ("COMPLETE", stopped)] and len(states) == 3


def test_a_trial_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train_on(samples: Any, run: Path, config: Config, resume: bool) -> dict[str, Any]:
        raise MemoryError

    grid = ("--over", "gate.ratio=0.2,0.4,0.6", "--trials", "3")
    with monkeypatch.context() as patch:
        patch.setattr(training, "train_on", train_on)
        result = CliRunner().invoke(app, arguments(tmp_path, *grid))
    assert isinstance(result.exception, MemoryError)
    assert call(tmp_path, *grid)["trials"] == 3
    measured = [trial.params["gate.ratio"] for trial in study(tmp_path).trials if trial.state.name == "COMPLETE"]
    assert sorted(measured) == [0.2, 0.4, 0.6]


def test_a_sweep_that_measures_nothing_is_refused(tmp_path: Path) -> None:
    told = refusal(*arguments(tmp_path, "--over", "network.layers=4C3-AP8-4C3-AP8-8,4C3-AP8-4C3-AP4-8"))
    assert "none of 2 trials could be measured: " in told and "leaves nothing of 2 x 2" in told


def test_settings_that_do_not_go_together_are_noted_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "order").mkdir()
    found = call(tmp_path / "order", "--over", "hardware.streaming=true,false")
    assert found["trials"] == 1 and "hardware.streaming with a razor" in found["refused"][0]["why"]
    assert len(list((tmp_path / "order").rglob("model.pt"))) == 1, "what is refused was trained"
    found = call(tmp_path, "--over", "network.layers=4C3-AP2-8,4C3-AP8-4C3-AP8-8")
    assert found["trials"] == 1 and [row["network.layers"] for row in found["refused"]] == ["4C3-AP8-4C3-AP8-8"]
    assert "AP8 leaves nothing of 2 x 2" in found["refused"][0]["why"]


def test_two_processes_share_a_sweep(tmp_path: Path) -> None:
    call(tmp_path, *LINE, "--trials", "1")
    command = [sys.executable, "-m", "razorsnn", *arguments(tmp_path, *LINE, "--trials", "7")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    trials = study(tmp_path).trials
    assert {trial.state.name for trial in trials} == {"COMPLETE"} and 7 <= len(trials) <= 8
    assert len({trial.params["gate.ratio"] for trial in trials}) == len(trials)


def test_a_killed_sweep_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "razorsnn", *arguments(tmp_path, *LINE, "--trials", "3")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list((tmp_path / "out").glob("runs/*/result.json")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = {trial.number: trial.values for trial in study(tmp_path).trials if trial.state.name == "COMPLETE"}
    assert call(tmp_path, *LINE, "--trials", "3")["trials"] == 3
    assert done.items() <= {trial.number: trial.values for trial in study(tmp_path).trials}.items()


# ---- what is varied


def test_ranges_and_choices_are_read() -> None:
    texts = [
        "gate.ratio=0..0.5",
        "train.learning_rate=1e-3..1e-1:log",
        "gate.embeddings=2..8",
        "gate.weighting=true,false",
        "network.neuron=lif, liaf",
        "seed=1..3",
    ]
    assert parse_space(texts, SETTINGS) == (
        Range("gate.ratio", 0.0, 0.5, False),
        Range("train.learning_rate", 1e-3, 1e-1, True),
        Range("gate.embeddings", 2, 8, False),
        Choice("gate.weighting", (True, False)),
        Choice("network.neuron", ("lif", "liaf")),
        Range("seed", 1, 3, False),
    )
    assert [combinations(parse_space([text], SETTINGS)) for text in texts[2:]] == [7, 2, 2, 3]
    assert combinations(parse_space(texts, SETTINGS)) == float("inf")


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ("gate.ratoi=1,2", "--over gate.ratoi=1,2: unknown key gate.ratoi; accepted in [gate]: kind, position, "),
        ("gaet.ratio=1", "unknown key gaet; accepted: seed, data, simulated, network, quantisation, gate, train, "),
        ("gate.ratio=0..2", "--over gate.ratio=0..2: gate.ratio = 2; accepted: a number >= 0 and <= 0.95"),
        ("gate.ratio", "--over gate.ratio: not understood; accepted: KEY=LOW..HIGH, KEY=LOW..HIGH:log, KEY=A,B,C"),
        ("gate.ratio=", "not understood; accepted: KEY=LOW..HIGH"),
        ("gate.ratio=0.8..0.2", "no range; accepted: LOW..HIGH, two numbers, LOW below HIGH"),
        ("gate.ratio=0..0.5:log", "no range; accepted: LOW..HIGH, two numbers, LOW below HIGH and above 0"),
        ("network.neuron=lif..liaf", "no range; accepted: LOW..HIGH, two numbers"),
        ("gate.kind=razor,ta", "gate.kind ta: no accelerator has it, so it has no cycles to compare; accepted: gates "),
        ("data.grid=3", "data.grid = 3; accepted: [height, width], each an integer"),
        ("gate=razor", "gate = 'razor'; accepted: a table with kind, position"),
        ("data.dt_us=none", "data.dt_us = 'none'; accepted: an integer"),
    ],
)
def test_what_cannot_be_varied_is_told(over: str, told: str, tmp_path: Path) -> None:
    assert told in refusal(*arguments(tmp_path, "--over", over))
    assert not (tmp_path / "out").exists()


def test_a_setting_given_twice_is_told(tmp_path: Path) -> None:
    told = refusal(*arguments(tmp_path, *LINE, *LINE))
    assert told == "error: --over gate.ratio: given twice; accepted: each setting once\n"


def test_an_unknown_data_set_is_told(tmp_path: Path) -> None:
    assert "no data set with settings of its own; accepted: simulated, " in refusal("sweep", "--data", "mnist", *LINE)
    told = refusal("sweep", "--data", f"shd:{tmp_path}", *LINE, "--out", tmp_path / "out")
    assert "shd_train.h5.zip as it comes from https://" in told and not (tmp_path / "out").exists()


def test_a_sweep_of_other_settings_is_not_gone_on_with(place: Path, tmp_path: Path) -> None:
    here = f"error: sqlite:///{place / 'out/sweep.db'}: holds a sweep of other settings or data: "
    told = refusal(*arguments(place, "--over", "gate.ratio=0.2,0.7", *GRID[2:]))
    assert told.startswith(f"{here}over.gate.ratio was 0.2,0.6 and is 0.2,0.7; accepted: the same, or another --out")
    other = save_toml(flow_config(train={"batch": 16}), tmp_path / "other.toml")
    told = refusal("sweep", "--data", "simulated", "--config", other, "--out", place / "out", *GRID)
    assert told.startswith(f"{here}settings.train.batch was 32 and is 16; ")


@pytest.mark.parametrize("url", ["postgresql://x@h/n", "nonsense", "sqlite:////proc/none/sweep.db"])
def test_a_storage_that_cannot_be_opened_is_told(url: str, tmp_path: Path) -> None:
    told = refusal(*arguments(tmp_path, *LINE, "--storage", url))
    assert told.startswith(f"error: {url}: no storage can be opened there (")
    assert "accepted: a URL such as sqlite:///FILE" in told
