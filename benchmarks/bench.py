"""make bench: how far the engine is from the fewest cycles possible. A table, a plot, and build/bench/results.json.

Inputs: N-MNIST recordings of the validation split of configs/nmnist.toml. The net: that of --run (a folder of
`razorsnn train`), or one with random weights that is as active and prunes as much as a trained one (nets.py).
"""

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console

from benchmarks.bound import Engine
from benchmarks.measures import ALONE, gates, layers, products, ratios, row_sums
from benchmarks.nets import Wanted, calibrated_net
from benchmarks.rows import Figure, Row, add_rows, rows_of
from razorsnn.config import Config, load_config
from razorsnn.graphfile import load_graph
from razorsnn.plan import Plan, make_plan
from razorsnn.render import show
from razorsnn.samples import Samples, read_samples, split
from razorsnn.stream import frame_beats
from razorsnn.targets import rtl
from razorsnn.targets.outcome import BackendRun
from razorsnn.targets.reference import run_window, run_windows
from razorsnn.targets.rtlsim import Stimulus, simulate

TRAINED = Wanted(activity=(0.019, 0.028, 0.075), pruned=0.4)
"""Of trained N-MNIST nets: their layers read 1.6, 2.4 and 6.7 % non-zeros after their gates."""
CALIBRATION, WINDOWS, SIMULATED = 12, 20, 20
"""Windows: for the random net's activity, for the figures, for the proof in RTL."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of N-MNIST recordings, class = folder name")
    parser.add_argument("--run", type=Path, help="folder of a trained net; without it a random one is made")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--taps", type=int, default=1, help="1, 4 or 9 outputs a cycle")
    parser.add_argument("--inputs", type=int, default=1, help="1, 2 or 4 events of a position a cycle")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    command = f"python -m benchmarks.bench --data {given.data} --lanes {given.lanes} --taps {given.taps}"
    command += f" --inputs {given.inputs}" if given.inputs > 1 else ""
    command += f" --run {given.run}" if given.run else ""
    out: Path = given.out.resolve()  # the simulator runs elsewhere
    out.mkdir(parents=True, exist_ok=True)
    plan, samples = prepared(given.data, given.run, given.lanes, given.taps, given.inputs)
    facts = measured(plan, samples)
    proof = proven(plan, samples.chosen(range(SIMULATED)), out)
    engine = engine_name(given.lanes, given.taps, given.inputs)
    third = f"x{given.inputs}" if given.inputs > 1 else ""
    plot(facts["layers"], out / f"cycles-{given.lanes}x{given.taps}{third}.svg")
    title = f"bench: {plan.graph.name}, {engine}, {WINDOWS} windows"
    show(title, facts, Console(width=170))
    add_rows(out, title, rows_of(figures_of(facts, proof, engine), command))


def engine_name(lanes: int, taps: int, inputs: int = 1) -> str:
    """As figures name it."""
    third = f" x {inputs} inputs" if inputs > 1 else ""
    return f"{lanes} lanes x {taps} tap{'s' if taps > 1 else ''}{third}"


def prepared(data: str, run: Path | None, lanes: int, taps: int = 1, inputs: int = 1) -> tuple[Plan, Samples]:
    """The plan, and the first validation windows."""
    config: Config = load_config(Path("configs/nmnist.toml") if run is None else run / "config.json")
    samples = read_samples(data, config)
    train, held = split(samples, config)
    step = len(train.slots) // CALIBRATION
    some = train.chosen(range(0, step * CALIBRATION, step))
    graph = load_graph(run) if run else calibrated_net(config, TRAINED, some.frames(), samples.class_names, config.seed)
    spread = range(0, len(held.slots), max(1, len(held.slots) // WINDOWS))
    return make_plan(graph, lanes, taps=taps, inputs=inputs), held.chosen(spread[:WINDOWS])


def measured(plan: Plan, samples: Samples) -> dict[str, Any]:
    """Means over the windows, by layer and gate, and the ratios."""
    engine = Engine(plan.shape.lanes, plan.shape.taps, plan.shape.inputs)
    windows = [(frames, run_window(plan, frames)) for frames in samples.frames()]
    rows = layers(plan, windows, engine)
    total = row_sums(rows)
    return {
        "layers": [*rows, total],
        "gates": gates(plan, windows),
        "ratios": ratios(windows, rows, engine),
        "useful": products(windows) / (engine.wide_as * engine.inputs * total["measured"]),
    }


def proven(plan: Plan, samples: Samples, out: Path) -> dict[str, float]:
    """The windows in RTL simulation against the reference: windows that differ, and simulated cycles a second."""
    shutil.rmtree(out / "rtl", ignore_errors=True)  # of the bench before
    rtl.emit(plan, out)
    words = samples.words()
    expected = run_windows(plan, samples.frames(), [frame_beats(one, plan.shape.frames) for one in words])
    simulate(plan, out / "rtl", out, Stimulus(words[:1]))  # compiles
    started = time.perf_counter()
    found: BackendRun = simulate(plan, out / "rtl", out, Stimulus(words))
    seconds = time.perf_counter() - started
    differences = found.outcome.differences(expected.outcome)
    return {"differences": differences, "speed": float(found.counters["cycles"].sum() / seconds)}


def figures_of(facts: dict[str, Any], proof: dict[str, float], engine: str) -> list[Figure]:
    """name, value, goal and unit of each figure."""
    *rows, total = facts["layers"]
    return [
        *((f"lower bound / measured, layer {row['layer']}, {engine}", row["ratio"], 0.95, "ratio") for row in rows),
        (f"lower bound / measured, all, {engine}", total["ratio"], 0.95, "ratio"),
        (f"cycles a window after the last event, {engine}", total["measured"], None, "cycles"),
        (f"dense engine / measured, {engine}", facts["ratios"]["all"], 45, "ratio"),
        (f"multiplies / (lanes x taps x inputs x cycles), {engine}", facts["useful"], None, "share"),
        *((f"dense engine / {name} alone, {engine}", facts["ratios"][name], None, "ratio") for name in ALONE),
        *(
            (f"gate {row['gate']}: (saved - cost) / saved, {engine}", row["net"], 0.85, "ratio")
            for row in facts["gates"]
        ),
        *((f"gate {row['gate']}: frames pruned", row["pruned"], None, "share") for row in facts["gates"]),
        *(
            (f"gate {row['gate']}: non-zeros in these", row["non-zeros pruned"], None, "share")
            for row in facts["gates"]
        ),
        (f"RTL windows that differ from the prediction, {engine}", proof["differences"], 0, f"of {SIMULATED}"),
        (f"RTL simulation, {engine}", proof["speed"], 300_000, "cycles a second"),
    ]


def plot(rows: list[Row], path: Path) -> None:
    """Measured cycles by what they are spent on, beside the bound, for each layer."""
    figure, axes = plt.subplots(figsize=(9, 4))
    place = np.arange(len(rows))
    for offset, parts in ((-0.2, MEASURED_PARTS), (0.2, BOUND_PARTS)):
        base = np.zeros(len(rows))
        for part, colour in parts.items():
            height = np.array([row[part] for row in rows])
            axes.bar(place + offset, height, 0.36, base, color=colour, label=part, edgecolor="white")
            base += height
    axes.set_xticks(place, [row["layer"] for row in rows])
    axes.set_ylabel("cycles a window")
    axes.legend(frameon=False)
    figure.savefig(path)
    plt.close(figure)


MEASURED_PARTS = {
    "multiply": "#0072b2",
    "idle": "#cfcfcf",
    "neuron": "#009e73",
    "razor": "#e69f00",
    "control": "#555555",
}
BOUND_PARTS = {"least multiply": "#56b4e9", "least neuron": "#7fd1b9", "least razor": "#f0c27a"}

if __name__ == "__main__":
    main()
