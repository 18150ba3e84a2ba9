"""Where a window's cycles go: parts that add up, exactly, to the cycle of the last score."""

from typing import Any

from razorsnn.plan import Plan
from razorsnn.targets.outcome import BackendRun
from razorsnn.targets.reference import START_CYCLES, LayerResult, WindowResult, output_cycles

PARTS = ("input", "multiply", "idle", "neuron", "razor", "control", "readout")
"""idle: the engine waits for the scanner; razor: it waits for a keep bit; control: between
layers, and from the last input beat to the first one."""
LAYER_PARTS = ("multiply", "idle", "neuron", "razor", "control")
"""Those that layers have."""


def cycle_facts(plan: Plan, reference: BackendRun, example: WindowResult, beats: int) -> dict[str, Any]:
    """`example`: the first window, which took `beats` input beats. `all`: all windows together.

    Both are tables, a row a layer, that add up exactly. `window`: cycles of one, from its first input beat to its
    last score, both included.
    """
    cycles = reference.outcome.cycles
    assert cycles is not None, "the reference has the cycles of each beat"
    total = cycles[:, -1] + 1
    first = int(output_cycles(plan, example, beats)[-1]) + 1
    readout = first - beats - START_CYCLES - sum(layer.total_cycles for layer in example.layers)
    spread = {"min": int(total.min()), "mean": float(total.mean()), "max": int(total.max())}
    return {
        "parts": list(PARTS),
        "example": _table([_layer(layer) for layer in example.layers], first, 1, readout),
        "all": {"windows": len(total), **_table(_layers(plan, reference), int(total.sum()), len(total), readout)},
        "window": {"example": first, **spread},
    }


def _row(name: str, **cycles: int) -> dict[str, Any]:
    parts = dict.fromkeys(PARTS, 0) | cycles
    return {"name": name, **parts, "total": sum(parts.values())}


def _table(layers: list[dict[str, Any]], total: int, windows: int, readout: int) -> dict[str, Any]:
    """Rows of `layers` between those of input and readout, and their sum: `total` cycles of `windows` windows."""
    beats = total - windows * (START_CYCLES + readout) - sum(layer["total"] for layer in layers)
    start = _row("input", input=beats, control=windows * START_CYCLES)
    rows = [start, *layers, _row("readout", readout=windows * readout)]
    return {"rows": rows, "sum": _row("sum", **{part: sum(row[part] for row in rows) for part in PARTS})}


def _layer(result: LayerResult) -> dict[str, Any]:
    cycles = result.cycles
    return _row(
        result.layer.name,
        multiply=cycles.multiplies,
        idle=cycles.idle,
        neuron=cycles.neuron,
        razor=cycles.gate,
        control=cycles.control,
    )


def _layers(plan: Plan, reference: BackendRun) -> list[dict[str, Any]]:
    sums = {part: reference.counters[part].sum(axis=0) for part in LAYER_PARTS}
    return [_row(layer.name, **{part: int(sums[part][layer.index]) for part in LAYER_PARTS}) for layer in plan.layers]
