"""Latency against event density: cycles of each layer by the share of what it reads that is not zero. Rows, and a plot.

    python -m benchmarks.density --data ../shared/data/nmnist_small/Train

The layers are those of the bench's net (bench.py). What they read is drawn: each activation of every frame is non-zero
by chance, frames all kept, no gate. So only shapes count, not weights, and the cycle model is exact for such frames.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.bench import prepared
from benchmarks.rows import add_rows, rows_of
from razorsnn.fixed import Ints
from razorsnn.layers import Layer
from razorsnn.plan import Plan
from razorsnn.targets.reference import layer_cycles

DENSITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of N-MNIST recordings, class = folder name")
    parser.add_argument("--run", type=Path, help="folder of a trained net; without it a random one is made")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    plan, _ = prepared(given.data, given.run, given.lanes)
    curves = {layer.name: curve(plan, layer, DENSITIES) for layer in plan.layers}
    given.out.mkdir(parents=True, exist_ok=True)
    plot(curves, given.out / "density.svg")
    figures = [
        (f"cycles of {name} at {density:.0%} non-zeros, {given.lanes} lanes", float(cycles), None, "cycles a window")
        for name, found in curves.items()
        for density, cycles in zip(DENSITIES, found, strict=True)
    ]
    command = f"python -m benchmarks.density --data {given.data} --lanes {given.lanes}"
    add_rows(given.out, "cycles against density", rows_of(figures, command))


def curve(plan: Plan, layer: Layer, densities: Sequence[float]) -> list[int]:
    """Cycles of one window in the layer, for each share of non-zeros in what it reads."""
    every = np.ones(plan.shape.frames, dtype=np.bool_)
    return [layer_cycles(layer, drawn(layer, density), every).total for density in densities]


def drawn(layer: Layer, density: float) -> Ints:
    """[T, C, H, W]: 1 where an activation is. One draw for all densities: a higher one adds to a lower."""
    x = layer.operand
    found: Ints = (np.random.default_rng(1).random((x.frames, *x.shape[1:])) < density).astype(np.int64)
    return found


def plot(curves: dict[str, list[int]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4))
    for name, found in curves.items():
        axes.plot(100 * np.array(DENSITIES), found, marker="o", label=name)
    axes.set(xlabel="non-zero activations read (%)", ylabel="cycles a window", xscale="log", yscale="log")
    axes.set_xticks(100 * np.array(DENSITIES), [f"{100 * density:g}" for density in DENSITIES], minor=False)
    axes.minorticks_off()
    axes.legend(frameon=False)
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    main()
