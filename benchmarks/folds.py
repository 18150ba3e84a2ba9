"""Accuracy and cycles of settings over a whole data set, each recording unseen once: k folds, k trainings.

    python -m benchmarks.folds --data ../shared/data/nmnist_small/Train --config configs/nmnist_wide.toml

In each class the recordings are drawn into `--folds` parts of one size; a training a part, which validates with it and
trains on the others. A run that was stopped goes on; what is trained is not trained again. All unseen windows count:
for the accuracy of the deployed integers, for cycles against the dense engine (bound.py), and in RTL simulation, where
each score, keep bit and beat is compared with the prediction.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.bench import engine_name, measured, proven
from benchmarks.measures import ALONE
from benchmarks.rows import Figure, add_rows, rows_of
from razorsnn.config import SAVED, Config, load_config
from razorsnn.experiments.tables import changed
from razorsnn.graphfile import load_graph
from razorsnn.plan import make_plan
from razorsnn.render import show
from razorsnn.samples import Samples, read_samples, split
from razorsnn.training import train_on


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of recordings, class = folder name")
    parser.add_argument("--config", type=Path, default=Path("configs/nmnist_wide.toml"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2, help="trainings at once, one thread each")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--taps", type=int, default=1, help="1, 4 or 9 outputs a cycle")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    config = load_config(given.config)
    samples = read_samples(given.data, config)
    if refused := refusal(samples, config, given.folds, given.jobs):
        parser.error(refused)
    out: Path = given.out.resolve()  # the simulator runs elsewhere
    nets = out / "folds" / given.config.stem
    tasks = [(given.data, given.config, fold, given.folds, nets / str(fold)) for fold in range(given.folds)]
    with ProcessPoolExecutor(given.jobs, get_context("spawn")) as processes:
        trainings = list(processes.map(trained, *zip(*tasks, strict=True)))
    runs = [
        facts_of(in_fold(samples, fold, given.folds, config.seed), nets / str(fold), given.lanes, given.taps) | training
        for fold, training in enumerate(trainings)
    ]
    name = f"{given.config.stem}, {given.folds} folds"
    engine = engine_name(given.lanes, given.taps)
    command = f"python -m benchmarks.folds --data {given.data} --config {given.config} --folds {given.folds}"
    command += f" --lanes {given.lanes} --taps {given.taps}"
    show(name, {"folds": runs}, Console(width=170))
    add_rows(out, name, rows_of(figures_of(name, engine, runs), command))


def refusal(samples: Samples, config: Config, folds: int, jobs: int) -> str:
    """What cannot be done, and what is accepted; empty: all can."""
    fewest = min(len(names) for names in by_class(samples).values())
    if not 2 <= folds <= fewest:
        return f"--folds {folds}; accepted: 2 to {fewest}, the recordings of the smallest class"
    if jobs < 1:
        return f"--jobs {jobs}; accepted: 1 or more"
    if config.gate.kind == "none" or config.gate.baseline is not None:
        return f"gate.kind {config.gate.kind}: no gate of the accelerator; accepted: settings with one"
    return ""


def trained(data: str, config: Path, fold: int, folds: int, run: Path) -> dict[str, Any]:
    """Trains what is not trained yet; of the unseen windows: how many are told rightly, as integers and float."""
    settings = fold_config(load_config(config))
    samples = in_fold(read_samples(data, settings), fold, folds, settings.seed)
    found = train_on(samples, run, settings, resume=True)
    windows = found["windows"]["validation"]
    return {
        "windows": windows,
        "right": round(found["accuracy"] * windows),
        "right, float": round(found["float"]["accuracy"] * windows),
        "activity": found["activity"],
        "pruned": found["pruned"],
    }


def fold_config(config: Config) -> Config:
    return changed(config, {"data": {"split": "given"}, "train": {"threads": 1}}, "folds")


def by_class(samples: Samples) -> dict[int, list[str]]:
    """The recordings of each label, in the order of their names."""
    classes: dict[int, list[str]] = defaultdict(list)
    for start in samples.starts:
        classes[samples.slots[start].label].append(samples.slots[start].recording)
    return classes


def in_fold(samples: Samples, fold: int, folds: int, seed: int) -> Samples:
    """The same windows as a data set of its own, whose split is that of this fold."""
    held = {
        name
        for label, names in by_class(samples).items()
        for name in np.random.default_rng([seed, label]).permutation(names)[fold::folds]
    }
    slots = (
        replace(slot, origin=replace(slot.origin, part="test" if slot.recording in held else "train"))
        for slot in samples.slots
    )
    return replace(samples, slots=tuple(slots), fingerprint=f"{samples.fingerprint}, fold {fold} of {folds}")


def facts_of(fold: Samples, run: Path, lanes: int, taps: int) -> dict[str, Any]:
    """Cycles of the unseen windows of a fold, and how many of them differ in RTL."""
    held = split(fold, load_config(run / SAVED))[1]
    plan = make_plan(load_graph(run), lanes, taps=taps)
    found = measured(plan, held)
    *_, total = found["layers"]
    *_, gates = found["gates"]
    proof = proven(plan, held, run)
    dense = found["ratios"]["dense cycles"]
    return {
        "cycles": total["measured"],
        "dense": dense,
        **{name: dense / found["ratios"][name] for name in ALONE},
        "bound": total["bound"],
        "saved": gates["saved"],
        "cost": gates["cost"],
        "differ in RTL": proof["differences"],
    }


def figures_of(name: str, engine: str, runs: Sequence[dict[str, Any]]) -> list[Figure]:
    """name, value, goal and unit of each figure; every window counts once."""
    windows = sum(run["windows"] for run in runs)

    def mean(key: str) -> float:
        return float(sum(run[key] * run["windows"] for run in runs) / windows)

    def share(key: str) -> float:
        return float(sum(run[key] for run in runs) / windows)

    return [
        (f"{name}: accuracy on unseen windows, integers", share("right"), 0.98, "share"),
        (f"{name}: the same, float", share("right, float"), None, "share"),
        (f"{name}: cycles a window after the last event, {engine}", mean("cycles"), None, "cycles"),
        (f"{name}: dense engine / measured, {engine}", mean("dense") / mean("cycles"), 45, "ratio"),
        *((f"{name}: dense engine / {one} alone, {engine}", mean("dense") / mean(one), None, "ratio") for one in ALONE),
        (f"{name}: lower bound / measured, {engine}", mean("bound") / mean("cycles"), 0.95, "ratio"),
        (f"{name}: gates: (saved - cost) / saved, {engine}", 1 - mean("cost") / max(1, mean("saved")), 0.85, "ratio"),
        (f"{name}: RTL windows that differ, {engine}", sum(run["differ in RTL"] for run in runs), 0, f"of {windows}"),
    ]


if __name__ == "__main__":
    main()
