"""The paper's Gesture network, T = 60, all weights: against a ZCU104, and its cycles, with the proof in RTL.

    python -m benchmarks.gesture --data ../shared/data/dvs_gesture_few

The layers are those of configs/dvs128_gesture.toml. The weights are random: biases leave 10 % of each hidden layer's
outputs non-zero on a recorded window, and gates prune 38 % of its frames (nets.py). Its answers are worthless; its
cycles, on that window, are those of a trained net that is as active. Razors need the whole window; with gates that
tally events the same layers are laid out for frames that stream, too.
"""

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.bound import Engine
from benchmarks.measures import after_last_beat, layers, row_sums
from benchmarks.nets import Wanted, calibrated_net
from benchmarks.rows import Figure, add_rows, rows_of
from razorsnn.config import Config, load_config
from razorsnn.device import fits, needs
from razorsnn.ir import Graph
from razorsnn.plan import Plan, make_plan
from razorsnn.render import show
from razorsnn.samples import Samples, read_samples
from razorsnn.stream import Beats, frame_beats
from razorsnn.targets import rtl
from razorsnn.targets.outcome import BackendRun
from razorsnn.targets.reference import WindowResult, output_cycles, run_window, spent_cycles
from razorsnn.targets.rtlsim import Stimulus, simulate

DEVICE, GOAL = "zcu104", 250_000
"""Cycles of a window after its last event: 1 ms at 250 MHz."""
WANTED = Wanted(activity=(0.1, 0.1, 0.1, 0.1), pruned=0.38)
ENGINES = ((64, 1, 1), (128, 1, 1), (64, 4, 1), (128, 4, 1), (64, 4, 2), (128, 4, 2), (64, 4, 4), (128, 4, 4))
"""Lanes, taps and inputs."""
STREAMING = ((16, 1, 1), (64, 1, 1), (64, 4, 1), (64, 4, 2))
SIMULATED = (64, 4, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of DVS128 Gesture excerpts")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--simulate", action="store_true", help="the RTL, whole, of one engine: minutes")
    given = parser.parse_args()
    out: Path = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    for kind, streaming, engines in (("razor", False, ENGINES), ("events", True, STREAMING)):
        graph, samples = prepared(given.data, kind)
        for lanes, taps, inputs in engines:
            plan = make_plan(graph, lanes, taps=taps, inputs=inputs, streaming=streaming)
            frames = samples.frames()[0]
            result = run_window(plan, frames)
            rows = layers(plan, [(frames, result)], Engine(lanes, taps, inputs))
            figures += plan_figures(plan, result, samples.words()[0]) + bound_figures(plan, rows)
            show(f"Gesture, {plan.shape.engine}", {"layers": [*rows, row_sums(rows)]}, Console(width=170))
            if given.simulate and (lanes, taps, inputs) == SIMULATED:
                figures += proven(plan, result, samples, out)
    command = f"python -m benchmarks.gesture --data {given.data}{' --simulate' if given.simulate else ''}"
    add_rows(out, "gesture", rows_of(figures, command))


def gesture_config(kind: str) -> Config:
    """The settings that ship, on excerpts, cut into windows of T frames as they come; with gates of this kind."""
    config = load_config(Path("configs/dvs128_gesture.toml"))
    data = config.data.model_copy(update={"crops": None, "split": "time"})
    return config.model_copy(update={"data": data, "gate": config.gate.model_copy(update={"kind": kind})})


def prepared(data: str, kind: str) -> tuple[Graph, Samples]:
    """The net, and the window that it is calibrated on: the first of the first recording."""
    config = gesture_config(kind)
    samples = read_samples(data, config)
    window = samples.chosen([0])
    names = [f"class{index}" for index in range(config.network.parsed[-1].units)]  # type: ignore[union-attr]
    graph = calibrated_net(config, WANTED, window.frames(), names, config.seed)
    return graph, window


def plan_figures(plan: Plan, result: WindowResult, words: Beats) -> list[Figure]:
    """What the plan needs of the device, and the cycles after the last event."""
    name, found = f"Gesture, {plan.shape.engine}", needs(plan, DEVICE)
    return [
        *((f"{name}: {need.resource} of a {DEVICE}", need.needs, need.has, "at most") for need in found),
        (f"{name}: fits a {DEVICE}", int(fits(found)), 1, "yes or no"),
        (f"{name}: cycles after the last event", after_last_beat(plan, result, words), GOAL, "cycles"),
        *frame_figures(name, plan, result),
        (f"{name}: frames pruned", float((~result.keep).mean()), None, "share"),
    ]


def frame_figures(name: str, plan: Plan, result: WindowResult) -> list[Figure]:
    """Where frames stream: what one takes, and so what is left to do after the last event at most."""
    if not plan.shape.streaming:
        return []
    frames = spent_cycles(result).sum(axis=1)
    return [
        (f"{name}: cycles of the slowest frame", int(frames.max()), GOAL, "cycles"),
        (f"{name}: cycles of a frame, mean", float(frames.mean()), None, "cycles"),
        (f"{name}: cycles of all frames", int(frames.sum()), None, "cycles"),
    ]


def bound_figures(plan: Plan, rows: list[dict[str, Any]]) -> list[Figure]:
    """The fewest cycles that each layer can take (bound.py), and all together, beside those that it takes."""
    name = f"lower bound / measured, Gesture, {plan.shape.engine}"
    return [(f"{name}: {row['layer']}", row["ratio"], 0.95, "ratio") for row in [*rows, row_sums(rows)]]


def proven(plan: Plan, result: WindowResult, samples: Samples, out: Path) -> list[Figure]:
    """The window through the RTL: scores, keep bits and the cycle of each score beat against the prediction."""
    folder = out / "gesture"
    shutil.rmtree(folder / "rtl", ignore_errors=True)  # of the bench before; what was compiled stays
    rtl.emit(plan, folder)
    words = samples.words()
    started = time.perf_counter()
    found: BackendRun = simulate(plan, folder / "rtl", folder, Stimulus(words))
    seconds = time.perf_counter() - started
    expected = output_cycles(plan, result, frame_beats(words[0], plan.shape.frames))
    equal = (
        np.array_equal(found.outcome.scores[0], result.scores)
        and np.array_equal(found.outcome.keep[0], result.keep)
        and found.outcome.cycles is not None
        and np.array_equal(found.outcome.cycles[0], expected)
    )
    name = f"Gesture, {plan.shape.engine}"
    return [
        (f"{name}: RTL windows that differ from the prediction", int(not equal), 0, "of 1"),
        (f"{name}: RTL cycles simulated", int(found.counters["cycles"].sum()), None, "cycles"),
        (f"{name}: RTL simulation, compilation included where it is due", seconds, None, "s"),
    ]


if __name__ == "__main__":
    main()
