"""Where a window's cycles go: parts that add up, exactly, to the cycle of the last score."""

from typing import Any

from razorsnn.plan import Plan
from razorsnn.targets.outcome import BackendRun
from razorsnn.targets.reference import START_CYCLES, LayerResult, WindowResult, output_cycles

PARTS = ("input", "multiply", "idle", "neuron", "razor", "control", "readout")
"""idle: the engine waits for the scanner; control: between layers, and from the last input beat to the first one."""


def cycle_facts(plan: Plan, reference: BackendRun, example: WindowResult, beats: int) -> dict[str, Any]:
    """`example`: the first window, which took `beats` input beats; exact, per layer.

    `all`: sums over all windows. `window`: cycles of one, from its first input beat to its last score, both included.
    """
    assert reference.outcome.cycles is not None, "the reference has the cycles of each beat"
    total = reference.outcome.cycles[:, -1] + 1
    spread = {"min": int(total.min()), "mean": float(total.mean()), "max": int(total.max())}
    first = _example(plan, example, beats)
    return {
        "parts": list(PARTS),
        "example": first,
        "all": _all(plan, reference, first["sum"]["readout"]),
        "window": {"example": int(output_cycles(plan, example, beats)[-1]) + 1, **spread},
    }


def _row(name: str, **cycles: int) -> dict[str, Any]:
    parts = dict.fromkeys(PARTS, 0) | cycles
    return {"name": name, **parts, "total": sum(parts.values())}


def _example(plan: Plan, result: WindowResult, beats: int) -> dict[str, Any]:
    last = int(output_cycles(plan, result, beats)[-1]) + 1
    layers = [_layer(layer) for layer in result.layers]
    rest = last - beats - START_CYCLES - sum(layer.total_cycles for layer in result.layers)
    rows = [_row("input", input=beats, control=START_CYCLES), *layers, _row("readout", readout=rest)]
    sums = {part: sum(row[part] for row in rows) for part in PARTS}
    return {"rows": rows, "sum": _row("sum", **sums), "last_score": last - 1}


def _layer(result: LayerResult) -> dict[str, Any]:
    cycles = result.cycles
    return _row(
        result.layer.name,
        multiply=cycles.multiplies,
        idle=int(cycles.scan.sum()) - cycles.multiplies,
        neuron=cycles.neuron,
        razor=result.razor_cycles.total if result.razor_cycles else 0,
        control=cycles.control,
    )


def _all(plan: Plan, reference: BackendRun, readout: int) -> dict[str, Any]:
    """Sums over all windows. `layers`: as the reference counts them, multiply and idle together as `scan`."""
    counters = {name: value.sum(axis=0) for name, value in reference.counters.items()}
    assert reference.outcome.cycles is not None, "the reference has the cycles of each beat"
    windows, total = len(reference.outcome.cycles), int((reference.outcome.cycles[:, -1] + 1).sum())
    kinds = {"scan": "multiply", "neuron": "neuron", "razor": "razor", "control": "control"}
    layers: list[dict[str, Any]] = [
        {"name": layer.name} | {part: int(counters[kind][layer.index]) for part, kind in kinds.items()}
        for layer in plan.layers
    ]
    sums = {part: sum(layer[part] for layer in layers) for part in kinds}
    busy, multiply = sum(sums.values()), int(counters["multiplies"])
    parts = {
        "input": total - busy - windows * (START_CYCLES + readout),
        "multiply": multiply,
        "idle": sums["scan"] - multiply,
        "neuron": sums["neuron"],
        "razor": sums["razor"],
        "control": sums["control"] + windows * START_CYCLES,
        "readout": windows * readout,
    }
    return {"windows": windows, "layers": layers, "sum": _row("sum", **parts)}
