"""The flow, a stage a function. Each leaves a checkpoint, and does again only what changed.

events -> frames -> train -> graph -> plan -> { reference, HLS C++, RTL, report }
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from razorsnn import evaluation, reporting, scorefile, simulation, synthesis, trained
from razorsnn.builds import (
    Build,
    as_set,
    build_inputs,
    current_build,
    open_build,
    plan_facts,
    planned,
    size_facts,
    write_build,
)
from razorsnn.config import SAVED, Config, load_config
from razorsnn.contents import class_identity
from razorsnn.cyclefacts import gate_balance, gate_warnings
from razorsnn.device import require_fitting
from razorsnn.errors import UserError
from razorsnn.graphfile import load_graph
from razorsnn.interop import qkeras, vitis
from razorsnn.ir import Graph
from razorsnn.loads import Load, open_load, write_load
from razorsnn.plan import make_plan
from razorsnn.progress import followed
from razorsnn.samples import Samples, read_samples, unseen, votes
from razorsnn.targets import TARGETS, csim
from razorsnn.targets.outcome import BackendRun
from razorsnn.training import train_on

logger = logging.getLogger("razorsnn")


def train(data: str, run: Path, config: Config, resume: bool) -> dict[str, Any]:
    """Trains on `data`; run/ gets model.pt, graph.json + graph.npz, metrics.json, config.json, logs/.

    A finished run of the same settings and data is left as it is; a finished one of others is trained anew; an
    unfinished one goes on with `resume`.
    """
    config.require_fitting_pools()
    config.require_fitting_hardware()
    return train_on(read_samples(data, config), run, config, resume)


def import_qkeras(
    model: Path, out: Path, config: Config | None, choices: qkeras.Choices, python: Path = qkeras.ENVIRONMENT
) -> dict[str, Any]:
    """A result folder from a QKeras model, or from its neutral file: graph.json + graph.npz, config.json."""
    return qkeras.import_model(model, out, config, choices, python)


def evaluate(run: Path, data: str, backend: str, limit: int | None, scores: Path | None) -> dict[str, Any]:
    """Accuracy, confusion matrix, kept frames and activity of unseen windows, as `backend` computes them."""
    if scores:
        scorefile.require_place(scores)
    config = load_config(run / SAVED)
    names = trained.class_names(run, config)
    samples = unseen(data, config, trained.seen(run), names, limit)
    gates: dict[str, Any] = {}
    if backend == "float":
        found, keep, activity = trained.float_scores(run, config, samples)
    else:
        trained.require_graph(run, config)
        plan = as_set(run, config.hardware)
        # First what may lack a tool: then nothing was computed in vain.
        other = None if backend == "reference" else _backend(run, backend, samples)
        reference = simulation.reference(plan, samples)
        result = other or reference
        found, keep, activity = result.outcome.scores, result.outcome.keep, evaluation.activity(reference)
        gates = {"gates": gate_balance(plan, reference)}
    if scores:
        scorefile.save(scores, samples, found, keep)
    summary = evaluation.summary(samples.labels, found, keep, activity, len(names), votes(samples, config))
    return {"backend": backend} | summary | gates


def _backend(run: Path, target: str, samples: Samples) -> BackendRun:
    """Runs a target's own build of `run`."""
    out = run / f"evaluate-{target}"
    one = 1 if target == "hls" else None
    generate(run, out, target, None, engines=one, inputs=one)
    return simulation.run_backend(open_build(out), samples, target)


def generate(
    run: Path,
    out: Path,
    target: str,
    lanes: int | None,
    headroom: int = 0,
    device: str | None = None,
    taps: int | None = None,
    any_neuron: bool = False,
    engines: int | list[int] | None = None,
    inputs: int | None = None,
    streaming: bool | None = None,
) -> dict[str, Any]:
    """The accelerator's sources in `out`, with memory images and a manifest; as they are if nothing changed.

    For nets that `pack` brings to the same sources: `headroom`, bits that sums are wider than this one needs, and
    `any_neuron`, leak, reset and output as their layer tables have them.
    `device`: refused with UserError, before anything is written, where the plan does not fit it.
    """
    config = load_config(run / SAVED)
    trained.require_graph(run, config)
    targets = sorted(TARGETS) if target == "all" else [target]
    given = {"lanes": lanes, "taps": taps, "inputs": inputs, "engines": engines, "streaming": streaming}
    axes = config.hardware.axes | {name: value for name, value in given.items() if value is not None}
    if target == "hls":
        _require_one(axes["engines"], axes["inputs"])
    made_from = build_inputs(run, targets, headroom=headroom, any_neuron=any_neuron, **axes)
    fitting = require_fitting(planned(run, made_from), device) if device else []
    if not (current := current_build(out, made_from)):
        write_build(run, out, made_from)
    build = current or open_build(out)
    return {
        "build": out,
        "up_to_date": current is not None,
        **size_facts(build),
        **{name: out / name for name in targets},
        **({device: [str(need) for need in fitting]} if device else {}),
    }


