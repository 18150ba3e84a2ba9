"""Spiker+'s VHDL of a net: written by its generator in .venv-spiker, simulated with GHDL beside its integer model."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.spiker_model import SpikerRun
from benchmarks.spiker_net import WEIGHT_BITS, Case
from razorsnn.errors import UserError

PYTHON = Path(".venv-spiker/bin/python")
HERE = Path(__file__).parent
PACKAGE = "spiker_pkg.vhd"
STANDARD = "--std=08"


def require_tools() -> None:
    """UserError: Spiker+ or GHDL is not there."""
    if not PYTHON.exists():
        raise UserError(f"{PYTHON} is missing; Spiker+ is in an environment of its own; make setup-spiker")
    if shutil.which("ghdl") is None:
        raise UserError("ghdl is missing; Spiker+ is VHDL, which GHDL simulates and translates; apt install ghdl")


def thresholds(case: Case, bits: int) -> list[int]:
    """Of all layers: the readout's is the largest membrane, and so is never exceeded."""
    return [*case.thresholds, (1 << (bits - 1)) - 1]


def emit(case: Case, bits: int, out: Path) -> None:
    """Writes out/core and out/full (spiker_emit.py) with membranes of `bits` bits."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    arrays = {f"weights{index}": matrix for index, matrix in enumerate(case.weights)}
    arrays["thresholds"] = np.array(thresholds(case, bits))
    arrays["facts"] = np.array([case.windows.shape[1], WEIGHT_BITS, bits])
    np.savez(out / "net.npz", allow_pickle=False, **arrays)
    for form in ("core", "full"):
        (out / form).mkdir()
        call([str(PYTHON), str(HERE / "spiker_emit.py"), str(out / "net.npz"), form, str(out / form)], Path.cwd())


def call(command: Sequence[str], folder: Path) -> str:
    """What it prints. RuntimeError: it stops at what we or Spiker+ wrote."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} ... stopped: {(done.stdout + done.stderr)[-1500:]}")
    return done.stdout


def sources(folder: Path) -> list[str]:
    """The package first; entities are in any order, since they are used as components."""
    names = sorted(path.name for path in folder.glob("*.vhd"))
    return [PACKAGE, *(name for name in names if name != PACKAGE)]


def simulate(case: Case, bits: int, folder: Path, windows: NDArray[np.uint8]) -> list[SpikerRun]:
    """The windows through the network in `folder`, one after the other."""
    frames = windows.shape[1]
    shutil.copy(HERE / "spiker_tb.vhd", folder / "spiker_tb.vhd")
    (folder / "in.txt").write_text("".join(rows(window) for window in windows))
    call(["ghdl", "-a", STANDARD, "-Wno-binding", *sources(folder)], folder)
    generics = {"Inputs": windows[0, 0].size, "Outputs": len(case.weights[-1]), "Bits": bits}
    generics |= {"Frames": frames, "Windows": len(windows)}
    given = [f"-g{name}={value}" for name, value in generics.items()]
    call(["ghdl", "-r", STANDARD, "tb", *given, "--ieee-asserts=disable"], folder)
    found = np.loadtxt(folder / "out.txt", dtype=np.int64).reshape(len(windows), frames + 1, -1)
    return [SpikerRun(window[:, 1:], window[:, 0]) for window in found]


def rows(window: NDArray[np.uint8]) -> str:
    """Of the bench: a row a frame, input 0 last, and an empty frame for the step that only begins."""
    bits = window.reshape(len(window), -1)[:, ::-1]
    lines = ["".join(map(str, row)) for row in bits.tolist()]
    return "\n".join([*lines, "0" * bits.shape[1]]) + "\n"


def equal(found: SpikerRun, expected: SpikerRun) -> bool:
    return np.array_equal(found.membranes, expected.membranes) and np.array_equal(found.cycles, expected.cycles)
