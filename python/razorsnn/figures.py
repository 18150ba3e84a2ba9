"""The report's pictures: from its facts to SVG, each as a data URI, so that one file holds everything."""

import base64
import io
from collections.abc import Sequence
from typing import Any, cast

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

INK, FAINT = "#333333", "#b8b8b8"
ON, OFF = "#0072b2", "#d55e00"
KEPT, PRUNED = "#0072b2", "#f0c27a"
"""The palette of Okabe and Ito, which colour-blind people can tell apart; pruned bars are hatched too."""
PARTS = {
    "input": ("event input", "#56b4e9"),
    "multiply": ("multiply", "#0072b2"),
    "idle": ("idle (scanning)", "#cfcfcf"),
    "neuron": ("neuron pass", "#009e73"),
    "razor": ("razor", "#e69f00"),
    "control": ("control", "#555555"),
    "readout": ("readout", "#cc79a7"),
}
STYLE: dict[str, Any] = {
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#888888",
    "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.axisbelow": True,
    "svg.hashsalt": "razorsnn", "legend.frameon": False, "hatch.linewidth": 0.6,
}  # fmt: skip
WIDTH = 9.0
"""Inches."""
STRIP_COLUMNS = 12
MOST_POINTS = 20_000
"""Of the event picture; more are thinned out evenly."""


def draw(facts: dict[str, Any], events: dict[str, NDArray[Any]], frames: NDArray[np.uint8]) -> dict[str, str]:
    """Data URIs by name. events: t in us, x, y, p, frame, each [N]; frames [T, C, H, W]."""
    with matplotlib.rc_context(cast(Any, STYLE)):
        drawn = {
            "events": _events(events),
            "frames": _frames(frames, facts["example"]["keep"]),
            "activity": _activity(facts["layers"]),
            "budget": _budget(facts["budget"]),
            "cycles": _cycles(facts["cycles"]["example"]["rows"]),
            "latency": _latency(facts),
        }
        if facts["gates"]:
            drawn["gates"] = _gates(facts["gates"])
        return {name: _data_uri(figure) for name, figure in drawn.items()}


def _data_uri(figure: Figure) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None}, dpi=160)
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode()


def _figure(height: float) -> Figure:
    return Figure(figsize=(WIDTH, height), layout="constrained")


def _grid(axes: Axes, axis: Any) -> None:
    axes.grid(axis=axis, color="#e6e6e6", linewidth=0.8)


