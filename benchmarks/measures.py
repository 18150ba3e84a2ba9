"""From windows that ran to the figures of the bench: means over the windows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bound import Engine, dense_cycles, lower_bound
from razorsnn.fixed import Ints
from razorsnn.plan import Plan
from razorsnn.stream import Beats, frame_beats
from razorsnn.targets.cycles import latency_cycles
from razorsnn.targets.reference import LayerResult, WindowResult, saved_cycles, spent_cycles

Windows = Sequence[tuple[NDArray[np.uint8], WindowResult]]
"""Frames [T, C, H, W], and what they gave."""
ALONE = ("skip", "prune", "fold")
"""What the dense engine lacks, one by one."""
SWITCHES: dict[str, dict[str, bool]] = {"dense": {}, **{name: {name: True} for name in ALONE}}


def after_last_beat(plan: Plan, result: WindowResult, words: Beats) -> int:
    """Cycles from the last of the input beats to the last score."""
    return latency_cycles(plan, spent_cycles(result), frame_beats(words, plan.shape.frames))


def layers(plan: Plan, windows: Windows, engine: Engine) -> list[dict[str, Any]]:
    """A row a layer: what the engine takes, by part, and the bound."""
    runs = [_layer_rows(frames, result, engine) for frames, result in windows]
    return [
        {"layer": layer.name}
        | _with_ratio({name: float(np.mean([run[at][name] for run in runs])) for name in runs[0][0]})
        for at, layer in enumerate(plan.layers)
    ]


def _layer_rows(frames: NDArray[np.uint8], result: WindowResult, engine: Engine) -> list[dict[str, float]]:
    return [_layer_row(layer, x, engine) for layer, x in zip(result.layers, inputs(frames, result), strict=True)]


def inputs(frames: NDArray[np.uint8], result: WindowResult) -> list[Ints]:
    """[layers] of [T, C, H, W]: what each layer's gate, or the layer, reads."""
    return [frames.astype(np.int64), *(layer.synapse.output for layer in result.layers[:-1])]


def _layer_row(result: LayerResult, x: Ints, engine: Engine) -> dict[str, float]:
    cycles, least = result.cycles, lower_bound(result, x, engine)
    return {
        "active": result.activity,
        "kept": float(result.keep.mean()),
        "multiply": cycles.multiply,
        "idle": cycles.idle,
        "neuron": cycles.neuron,
        "razor": cycles.gate,
        "control": cycles.control,
        "measured": result.total_cycles,
        "least multiply": least.multiply,
        "least neuron": least.neuron,
        "least razor": least.razor,
        "bound": least.total,
    }


def _with_ratio(row: dict[str, float]) -> dict[str, float]:
    return row | {"busy lanes": row["multiply"] / row["measured"], "ratio": row["bound"] / row["measured"]}


def row_sums(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row of all layers together; shares are means."""
    sums = {name: sum(row[name] for row in rows) for name in rows[0] if name != "layer"}
    means = {name: sums[name] / len(rows) for name in ("active", "kept")}
    return {"layer": "all"} | _with_ratio(sums | means)


def products(windows: Windows) -> float:
    """Multiplies that the non-zeros of kept frames need, pools folded: of one window."""
    one = Engine(1)
    runs = [
        sum(lower_bound(layer, x, one).multiply for layer, x in zip(result.layers, inputs(frames, result), strict=True))
        for frames, result in windows
    ]
    return sum(runs) / len(runs)


def gates(plan: Plan, windows: Windows) -> list[dict[str, Any]]:
    """Per gate: what it prunes, what the pruned frames held and would have cost, and what the gate costs."""
    lines = [_gate_row(frames, result) for frames, result in windows]
    rows: list[dict[str, Any]] = [
        {"gate": plan.gates[at].name}
        | {name: sum(line[at][name] for line in lines) / len(lines) for name in lines[0][0]}
        for at in range(len(plan.gates))
    ]
    rows.append({"gate": "all"} | {name: sum(row[name] for row in rows) for name in rows[0] if name != "gate"})
    rows[-1] |= {name: rows[-1][name] / len(plan.gates) for name in ("pruned", "non-zeros pruned")}
    return [row | {"net": (row["saved"] - row["cost"]) / max(1, row["saved"])} for row in rows]


def _gate_row(frames: NDArray[np.uint8], result: WindowResult) -> list[dict[str, float]]:
    gated = [(one, x) for one, x in zip(result.layers, inputs(frames, result), strict=True) if one.gate]
    return [_gate_facts(one, x) for one, x in gated]


def _gate_facts(result: LayerResult, x: Ints) -> dict[str, float]:
    return {
        "pruned": float((~result.keep).mean()),
        "non-zeros pruned": _share(x[~result.keep], x),
        "saved": saved_cycles(result),
        "cost": result.cycles.gate,
    }


def _share(part: Ints, whole: Ints) -> float:
    """Of the non-zeros of `whole`, those in `part`."""
    found, of = int(np.count_nonzero(part)), int(np.count_nonzero(whole))
    return found / of if of else 0.0


def ratios(windows: Windows, rows: Sequence[dict[str, Any]], engine: Engine) -> dict[str, float]:
    """Cycles of the dense engine over those measured (`all`), and over those with one thing only that it lacks."""
    totals = {name: _dense(windows, engine, switches) for name, switches in SWITCHES.items()}
    alone = {name: totals["dense"] / totals[name] for name in ALONE}
    return {"dense cycles": totals["dense"], "all": totals["dense"] / sum(row["measured"] for row in rows)} | alone


def _dense(windows: Windows, engine: Engine, switches: dict[str, bool]) -> float:
    runs: list[int] = [
        sum(
            dense_cycles(layer, x, engine, **switches)
            for layer, x in zip(result.layers, inputs(frames, result), strict=True)
        )
        for frames, result in windows
    ]
    return sum(runs) / len(runs)
