"""Runs the RTL in Verilator, driven by the cocotb benches of sim/."""

import contextlib
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import Verilator

from razorsnn import framecache
from razorsnn.assets import asset
from razorsnn.contents import Writes
from razorsnn.errors import UserError
from razorsnn.files import atomic_path, hash_file
from razorsnn.plan import Plan
from razorsnn.progress import followed
from razorsnn.registers import COUNTER_WRAP, COUNTERS, IDENTIFICATION
from razorsnn.stream import Beats, with_last
from razorsnn.targets.outcome import BackendRun, Outcome
from razorsnn.targets.rtl import TOP, source_files
from razorsnn.tools import TOOLS, verilator_environment

# In one file the model compiles in two thirds of the time: its headers are read once, by no precompiled header.
BUILD_ARGS = ("-O3", "--output-split", "0", "--x-assign", "unique", "--x-initial", "unique", "-Wall", "-Wno-fatal")
# -O1: the model that it makes is as fast as that of -O2, and is made in half the time.
MAKE_VARIABLES = "-- OPT_FAST=-O1"
RUNTIME = ("verilated", "verilated_dpi", "verilated_threads", "verilated_vpi")
"""Verilator's own sources, which are the same for every model and take longer to compile than most of them."""
RUN, RESET, ABORT, LOAD = 0, 1, 2, 3
Parameters = Mapping[str, int | str | list[int]]


@dataclass(frozen=True)
class Stimulus:
    """Windows to play, and how."""

    windows: Sequence[Beats]
    actions: Sequence[int] | None = None
    """Per window: RUN (all of them without this), or RESET or ABORT `wait` cycles after its beats; LOAD: its beats are
    register writes, `load_beats`."""
    wait: int = 0
    idle: float = 0.0
    """Probability of an idle cycle before an input beat."""
    stall: float = 0.0
    """Probability of a stalled cycle before an output beat."""
    seed: int = 1


class _Runner(Verilator):
    """Without --public-flat-rw, which keeps Verilator from optimising: ports.vlt makes those of the top public.

    Objects of RUNTIME that are in the cache are put beside the model, so that make finds them newer than its makefile.
    """

    def _build_command(self) -> list[list[str]]:
        verilate, *make = super()._build_command()
        cache = runtime_cache()
        kept = [str(path) for name in RUNTIME if (path := cache / f"{name}.o").is_file()]
        copy = [["cp", *kept, str(self.build_dir)]] if kept else []
        return [[part for part in verilate if part != "--public-flat-rw"], *copy, *make]


def runtime_cache() -> Path:
    """Where objects of RUNTIME are kept, by what made them."""
    made_by = [TOOLS[name].probe() for name in ("verilator", "g++")]
    return framecache.folder() / f"verilated-{framecache.key(MAKE_VARIABLES, platform.machine(), *made_by)}"


