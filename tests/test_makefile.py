"""The Makefile's promises: help costs nothing, and what is missing is told before anything starts."""

import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
TARGETS = [
    "help", "setup", "setup-qkeras", "setup-spiker", "demo", "train", "hls", "csim", "sim", "report", "synth", "test",
    "test-qkeras", "bench", "bench-gesture", "bench-folds", "bench-spiker", "lint", "golden", "clean",
]  # fmt: skip


def make(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path)} if path else None
    command = [shutil.which("make") or "make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with links to a shell and to what the Makefile asks for."""
    for name in ("sh", "g++", "perl", "python3"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def test_make_alone_prints_help_with_every_target():
    result = make()
    assert result.returncode == 0
    assert result.stdout == make("help").stdout
    assert [line.split()[1] for line in result.stdout.splitlines() if line.startswith("  make ")] == TARGETS
    assert all(f"{name}=" in result.stdout for name in ("CONFIG", "RUN", "DATA", "LIMIT", "LANES", "TAPS", "PYTHON"))


@pytest.mark.parametrize("name", ["g++", "perl", "python3"])
def test_a_missing_tool_is_told_in_one_line(tools: Path, name: str):
    (tools / name).unlink()
    result = make("demo", path=tools)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"missing: {name}; to install on Debian or Ubuntu: apt install" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_python_that_is_too_old_is_told_in_one_line(tools: Path):
    old = tools / "python2"
    old.write_text("#!/bin/sh\necho False\n")
    old.chmod(0o755)
    result = make("test", "PYTHON=python2", path=tools)
    assert (result.returncode, result.stdout) == (2, "")
    assert "python2 is not Python 3.11 or later with venv" in result.stderr
    assert result.stderr.count("\n") == 1


def test_variables_reach_the_command_line():
    out = make(
        "-n", "demo", "CONFIG=configs/nmnist.toml", "DATA=my data", "LIMIT=3", "LANES=8", "TAPS=4", "INPUTS=2"
    ).stdout
    called = [line.split("/razorsnn ")[1] for line in out.splitlines() if "/razorsnn " in line]
    assert called == [
        "train --data 'my data' --run 'runs/nmnist' --config 'configs/nmnist.toml' --resume",
        "generate 'runs/nmnist' --out 'runs/nmnist/build' --target all --lanes 8 --taps 4 --inputs 2",
        "simulate 'runs/nmnist/build' --data 'my data' --target hls --limit 3",
        "simulate 'runs/nmnist/build' --data 'my data' --target rtl --limit 3",
        "report 'runs/nmnist/build'",
    ]


def test_ci_calls_the_tests_and_then_lint():
    lines = (TOP / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make test", "make test-qkeras", "make lint"]
    assert "set -euo pipefail" in lines
