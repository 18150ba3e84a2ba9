"""Figures of the experiments, as SVG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from razorsnn.figures import FAINT, INK, KEPT, OFF, STYLE
from razorsnn.files import atomic_path
from razorsnn.graphfile import load_graph
from razorsnn.plan import make_plan
from razorsnn.samples import Samples
from razorsnn.targets.reference import run_window

PANELS = (("accuracy", "unseen windows told (%)"), ("pruned", "frames pruned (%)"), ("cycles", "cycles a window"))


def save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, metadata={"Date": None})


def rows(title: str, table: Sequence[dict[str, Any]], runs: Mapping[str, Sequence[dict[str, Any]]], path: Path) -> None:
    """A line a row: each seed a ring, the mean a dot, the paper's accuracy a cross."""
    with matplotlib.rc_context(cast(Any, STYLE)):
        figure = Figure(figsize=(10.0, 0.36 * len(table) + 1.5), layout="constrained")
        figure.suptitle(title, fontsize=11)
        for (key, label), axes in zip(PANELS, figure.subplots(1, len(PANELS), sharey=True), strict=True):
            for place, row in enumerate(table):
                _marks(axes, key, place, row, runs[row["row"]])
            axes.set_yticks(range(len(table)), [row["row"] for row in table])
            axes.set_xlabel(label)
            axes.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        figure.axes[0].invert_yaxis()
        save(figure, path)


def _marks(axes: Any, key: str, place: int, row: dict[str, Any], runs: Sequence[dict[str, Any]]) -> None:
    if key == "accuracy":
        axes.plot([100 * run["accuracy"] for run in runs], [place] * len(runs), "o", mfc="none", mec=KEPT, ms=8)
        if row["paper"] is not None:
            axes.plot(row["paper"], place, "x", color=OFF, ms=8)
    if row[key] is not None:
        axes.plot(row[key], place, "o", color=KEPT, ms=4)
    else:
        axes.annotate("no accelerator", (0.5, place), xycoords=("axes fraction", "data"), ha="center", color=INK)


def front(done: Sequence[dict[str, Any]], best: Sequence[dict[str, Any]], path: Path) -> None:
    """Accuracy against cycles and against activity: all trials faint, those of the front in colour, with numbers."""
    with matplotlib.rc_context(cast(Any, STYLE)):
        figure = Figure(figsize=(9.0, 4.0), layout="constrained")
        panels = (("cycles", "cycles a window"), ("activity", "non-zero activations (%)"))
        for axes, (key, label) in zip(figure.subplots(1, 2, sharey=True), panels, strict=True):
            axes.plot([row[key] for row in done], [row["accuracy"] for row in done], "o", color=FAINT, ms=5)
            axes.plot([row[key] for row in best], [row["accuracy"] for row in best], "o", color=KEPT, ms=7)
            for row in best:
                axes.annotate(str(row["trial"]), (row[key], row["accuracy"]), (5, 3), textcoords="offset points")
            axes.set(xlabel=label)
            axes.grid(color="#e6e6e6", linewidth=0.8)
        figure.axes[0].set_ylabel("unseen windows told (%)")
        save(figure, path)


def activity_maps(nets: Sequence[tuple[str, Path]], lanes: int, sample: Samples, path: Path) -> None:
    """A row a net (name, run), a column a layer: where it reads non-zero activations of the first of `sample`,
    counted over channels and frames. All nets share the scale of a column."""
    frames = sample.frames()[0]
    maps = [
        [_map(layer.operand) for layer in run_window(make_plan(load_graph(run), lanes), frames).layers]
        for _, run in nets
    ]
    with matplotlib.rc_context(cast(Any, STYLE)):
        columns = len(maps[0])
        figure = Figure(figsize=(2.4 * columns + 0.6, 2.5 * len(nets) + 0.4), layout="constrained")
        for axes, (name, _), own in zip(figure.subplots(len(nets), columns, squeeze=False), nets, maps, strict=True):
            for index, (cell, values) in enumerate(zip(axes, own, strict=True)):
                top = max(float(other[index].max()) for other in maps)
                cell.imshow(values, vmin=0, vmax=top or 1.0, cmap="magma", interpolation="nearest", aspect="auto")
                cell.set(xticks=[], yticks=[], title=f"layer {index} reads" if own is maps[0] else None)
            axes[0].set_ylabel(name)
        save(figure, path)


def _map(operand: NDArray[np.int64]) -> NDArray[np.int64]:
    """[H, W] of [T, C, H, W]: counts, because gates that refine change the format."""
    counts: NDArray[np.int64] = np.count_nonzero(operand, axis=(0, 1))
    return counts