def _events(events: dict[str, NDArray[Any]]) -> Figure:
    step = -(-len(events["t"]) // MOST_POINTS) or 1
    points = {name: values[::step] for name, values in events.items()}
    start = points["t"][0] if len(points["t"]) else 0
    time, on = (points["t"] - start) / 1e3, points["p"] == 1
    starts = time[np.flatnonzero(np.diff(points["frame"], prepend=-1))]
    figure = _figure(4.6)
    panels = figure.subplots(2, 1, sharex=True)
    for axes, name in zip(panels, "xy", strict=True):
        for chosen, colour, label in ((on, ON, "ON, brighter"), (~on, OFF, "OFF, darker")):
            axes.scatter(time[chosen], points[name][chosen], 3, colour, linewidths=0, label=label, rasterized=True)
        for at in starts[1:]:
            axes.axvline(at, color=FAINT, linewidth=0.6)
        axes.set_ylabel(f"{name} (pixels)")
    panels[1].invert_yaxis()
    panels[1].set_xlabel("time since the first event (ms)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, markerscale=4)
    return figure


def _picture(frame: NDArray[np.uint8], top: int) -> NDArray[np.float64]:
    """[H, W, 3] of a frame [C, H, W]: white where there is nothing, ON and OFF in their colours, mixed where both."""
    colours = [to_rgb(INK)] if len(frame) == 1 else [to_rgb(OFF), to_rgb(ON)]
    shade = np.sqrt(frame.astype(np.float64) / top)
    white: NDArray[np.float64] = np.ones((*frame.shape[1:], 3))
    for channel, colour in zip(shade, colours, strict=True):
        white -= channel[..., None] * (1 - np.array(colour))
    return white.clip(0, 1)


def _frames(frames: NDArray[np.uint8], keep: Sequence[Sequence[bool]]) -> Figure:
    columns = min(STRIP_COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    cell = WIDTH / columns
    figure = _figure(rows * (cell * frames.shape[2] / frames.shape[3] + 0.5) + 0.1)
    for index, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.set_axis_off()
        if index < len(frames):
            _frame(axes, frames[index], max(1, int(frames.max())), index, [bool(gate[index]) for gate in keep])
    return figure


def _frame(axes: Axes, frame: NDArray[np.uint8], top: int, index: int, keep: list[bool]) -> None:
    axes.set_axis_on()
    axes.imshow(_picture(frame, top), interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    axes.set_title(str(index), fontsize=9, pad=2)
    for gate, kept in enumerate(keep):
        at = 0.5 + 0.14 * (gate - (len(keep) - 1) / 2)
        mark, colour = ("o", KEPT) if kept else ("x", OFF)
        axes.plot(at, -0.11, mark, color=colour, markersize=5, transform=axes.transAxes, clip_on=False)


def _gates(gates: list[dict[str, Any]]) -> Figure:
    figure = _figure(2.5 * len(gates) + 0.3)
    cast(Any, figure.get_layout_engine()).set(h_pad=0.1, w_pad=0.1)
    for gate, (left, right) in zip(gates, figure.subplots(len(gates), 2, squeeze=False), strict=True):
        _gate_scores(left, gate)
        index = np.arange(len(gate["kept_by_frame"]))
        right.bar(index, 100 * np.array(gate["kept_by_frame"]), color=KEPT, width=0.8)
        right.set(ylim=(0, 105), title=f"before layer {gate['layer']}: all windows", ylabel="frames kept (%)")
        right.set_xlabel("frame")
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _grid(right, "y")
    return figure


def _gate_scores(axes: Axes, gate: dict[str, Any]) -> None:
    keep = np.array(gate["keep"])
    score = keep.astype(np.float64) if gate["score"] is None else np.array(gate["score"])
    index = np.arange(len(score))
    axes.bar(index[keep], score[keep], color=KEPT, width=0.8, label="kept")
    axes.bar(index[~keep], score[~keep], color=PRUNED, width=0.8, hatch="////", edgecolor="#a5701d", label="pruned")
    threshold = gate["threshold"] or 0
    if gate["threshold"] is not None:
        axes.axhline(threshold, color=INK, linestyle="--", linewidth=1.2, label="threshold")
    label = "kept: static, no score" if gate["score"] is None else "score S"
    axes.set(title=f"before layer {gate['layer']}: the example", xlabel="frame", ylabel=label)
    axes.set_ylim(0, 1.3 * max(score.max(), threshold) or 1)
    axes.legend(ncols=3, fontsize=8, loc="upper right", columnspacing=1.0, handlelength=1.5)
    _grid(axes, "y")


def _activity(layers: list[dict[str, Any]]) -> Figure:
    figure = _figure(0.42 * len(layers) + 0.9)
    axes = figure.subplots()
    share = [100 * layer["activity"] for layer in layers]
    bars = axes.barh([layer["name"] for layer in layers], share, color=ON, height=0.6)
    axes.bar_label(bars, [f"{value:.1f} %" for value in share], padding=4)
    axes.set(xlim=(0, max(1.15 * max(share), 1)), xlabel="non-zero activations that the layer reads (%)")
    axes.invert_yaxis()
    _grid(axes, "x")
    return figure


def _budget(budget: dict[str, Any]) -> Figure:
    """Windows: activity and cycles; where the net was trained here, its epochs: activity and accuracy."""
    figure, windows, epochs = _figure(2.8), budget["windows"], budget["epochs"]
    panels = figure.subplots(1, 2 if epochs else 1, squeeze=False)[0]
    active, cycles, told = (np.array(windows[name]) for name in ("activity", "cycles", "told"))
    for which, colour, marker, label in ((told, ON, "o", "told right"), (~told, OFF, "x", "told wrong")):
        panels[0].scatter(100 * active[which], cycles[which], 16, colour, marker=marker, label=label, alpha=0.8)
    panels[0].set(title="windows", ylabel=f"cycles {budget['cycles']}", ylim=(0, 1.15 * cycles.max()))
    panels[0].yaxis.set_major_formatter("{x:,.0f}")
    panels[0].legend(fontsize=8, loc="lower right")
    if epochs:
        x, y = ([100 * epoch[name] for epoch in epochs] for name in ("activity", "accuracy"))
        panels[1].plot(x, y, color=FAINT, linewidth=1)
        dots = panels[1].scatter(x, y, 16, range(1, len(x) + 1), cmap="cividis_r", zorder=3)
        panels[1].plot(x[-1], y[-1], "*", color=OFF, markersize=11, zorder=4, label="the net")
        panels[1].set(title="epochs of the training", ylabel="unseen windows told (%)")
        panels[1].legend(fontsize=8, loc="lower right")
        figure.colorbar(dots, ax=panels[1], label="epoch")
    for axes in panels:
        axes.set_xlabel("non-zero activations (%)")
        _grid(axes, "y")
    return figure


def _cycles(rows: list[dict[str, Any]]) -> Figure:
    figure = _figure(0.42 * len(rows) + 1.4)
    axes = figure.subplots()
    names, start = [row["name"] for row in rows], np.zeros(len(rows))
    for part, (label, colour) in PARTS.items():
        value = np.array([row[part] for row in rows], dtype=np.float64)
        if value.any():
            axes.barh(names, value, left=start, color=colour, height=0.6, label=label)
        start += value
    for index, total in enumerate(start):
        axes.annotate(f"{total:,.0f}", (total, index), (4, 0), textcoords="offset points", va="center")
    axes.set(xlim=(0, 1.12 * start.max()), xlabel="clock cycles")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.invert_yaxis()
    _grid(axes, "x")
    figure.legend(loc="outside upper left", ncols=len(PARTS), fontsize=9, columnspacing=1.1, handlelength=1.2)
    return figure


def _latency(facts: dict[str, Any]) -> Figure:
    found = [(f"accelerator, {facts['clock_mhz']:g} MHz", facts["latency"]["example_ms"], KEPT)]
    if facts["cpu"]["measured"]:
        found.append((f"torch on this CPU, {facts['cpu']['threads']} threads", facts["cpu"]["median_ms"], FAINT))
    figure = _figure(0.45 * len(found) + 0.8)
    axes = figure.subplots()
    names, values, colours = zip(*found, strict=True)
    bars = axes.barh(names, values, color=colours, height=0.6)
    axes.bar_label(bars, [f"{value:.3g} ms" for value in values], padding=4)
    axes.set(xlim=(0, 1.15 * max(values)), xlabel="time for one window (ms)")
    axes.invert_yaxis()
    _grid(axes, "x")
    return figure
