"""Spiker+ (Carpegna et al.) and ours: the same integers, input spikes and membrane width. Rows of results.json.

    python -m benchmarks.spiker --data ../shared/data/nmnist_small/Train

Predictions of both, cycles of both, area of both by the same Yosys without DSPs, and LUT x cycles. Cycles of a window:
of ours after its last event; of Spiker+ from its start to the step at which its last membranes are read.
Spiker+'s `core` takes a frame's spikes on one wire each, and its membranes are ports: it has no interface, no buffer
for a window, no mean and no largest class. Our top has all but the largest class. `full` has registers for the spikes
of one step, written one a cycle. spiker_net.py says where the nets differ, spiker_model.py what Spiker+ computes,
spiker_netlist.py how Yosys reads it.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks import spiker_area, spiker_model, spiker_netlist, spiker_vhdl
from benchmarks.measures import after_last_beat
from benchmarks.rows import Figure, add_rows, rows_of
from benchmarks.spiker_model import SpikerRun
from benchmarks.spiker_net import Case, drawn, frame_words, nmnist
from razorsnn.errors import UserError
from razorsnn.files import make_folder
from razorsnn.plan import Plan, make_plan
from razorsnn.stream import frame_beats
from razorsnn.targets import rtl
from razorsnn.targets.reference import run_window, run_windows
from razorsnn.targets.rtlsim import Stimulus, simulate

GOAL = 5
LANES, INPUTS = (16, 32, 64), (1, 4)
WINDOWS, SIMULATED = {"784-128-10": 100, "700-128-128-20": 20}, 2
"""For predictions and mean cycles, and for the proofs in simulation."""
TOPS = {"core": "network", "full": "full_accelerator"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of N-MNIST recordings, class = folder name")
    parser.add_argument("--lanes", type=int, nargs="+", default=LANES, help="of ours, each with all --inputs")
    parser.add_argument("--inputs", type=int, nargs="+", default=INPUTS, help="events at once, of ours")
    parser.add_argument("--nets", nargs="+", default=list(WINDOWS), choices=list(WINDOWS))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    axes = " ".join(f"--{name} {' '.join(map(str, vars(given)[name]))}" for name in ("lanes", "inputs"))
    command = f"python -m benchmarks.spiker --data {given.data} {axes}"
    try:
        spiker_vhdl.require_tools()
        for name in given.nets:
            case = nmnist(given.data, WINDOWS[name]) if name.startswith("784") else drawn(WINDOWS[name])
            folder = given.out.resolve() / "spiker" / name
            make_folder(folder)
            shapes = list(product(given.lanes, given.inputs))
            add_rows(given.out, f"Spiker+, {name}", rows_of(compared(case, shapes, folder), command))
    except UserError as error:
        raise SystemExit(f"error: {error}") from None


def compared(case: Case, shapes: Sequence[tuple[int, int]], folder: Path) -> list[Figure]:
    """shapes: lanes and inputs of ours."""
    plans = [make_plan(case.graph(), lanes, inputs=inputs) for lanes, inputs in shapes]
    bits = plans[0].shape.membrane_bits
    runs = modelled(case, bits)
    figures = [
        (f"{case.name}: bits of a membrane, both", bits, None, "bits"),
        *prediction_figures(case, plans[0], runs),
        *their_figures(case, bits, runs, folder / "theirs"),
    ]
    for plan in plans:
        figures += our_figures(case, plan, figures, folder)
    return figures


def modelled(case: Case, bits: int) -> list[SpikerRun]:
    """Spiker+'s model on all windows."""
    thresholds = spiker_vhdl.thresholds(case, bits)
    flat = case.windows.reshape(*case.windows.shape[:2], -1).astype(np.int64)
    return [spiker_model.run(case.weights, thresholds, frames, bits) for frames in flat]


