"""Where a window's cycles go: parts that add up, exactly, to the cycle of the last score."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from razorsnn.fixed import Ints
from razorsnn.plan import Plan
from razorsnn.targets.cycles import latency_cycles, pace_cycles, score_cycles, stream_cycles
from razorsnn.targets.outcome import BackendRun
from razorsnn.targets.reference import LayerResult, WindowResult, output_cycles, spent_cycles

PARTS = ("input", "multiply", "idle", "neuron", "razor", "control", "readout")
"""neuron: a cycle a word of a pass; idle: the engine waits for the scanner; razor: it waits for a keep bit; control:
between events and passes, between layers, and from the last input beat to the first frame. Where frames stream, input:
until the next one is there."""
LAYER_PARTS = ("multiply", "idle", "neuron", "razor", "control")
"""Those that layers have."""


def cycle_facts(plan: Plan, reference: BackendRun, example: WindowResult, beats: Ints) -> dict[str, Any]:
    """`example`: the first window, whose frames took `beats` [T] input beats. `all`: all windows together.

    Both are tables, a row a layer, that add up exactly. `window`: cycles of one, from its first input beat to its
    last score, both included; `computing`: those after its last input beat. `stream`: all windows back to back, the
    mean cycles from one to the next, and of how many the input had to wait. Where frames stream, `frame`: cycles of
    one, and `pace`: of beats or idle that a frame must take for the input never to wait.
    """
    cycles = reference.outcome.cycles
    assert cycles is not None, "the reference has the cycles of each beat"
    total = cycles[:, -1] + 1
    first, all_beats = int(output_cycles(plan, example, beats)[-1]) + 1, int(reference.counters["beats"].sum())
    spent, latency = reference.counters["spent"], latency_cycles(plan, spent_cycles(example), beats)
    readout = int(score_cycles(plan)[-1])
    return {
        "parts": list(PARTS),
        "example": _table([_layer(layer) for layer in example.layers], first, int(beats.sum()), readout),
        "all": {
            "windows": len(total),
            **_table(_layers(plan, reference), int(total.sum()), all_beats, len(total) * readout),
        },
        "window": {"example": first, **_spread(total)},
        "computing": {"example": latency, **_spread(reference.counters["latency"])},
        "stream": _stream(plan, reference),
        **({"frame": _spread(spent.sum(axis=2)), "pace": pace_cycles(plan, spent)} if plan.shape.streaming else {}),
    }


def _spread(cycles: Ints) -> dict[str, Any]:
    return {"min": int(cycles.min()), "mean": float(cycles.mean()), "max": int(cycles.max())}


def _stream(plan: Plan, reference: BackendRun) -> dict[str, Any]:
    beats = reference.counters["beats"]
    found = stream_cycles(plan, reference.counters["spent"], beats)
    waited = np.diff(found.ends, prepend=-1) > beats.sum(axis=1)
    return {"mean": float(found.scores[-1, -1] + 1) / len(beats), "waited": int(waited.sum())}


def gate_balance(plan: Plan, reference: BackendRun) -> list[dict[str, Any]]:
    """A row a gate, means over the windows: cycles that its pruned frames would have cost, and that it costs."""
    saved, cost = (reference.counters[name].mean(axis=0) for name in ("saved", "razor"))
    return [
        {"layer": layer.name, "saved": float(saved[layer.index]), "cost": float(cost[layer.index])}
        for layer in plan.gates
    ]


def gate_warnings(balance: Sequence[dict[str, Any]]) -> list[str]:
    """Of a gate_balance: a line for each gate that costs more than it saves."""
    return [
        f"the gate before {row['layer']} saves {row['saved']:,.1f} cycles a window and costs {row['cost']:,.1f}: "
        "without it, or with a static or a tally gate, the window takes fewer"
        for row in balance
        if row["saved"] < row["cost"]
    ]


def _row(name: str, **cycles: int) -> dict[str, Any]:
    parts = dict.fromkeys(PARTS, 0) | cycles
    return {"name": name, **parts, "total": sum(parts.values())}


def _table(layers: list[dict[str, Any]], total: int, beats: int, readout: int) -> dict[str, Any]:
    """Rows of `layers` between those of input and readout, and their sum: `total` cycles."""
    before = total - readout - sum(layer["total"] for layer in layers)
    start = _row("input", input=min(beats, before), control=max(0, before - beats))
    rows = [start, *layers, _row("readout", readout=readout)]
    return {"rows": rows, "sum": _row("sum", **{part: sum(row[part] for row in rows) for part in PARTS})}


def _layer(result: LayerResult) -> dict[str, Any]:
    cycles = result.cycles
    return _row(
        result.layer.name,
        multiply=cycles.multiply,
        idle=cycles.idle,
        neuron=cycles.neuron,
        razor=cycles.gate + result.scored,
        control=cycles.control,
    )


def _layers(plan: Plan, reference: BackendRun) -> list[dict[str, Any]]:
    sums = {part: reference.counters[part].sum(axis=0) for part in LAYER_PARTS}
    return [_row(layer.name, **{part: int(sums[part][layer.index]) for part in LAYER_PARTS}) for layer in plan.layers]