def build(rtl: Path, cache: Path, top: str = TOP, parameters: Parameters | None = None) -> Path:
    """Verilates `top` of the sources in `rtl`, once for each content (the images do not count); the build folder.

    `parameters`: those of `top` that are not to have their defaults, strings without quotes.
    """
    given = dict(parameters or {})
    folder = cache / f"{top}-{source_hash(rtl, top, given)}"
    if (folder / "done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ports = folder / "ports.vlt"
    ports.write_text(f'`verilator_config\npublic_flat_rw -module "{top}" -var "*"\n')
    arguments = {
        "sources": [ports, *(rtl / name for name in source_files(rtl))],
        "hdl_toplevel": top,
        "parameters": {name: _literal(value) for name, value in given.items()},
        "build_dir": folder,
        "build_args": list(BUILD_ARGS),
        "log_file": folder / "build.log",
    }
    _quietly("build", arguments, folder / "build.log")
    _keep_runtime(folder)
    (folder / "done").touch()
    return folder


def _keep_runtime(folder: Path) -> None:
    """Leaves the objects of RUNTIME in the cache; one that cannot be written costs time and nothing else."""
    cache = runtime_cache()
    with contextlib.suppress(UserError):
        for name in RUNTIME:
            if not (cache / f"{name}.o").is_file():
                with atomic_path(cache / f"{name}.o") as temporary:
                    shutil.copyfile(folder / f"{name}.o", temporary)


def _literal(value: int | str | list[int]) -> int | str:
    """Of a parameter; numbers are those of the stages, the first in the lowest bits."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int):
        return value
    return f"{32 * len(value)}'h{sum(one << 32 * stage for stage, one in enumerate(value)):x}"


def source_hash(rtl: Path, top: str = TOP, parameters: Parameters | None = None) -> str:
    """One name for the contents of the sources, in their order, and for how they are built."""
    texts = [f"{name} {hash_file(rtl / name)}" for name in source_files(rtl)]
    settings = [top, *(f"{name}={value}" for name, value in (parameters or {}).items()), *BUILD_ARGS, MAKE_VARIABLES]
    return hashlib.sha256("\n".join([*texts, *settings]).encode()).hexdigest()[:16]


def simulate(plan: Plan, rtl: Path, cache: Path, stimulus: Stimulus) -> BackendRun:
    """Plays the stimulus on the accelerator in `rtl` (sources and images of `plan`)."""
    return simulate_loads([plan], rtl, cache, [stimulus.windows], [], stimulus)[0]


def simulate_loads(
    plans: Sequence[Plan],
    rtl: Path,
    cache: Path,
    windows: Sequence[Sequence[Beats]],
    loads: Sequence[Writes],
    stimulus: Stimulus | None = None,
) -> list[BackendRun]:
    """Plays windows[0] on the accelerator in `rtl`, which holds the contents of plans[0]; then each load, which brings
    those of the next plan, and the windows that follow it: all in one simulation.

    `stimulus`: how to play. Its actions are those of windows[0]; what is not RUN gives no result.
    """
    how = stimulus or Stimulus([])
    actions, beats = list(how.actions or [RUN] * len(windows[0])), list(windows[0])
    for load, some in zip(loads, windows[1:], strict=True):
        actions += [LOAD] + [RUN] * len(some)
        beats += [load_beats(load), *some]
    arrays = play(plans[0], rtl, cache, replace(how, windows=beats, actions=actions), "bench_windows")
    counts = [actions[: len(windows[0])].count(RUN), *(len(some) for some in windows[1:])]
    return _backend_runs(plans, counts, arrays)


def load_beats(load: Writes) -> Beats:
    """The register writes as a bench plays them: the address from bit 32 on."""
    address, value = load.astype(np.uint64).T
    beats: Beats = address << np.uint64(32) | value
    return beats


def play(plan: Plan, rtl: Path, cache: Path, stimulus: Stimulus, bench: str) -> dict[str, Any]:
    """Plays the stimulus with a bench that reads a job file and stores arrays; gives those."""
    folder = build(rtl, cache)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        work = Path(temporary)
        np.savez(work / "job.npz", allow_pickle=False, **_job(plan, stimulus))
        files = {"JOB": work / "job.npz", "RESULT": work / "result.npz", "PROGRESS": work / "progress"}
        with followed("RTL windows", len(stimulus.windows), lambda: _counted(files["PROGRESS"])):
            run_bench(folder, rtl, bench, stimulus.seed, {f"RAZORSNN_{name}": str(at) for name, at in files.items()})
        with np.load(files["RESULT"], allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}


def run_bench(
    folder: Path, images: Path, bench: str, seed: int, environment: Mapping[str, str], random_start: bool = True
) -> None:
    """Runs all tests of sim/<bench>.py on a build; RuntimeError with the log's end unless every one passes.

    `images`: the folder that the model reads memory contents from. With `random_start` memory, registers and inputs
    start with random bits, else with zeros. A clock that starts high is an edge that no bench can hold back, so a block
    whose inputs load its memories might start with other contents.
    """
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        log, results = Path(temporary) / "run.log", Path(temporary) / "results.xml"
        arguments = {
            "hdl_toplevel": folder.name.rpartition("-")[0],
            "hdl_toplevel_lang": "verilog",
            "test_module": bench,
            "build_dir": folder,
            "test_dir": images,
            "results_xml": str(results),
            "extra_env": dict(environment),
            "seed": seed,
            # A seed of 0 would be one by chance.
            "plusargs": [f"+verilator+rand+reset+{2 * random_start}", f"+verilator+seed+{seed + 1}"],
            "log_file": log,
        }
        _quietly("test", arguments, log)
        tests, failed = get_results(results)
        if failed or not tests:
            raise RuntimeError(f"{bench}: {failed} of {tests} tests failed\n{_end(log)}")


def _quietly(step: str, arguments: dict[str, Any], log: Path) -> None:
    """Runs a step of cocotb's runner, its output in `log`; a failure is a bug of ours and shows the log's end."""
    with _environment():
        runner = _Runner()
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
    # Verilator's makefile would take the python of PATH, which may be another one, or none.
    os.environ.update(verilator_environment(), MAKEFLAGS=f"{MAKE_VARIABLES} PYTHON3={sys.executable}")
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # the runner would report in another way
    sys.path.insert(0, benches)
    try:
        yield
    finally:
        sys.path.remove(benches)
        os.environ.clear()
        os.environ.update(before)


def _counted(file: Path) -> int:
    """How many windows the bench says that it has played."""
    return int(file.read_text() or 0) if file.exists() else 0


def _job(plan: Plan, stimulus: Stimulus) -> dict[str, Any]:
    actions = stimulus.actions or [RUN] * len(stimulus.windows)
    pairs = zip(stimulus.windows, actions, strict=True)
    beats = [window if action == LOAD else with_last(window) for window, action in pairs]
    return {
        "beats": np.concatenate(beats),
        "ends": np.cumsum([len(window) for window in beats]),
        "actions": np.array(actions),
        "wait": stimulus.wait,
        "gates": plan.shape.gates,
        "layers": plan.shape.layers,
        "frames": plan.shape.frames,
        "idle": stimulus.idle,
        "stall": stimulus.stall,
        "seed": stimulus.seed,
    }


def _backend_runs(plans: Sequence[Plan], counts: Sequence[int], arrays: dict[str, Any]) -> list[BackendRun]:
    """What the first of `plans` gave for counts[0] windows, the next one for the next counts[1], and so on."""
    if int(arrays["identification"]) != IDENTIFICATION:
        raise RuntimeError(f"the identification register reads {int(arrays['identification']):#x}")
    arrays["counters"] = np.diff(arrays["counters"], axis=0, prepend=0) % COUNTER_WRAP
    arrays["layers"] = np.diff(arrays["layers"], axis=0, prepend=0) % COUNTER_WRAP
    ends = np.cumsum(counts)
    parts = (slice(end - count, end) for end, count in zip(ends, counts, strict=True))
    return [_backend_run(plan, arrays, part) for plan, part in zip(plans, parts, strict=True)]


def _backend_run(plan: Plan, arrays: dict[str, Any], part: slice) -> BackendRun:
    """Of what the class has in layers and gates, only those of the net."""
    shape, counted, layers = plan.shape, arrays["counters"][part], arrays["layers"][part, : len(plan.layers)]
    keep = arrays["keep"][part].astype(np.bool_).reshape(len(counted), shape.gates, shape.frames)[:, : len(plan.gates)]
    counters = {name: counted[:, index] for index, name in enumerate(COUNTERS)}
    counters |= {"kept": layers[..., 0], "pruned": layers[..., 1], "status": arrays["status"][part]}
    return BackendRun(Outcome(arrays["scores"][part], keep, arrays["cycles"][part]), counters)