def _require_one(engines: int | list[int], inputs: int) -> None:
    """UserError for what the RTL alone has."""
    several = engines > 1 if isinstance(engines, int) else len(engines) > 1
    if several or inputs > 1:
        raise UserError("the HLS C++ has one engine of one input; accepted: --engines 1 --inputs 1, or --target all")


def pack(run: Path, build: Path, out: Path) -> dict[str, Any]:
    """The net of `run` as a load for the sources in `build`: a folder with load.bin. UserError: it does not fit."""
    trained.require_graph(run, load_config(run / SAVED))
    load = write_load(run, open_build(build), out)
    size = len(load.writes)
    return {"load": out, "class": class_identity(load.plan.shape), "writes": size, "bytes": load.writes.nbytes}


def simulate(build: Path, data: str, limit: int | None, target: str, load: Path | None = None) -> dict[str, Any]:
    """Runs the generated accelerator on unseen windows and compares it with the reference, bit for bit.

    With `load`, a folder that `pack` wrote: in one simulation the build's own contents, then those of the load, then
    its own again, each on the windows of the load's data. RuntimeError where anything differs: that is a bug of ours.
    """
    opened = open_build(build)
    wanted = opened.targets if target == "all" else (target,)
    for name in wanted:
        _require_sources(opened, build, name)
    if load is not None:
        if opened.plan.stages and "hls" in wanted:
            raise UserError(f"{build}: has several engines, whose loads are for the RTL alone; accepted: --target rtl")
        return _simulate_load(opened, open_load(load, opened), data, limit, wanted)
    samples = unseen(data, opened.config, trained.seen(build), opened.plan.graph.class_names, limit)
    found = {name: simulation.compared(opened, samples, name) for name in wanted}
    simulation.require_equal(found)
    _warn_of_gates(gate_balance(opened.plan, simulation.load_run(opened, "reference")))
    return found


def _warn_of_gates(balance: Sequence[dict[str, Any]]) -> None:
    for line in gate_warnings(balance):
        logger.warning("%s", line)


def _simulate_load(build: Build, load: Load, data: str, limit: int | None, targets: Sequence[str]) -> dict[str, Any]:
    samples = unseen(data, load.config, trained.seen(load.path), load.plan.graph.class_names, limit)
    found = {
        f"{target}, {contents}": result
        for target in targets
        for contents, result in simulation.loaded(build, load, samples, target).items()
    }
    simulation.require_equal(found)
    return found


def _require_sources(opened: Build, build: Path, target: str) -> None:
    if target not in opened.targets:
        raise UserError(f"{build}: holds no {target} sources, only {', '.join(opened.targets)}; generate them first")


def synthesise(build: Path, device: str, seeds: int, blocks: bool) -> dict[str, Any]:
    """Area and clock of build/rtl from Yosys and nextpnr: build/synthesis.json, which the report shows.

    RuntimeError where a memory fell out of block RAM: that is a bug of ours.
    """
    opened = open_build(build)
    _require_sources(opened, build, "rtl")
    found = synthesis.synthesise(opened, device, seeds, blocks)
    return synthesis.table(found) | {"data": opened.path / synthesis.SYNTHESIS}


def synthesise_vitis(build: Path, data: str | None, limit: int | None, part: str | None) -> dict[str, Any]:
    """Runs hls4ml's Vitis flow on build/hls: synthesis, and with `data` both simulations on unseen windows of it."""
    opened = open_build(build)
    _require_sources(opened, build, "hls")
    windows = None
    if data is not None:
        samples = unseen(data, opened.config, trained.seen(build), opened.plan.graph.class_names, limit)
        windows = opened.results / "windows.bin"
        windows.parent.mkdir(exist_ok=True)
        csim.write_windows(windows, samples.words())
    found = vitis.build(opened.path / "hls", 1e3 / opened.config.hardware.clock_mhz, part, windows)
    return found | {"project": opened.path / "hls"}


def report(build: Path) -> dict[str, Any]:
    """Writes build/report.html and build/report.json from the plan and what `simulate` found."""
    opened = open_build(build)
    with followed("report"):
        facts = reporting.facts(opened)
        return reporting.write(opened, facts)


def show(path: Path) -> str:
    """The graph of a run, or of a graph file, as text."""
    return str(_shown(path))


def show_data(path: Path) -> dict[str, Any]:
    """The same as values: the graph's text, line by line, and its plan."""
    graph = _shown(path)
    return plan_facts(make_plan(graph, Config().hardware.lanes))


def _shown(path: Path) -> Graph:
    if (path / SAVED).exists():
        trained.require_graph(path, load_config(path / SAVED))
    return load_graph(path)