def prediction_figures(case: Case, plan: Plan, runs: Sequence[SpikerRun]) -> list[Figure]:
    """Our integers are the same for any number of lanes."""
    ours = np.array([run_window(plan, frames).scores.argmax() for frames in case.windows])
    theirs = np.array([run.prediction for run in runs])
    found: list[Figure] = [
        (f"{case.name}: input spikes", float(case.windows.mean()), None, "share"),
        (f"{case.name}: same prediction, of {len(runs)} windows", float((ours == theirs).mean()), None, "share"),
    ]
    if case.labels is not None:
        found += [(f"{case.name}: right, Spiker+", float((theirs == case.labels).mean()), None, "share")]
        found += [(f"{case.name}: right, ours", float((ours == case.labels).mean()), None, "share")]
    return found


def their_figures(case: Case, bits: int, runs: Sequence[SpikerRun], folder: Path) -> list[Figure]:
    """The proof, mean cycles, and areas."""
    spiker_vhdl.emit(case, bits, folder)
    found = spiker_vhdl.simulate(case, bits, folder / "core", case.windows[:SIMULATED])
    differ = sum(not spiker_vhdl.equal(*pair) for pair in zip(found, runs[:SIMULATED], strict=True))
    figures: list[Figure] = [
        (f"{case.name}: windows in which Spiker+'s VHDL differs from its model", differ, 0, f"of {SIMULATED}"),
        (f"{case.name}: cycles a window, Spiker+", float(np.mean([run.cycles[-1] for run in runs])), None, "cycles"),
    ]
    for form, top in TOPS.items():
        net = spiker_area.kept(folder.parent, partial(spiker_netlist.translate, folder / form, top))
        areas = {family: spiker_area.theirs(net, top, family) for family in spiker_area.FAMILIES}
        figures += area_figures(f"{case.name}: {{}}, Spiker+ {form}", areas)
    return figures


def area_figures(name: str, areas: dict[str, spiker_area.Area]) -> list[Figure]:
    return [
        (name.format(f"{resource} on {family}"), area[resource], None, resource)
        for family, area in areas.items()
        for resource in ("LUT", "FF", "BRAM")
    ]


def our_figures(case: Case, plan: Plan, theirs: Sequence[Figure], folder: Path) -> list[Figure]:
    """The proof, mean cycles, areas, and how often Spiker+'s LUT x cycles is ours."""
    name = f"ours, {plan.shape.lanes} lanes x {plan.shape.inputs} inputs"
    known = {figure[0]: figure[1] for figure in theirs}
    built = spiker_area.kept(folder, partial(rtl.emit, plan))
    after = [after_last_beat(plan, run_window(plan, frames), frame_words(frames)) for frames in case.windows]
    cycles = float(np.mean(after))
    areas = {family: spiker_area.ours(built, family) for family in spiker_area.FAMILIES}
    figures: list[Figure] = [
        (f"{case.name}: windows in which RTL differs, {name}", differing(case, plan, built), 0, f"of {SIMULATED}"),
        (f"{case.name}: cycles a window, {name}", cycles, None, "cycles"),
        *area_figures(f"{case.name}: {{}}, {name}", areas),
    ]
    for form in TOPS:
        for family, area in areas.items():
            spent = known[f"{case.name}: LUT on {family}, Spiker+ {form}"] or 0
            ratio = spent * (known[f"{case.name}: cycles a window, Spiker+"] or 0) / (area["LUT"] * cycles)
            figures += [(f"{case.name}: LUT x cycles on {family}, Spiker+ {form} / {name}", ratio, GOAL, "ratio")]
    return figures


def differing(case: Case, plan: Plan, built: Path) -> int:
    """Windows whose scores, keep bits or cycles of a beat are not the reference's."""
    windows = case.windows[:SIMULATED]
    words = [frame_words(frames) for frames in windows]
    expected = run_windows(plan, windows, [frame_beats(beats, plan.shape.frames) for beats in words])
    found = simulate(plan, built / "rtl", built, Stimulus(words))
    return int(found.outcome.differences(expected.outcome))


if __name__ == "__main__":
    main()
