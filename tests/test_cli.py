"""The command line over a flow that only notes how it was called; the true flow has tests of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import razorsnn
from razorsnn import experiments
from razorsnn.assets import asset
from razorsnn.cli import app
from razorsnn.config import Config, load_config, save_config
from razorsnn.errors import UserError
from razorsnn.interop.qkeras import ENVIRONMENT, Choices

STAGES = ["train", "import-qkeras", "evaluate", "generate", "pack", "simulate", "synthesise", "report", "show"]
EXPERIMENTS = ["reproduce", "sweep"]
COMMANDS = [*STAGES, *EXPERIMENTS, "doctor"]
WIDE = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}

Call = tuple[str, tuple[Any, ...]]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=WIDE)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Puts a flow in place whose stages print, note their arguments here, and answer with their name."""
    noted: list[Call] = []

    def stage(name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            print("a stage talks")
            noted.append((name, arguments))
            return "the graph" if name == "show" else {"stage": name, "layers": [{"layer": "conv0"}]}

        return call

    names = [*(name.replace("-", "_") for name in STAGES), "synthesise_vitis", "show_data"]
    flow = {name: stage(name) for name in names}
    monkeypatch.setattr(razorsnn, "flow", SimpleNamespace(**flow), raising=False)
    for name in EXPERIMENTS:
        module = SimpleNamespace(**{name: stage(name)})
        monkeypatch.setattr(experiments, name, module, raising=False)
    return noted


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def report(build: Path) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(razorsnn, "flow", SimpleNamespace(report=report), raising=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example_and_json(name: str):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Example: razorsnn {name}" in result.stdout
    assert "--json" in result.stdout


def example(name: str) -> list[str]:
    line = next(line for line in run(name, "--help").stdout.splitlines() if "Example: razorsnn" in line)
    return line.split("razorsnn ", 1)[1].split()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_runs(calls: list[Call], name: str):
    assert run(*example(name)).exit_code == 0
    assert [call for call, _ in calls] == ([] if name == "doctor" else [name.replace("-", "_")])


def test_help_without_a_command_and_the_version():
    assert run().exit_code == 0
    assert all(name in run().stdout for name in COMMANDS)
    assert run("--version").stdout == f"{razorsnn.__version__}\n"


@pytest.mark.parametrize("arguments", [["doctor"], ["doctor", "--json"], ["train", "--help"]])
def test_a_full_disk_behind_standard_output_is_told(arguments: list[str]):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "razorsnn", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: no space left for standard output or a temporary file; accepted: a disk with room\n"


def test_options_reach_the_stages(calls: list[Call], tmp_path: Path):
    save_config(Config(seed=5), tmp_path / "settings.json")
    settings = str(tmp_path / "settings.json")
    run("train", "--data", "d", "--run", "r", "--config", settings, "--resume")
    imported = ("--alpha", "0.5", "--threshold", "2", "--frames", "3", "--classes", "a, b", "--python", "p")
    run("import-qkeras", "m.h5", "--out", "r", "--config", settings, *imported)
    run("evaluate", "r", "--data", "d", "--backend", "rtl", "--limit", "3", "--scores", "s.npz")
    widths = ("--lanes", "8", "--taps", "4", "--inputs", "2", "--engines", "1,3", "--no-streaming")
    beyond = ("--headroom", "2", "--device", "zcu104", "--any-neuron")
    run("generate", "r", "--out", "b", "--target", "hls", *widths, *beyond)
    run("pack", "r", "b", "--out", "l")
    run("simulate", "b", "--data", "d", "--limit", "2", "--target", "rtl", "--load", "l")
    run("synthesise", "b", "--device", "ultrascale+", "--seeds", "3", "--top-only")
    run("synthesise", "b", "--tool", "vitis", "--data", "d", "--limit", "2", "--part", "p")
    run("report", "b")
    run("show", "r")
    run(
        "reproduce", "fig3", "--data", "d", "--config", settings, "--seeds", "3", "--quick", "--jobs", "2", "--out", "o"
    )
    run("sweep", "--data", "d", "--over", "a=1", "--over", "b=2", "--trials", "3", "--storage", "u", "--out", "o")
    assert calls == [
        ("train", ("d", Path("r"), Config(seed=5), True)),
        ("import_qkeras", (Path("m.h5"), Path("r"), Config(seed=5), Choices(0.5, 2.0, 3, ("a", "b")), Path("p"))),
        ("evaluate", (Path("r"), "d", "rtl", 3, Path("s.npz"))),
        ("generate", (Path("r"), Path("b"), "hls", 8, 2, "zcu104", 4, True, [1, 3], 2, False)),
        ("pack", (Path("r"), Path("b"), Path("l"))),
        ("simulate", (Path("b"), "d", 2, "rtl", Path("l"))),
        ("synthesise", (Path("b"), "ultrascale+", 3, False)),
        ("synthesise_vitis", (Path("b"), "d", 2, "p")),
        ("report", (Path("b"),)),
        ("show", (Path("r"),)),
        ("reproduce", ("fig3", "d", Path(settings), 3, True, Path("o"), 2)),
        ("sweep", ("d", ["a=1", "b=2"], None, 3, False, "u", Path("o"))),
    ]


def test_defaults_of_the_options(calls: list[Call]):
    run("train", "--data", "d", "--run", "r")
    run("import-qkeras", "m.h5", "--out", "r")
    run("evaluate", "r", "--data", "d")
    run("generate", "r", "--out", "b")
    run("simulate", "b", "--data", "d")
    run("synthesise", "b")
    run("synthesise", "b", "--tool", "vitis")
    run("reproduce", "fig3", "--data", "d")
    run("sweep", "--data", "d", "--over", "a=1")
    assert calls == [
        ("train", ("d", Path("r"), Config(), False)),
        ("import_qkeras", (Path("m.h5"), Path("r"), None, Choices(), ENVIRONMENT)),
        ("evaluate", (Path("r"), "d", "reference", None, None)),
        ("generate", (Path("r"), Path("b"), "all", None, 0, None, None, False, None, None, None)),
        ("simulate", (Path("b"), "d", None, "all", None)),
        ("synthesise", (Path("b"), "ecp5-85k", 5, True)),
        ("synthesise_vitis", (Path("b"), None, None, None)),
        ("reproduce", ("fig3", "d", None, 1, False, None, 1)),
        ("sweep", ("d", ["a=1"], None, 20, False, None, None)),
    ]


def test_a_resumed_training_takes_the_settings_of_its_run(calls: list[Call], tmp_path: Path):
    save_config(Config(seed=9), tmp_path / "config.json")
    run("train", "--data", "d", "--run", str(tmp_path), "--resume")
    run("train", "--data", "d", "--run", str(tmp_path))
    run("train", "--data", "d", "--run", str(tmp_path / "new"), "--resume")
    assert [arguments[2].seed for _, arguments in calls] == [9, 1, 1]


def test_a_data_set_with_a_name_brings_its_settings(calls: list[Call]):
    for data in ("simulated", "shd:PATH"):
        run("train", "--data", data, "--run", "r")
    shipped = [load_config(asset("configs") / f"{name}.toml") for name in ("simulated", "shd")]
    assert [arguments[2] for _, arguments in calls] == shipped


@pytest.mark.parametrize("name", COMMANDS)
def test_json_is_all_of_stdout(calls: list[Call], name: str):
    result = run(*example(name), "--json")
    answer = json.loads(result.stdout)
    if name == "doctor":
        assert answer["ok"]
    else:
        stage = "show_data" if name == "show" else name.replace("-", "_")
        assert answer == {"stage": stage, "layers": [{"layer": "conv0"}]}
        assert result.stderr == "a stage talks\n"


def test_people_see_tables(calls: list[Call]):
    result = run("report", "b")
    assert [line.split() for line in result.stdout.splitlines() if "stage" in line] == [["stage", "report"]]
    assert run("show", "r").stdout == "a stage talks\nthe graph\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["trian"], "trian"),
        (["--fast"], "--fast"),
        (["report", "b", "--fast"], "--fast"),
        (["report"], "BUILD"),
        (["report", "a", "b"], "b"),
        (["train", "--run", "r"], "--data"),
        (["evaluate", "r", "--data", "d", "--backend", "gpu"], "'float', 'reference', 'hls', 'rtl'"),
        (["evaluate", "r", "--data", "d", "--limit", "0"], "--limit"),
        (["simulate", "r", "--data", "d", "--limit", "x"], "--limit"),
        (["generate", "r", "--out", "b", "--lanes", "129"], "--lanes"),
        (["generate", "r", "--out", "b", "--engines", "1,x"], "--engines 1,x: accepted: a number of engines"),
        (["generate", "r", "--out", "b", "--engines", "0"], "--engines 0"),
        (["train", "--data", "d", "--run", "r", "--config", "none.toml"], "none.toml: cannot be read"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(calls: list[Call], arguments: list[str], told: str):
    result = run(*arguments)
    assert (result.exit_code, result.stdout, calls) == (2, "", [])
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert told in result.stderr


def test_an_error_of_the_user_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch):
    failing(monkeypatch, UserError("build: no manifest;\nwrite it with: generate"))
    for arguments in (["report", "b"], ["report", "b", "--json"]):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "error: build: no manifest; write it with: generate\n"


def test_an_interruption_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch):
    failing(monkeypatch, KeyboardInterrupt())
    result = run("report", "b")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "interrupted: the same command again resumes (train: with --resume)\n"


def test_a_missing_tool_makes_the_doctor_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("doctor", "--json")
    assert result.exit_code == 2
    assert not json.loads(result.stdout)["ok"]
    assert result.stderr == "error: a needed tool is missing or too old; what to install is said above\n"


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


BUG = """
import sys, types, razorsnn
razorsnn.flow = types.SimpleNamespace(report=lambda build: 1 // 0)
sys.argv = ["razorsnn", "report", "b"]
from razorsnn.cli import main
main()
"""


def test_a_bug_is_a_plain_traceback():
    result = python(BUG)
    assert result.returncode == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith("ZeroDivisionError: integer division or modulo by zero\n")


HELP = """
import sys
from razorsnn.cli import app
app(["generate", "--help"], standalone_mode=False)
print("loaded:", *sys.modules)
"""


def loaded(code: str) -> set[str]:
    result = python(code)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.rpartition("loaded:")[2].split())


def test_help_loads_nothing_heavy():
    assert not {"torch", "numpy", "tonic", "razorsnn.flow"} & loaded(HELP)


def test_the_flow_loads_no_torch():
    modules = loaded("import sys, razorsnn.flow; print('loaded:', *sys.modules)")
    assert "razorsnn.flow" in modules
    assert "torch" not in modules


def test_the_settings_that_we_ship_are_accepted_by_train(calls: list[Call]):
    path = Path(__file__).parents[1] / "configs" / "simulated.toml"
    assert run("train", "--data", "simulated", "--run", "r", "--config", str(path)).exit_code == 0
    assert calls == [("train", ("simulated", Path("r"), load_config(path), False))]


def test_an_activity_target_is_a_setting(calls: list[Call]) -> None:
    wanted = Config.model_validate({"train": {"activity_target": 0.05}})
    assert run("train", "--data", "d", "--run", "r", "--activity-target", "0.05").exit_code == 0
    assert calls == [("train", ("d", Path("r"), wanted, False))]
    refused = run("train", "--data", "d", "--run", "r", "--activity-target", "2")
    assert refused.exit_code == 2
    assert "error: --activity-target: train.activity_target = 2.0; accepted: a number > 0 and < 1" in refused.output
