"""Speed of our own tools, and the CPU beside the accelerator: rows of build/bench/results.json.

    python -m benchmarks.speed --data ../shared/data/nmnist_small/Train

CPU         the same windows in torch, one at a time, with real weights, and on the accelerator at the settings' clock
reference   windows a second beside torch with real weights, all windows as one batch: on one thread each, CPU seconds,
            the least of some runs taken in turn
generate    `razorsnn generate`, both targets, a new process each time; it loads no torch (tests/test_flow.py)
Without --run torch runs an untrained net of the same settings: its time does not depend on the weights.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from benchmarks.bench import prepared
from benchmarks.rows import Figure, add_rows, rows_of
from razorsnn.config import SAVED, Config, load_config, save_config
from razorsnn.cputime import cpu_name
from razorsnn.graphfile import FILES, save_graph
from razorsnn.plan import Plan
from razorsnn.samples import Samples
from razorsnn.targets.reference import run_windows
from razorsnn.train import RazorNet, float_scores, load

REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of N-MNIST recordings, class = folder name")
    parser.add_argument("--run", type=Path, help="folder of a trained net; without it a random one is made")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    config = load_config(Path("configs/nmnist.toml") if given.run is None else given.run / SAVED)
    plan, samples = prepared(given.data, given.run, given.lanes)
    model = load(given.run, config) if given.run else RazorNet(config).eval()
    given.out.mkdir(parents=True, exist_ok=True)
    figures = [
        *cpu_figures(plan, samples, model, config),
        *reference_figures(plan, samples, model),
        *generate_figures(plan, config),
    ]
    command = f"python -m benchmarks.speed --data {given.data} --lanes {given.lanes}"
    command += f" --run {given.run}" if given.run else ""
    add_rows(given.out, f"speed, on {cpu_name()}", rows_of(figures, command))


def cpu_figures(plan: Plan, samples: Samples, model: RazorNet, config: Config) -> list[Figure]:
    """Medians over the windows: torch at batch 1 on the settings' threads, and the accelerator."""
    torch.set_num_threads(config.train.threads)
    frames, clock = samples.frames(), config.hardware.clock_mhz
    float_scores(model, frames[:1])  # warms up
    torch_ms = 1e3 * float(np.median([seconds(partial(float_scores, model, frame[None])) for frame in frames]))
    cycles = run_windows(plan, frames, samples.beats()).outcome.cycles
    assert cycles is not None, "the reference has the cycles of each beat"
    engine_ms = float(np.median(cycles[:, -1] + 1)) / (1e3 * clock)
    lanes = plan.shape.lanes
    return [
        (f"torch, batch 1, {config.train.threads} threads", torch_ms, None, "ms a window"),
        (
            f"accelerator, {lanes} lanes at {clock:g} MHz, first event to last score",
            engine_ms,
            None,
            "ms a window",
        ),
        (f"torch, batch 1 / accelerator, {lanes} lanes at {clock:g} MHz", torch_ms / engine_ms, None, "ratio"),
    ]


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    started = clock()
    work()
    return clock() - started


def reference_figures(plan: Plan, samples: Samples, model: RazorNet) -> list[Figure]:
    torch.set_num_threads(1)
    frames, beats = samples.frames(), samples.beats()
    works = {
        "reference": lambda: run_windows(plan, frames, beats),
        "torch": lambda: float_scores(model, frames),
    }
    taken = least(works, REPEATS)
    rates = {name: len(frames) / value for name, value in taken.items()}
    return [
        ("reference, cycles included", rates["reference"], None, "windows a CPU second"),
        (f"torch with real weights, batch {len(frames)}", rates["torch"], None, "windows a CPU second"),
        ("reference / torch", rates["reference"] / rates["torch"], 1, "ratio"),
    ]


def least(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """CPU seconds of each, the least of some runs in turn: what else runs on the machine hardly counts."""
    taken = [{name: seconds(work, time.process_time) for name, work in works.items()} for _ in range(repeats)]
    return {name: min(run[name] for run in taken) for name in works}


def generate_figures(plan: Plan, config: Config) -> list[Figure]:
    """Of new processes, each into a new folder: wall seconds, and CPU seconds of the same runs."""
    wall, cpu = [], []
    with TemporaryDirectory() as folder:
        run = Path(folder)
        save_config(config, run / SAVED)
        save_graph(plan.graph, run / FILES[0])
        for repeat in range(REPEATS):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            wall.append(seconds(partial(_generate, run, f"build{repeat}", plan.shape.lanes)))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return [
        (f"generate, both targets, least of {REPEATS}", min(wall), 3, "s"),
        (f"generate, both targets, least of {REPEATS}, CPU time", min(cpu), None, "s"),
    ]


def _generate(run: Path, build: str, lanes: int) -> None:
    command = [sys.executable, "-m", "razorsnn", "generate", str(run), "--out", str(run / build)]
    subprocess.run([*command, "--lanes", str(lanes)], check=True, capture_output=True)


if __name__ == "__main__":
    main()
