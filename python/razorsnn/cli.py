"""The command line: options to arguments, results to the screen. What is done is in `flow`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from razorsnn.console import app, command, run_stage
from razorsnn.errors import UserError
from razorsnn.options import Backend, Build, Data, Engines, Json, Limit, Run, Streaming, Target, Tool

if TYPE_CHECKING:
    from razorsnn.config import Config


@command("train --data simulated --run runs/first")
def train(
    data: Data,
    run: Annotated[  # named, or typer 0.27 makes --RUN of it
        Path,
        typer.Option("--run", help="Result folder; a net of other settings or data there is replaced.", metavar="RUN"),
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            help="Settings; without: those that ship for the data set, for a folder the defaults.", metavar="FILE"
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    activity_target: Annotated[
        float | None,
        typer.Option(help="Share of non-zeros to end near in what layers read; without: as in FILE.", metavar="X"),
    ] = None,
    json: Json = False,
) -> None:
    """Train a Razor SNN, quantised: model, integer graph, metrics and settings go to RUN."""
    from razorsnn import flow

    settings = _settings(config, run if resume else None, data)
    if activity_target is not None:
        settings = _steered(settings, activity_target)
    run_stage("train", json, lambda: flow.train(data, run, settings, resume))


def _steered(settings: "Config", target: float) -> "Config":
    from razorsnn.config import validated

    values = settings.model_dump()
    return validated("--activity-target", values | {"train": values["train"] | {"activity_target": target}})


def _settings(given: Path | None, resumed: Path | None, data: str) -> "Config":
    """The settings given, or of the training that is resumed, or that ship for the data set, or the defaults."""
    from razorsnn.config import SAVED, Config, load_config
    from razorsnn.experiments.tables import shipped_settings

    if given is None and resumed is not None and (resumed / SAVED).exists():
        given = resumed / SAVED
    file = given or shipped_settings(data)
    return Config() if file is None else load_config(file)


@command("import-qkeras model.h5 --out runs/imported --alpha 0.3 --frames 16")
def import_qkeras(
    model: Annotated[Path, typer.Argument(help="What Keras saved, or its neutral .npz.", metavar="MODEL")],
    out: Annotated[Path, typer.Option(help="Result folder; replaced as a whole.", metavar="RUN")],
    config: Annotated[Path | None, typer.Option(help="Settings of data, neurons and lanes.", metavar="FILE")] = None,
    alpha: Annotated[float | None, typer.Option(help="Leak a frame; 0 for Keras' own outputs.")] = None,
    threshold: Annotated[float | None, typer.Option(help="V_th of the neurons.")] = None,
    frames: Annotated[int | None, typer.Option(help="Frames of a window; 1 for Keras' own outputs.")] = None,
    classes: Annotated[str, typer.Option(help="Class names in order, with commas; without: numbers.")] = "",
    python: Annotated[Path | None, typer.Option(help="A Python with QKeras; without: of .venv-qkeras.")] = None,
    json: Json = False,
) -> None:
    """Turn a QKeras model into an integer graph of LIAF layers, exactly: RUN, as a training leaves it."""
    from razorsnn import flow
    from razorsnn.config import load_config
    from razorsnn.interop.qkeras import ENVIRONMENT, Choices

    names = tuple(name.strip() for name in classes.split(",")) if classes else ()
    choices = Choices(alpha, threshold, frames, names)
    settings = None if config is None else load_config(config)
    found = python or ENVIRONMENT
    run_stage("import-qkeras", json, lambda: flow.import_qkeras(model, out, settings, choices, found))


@command("evaluate runs/first --data simulated --backend hls")
def evaluate(
    run: Run,
    data: Data,
    backend: Annotated[Backend, typer.Option(help="Who computes the scores.")] = Backend.reference,
    limit: Limit = None,
    scores: Annotated[Path | None, typer.Option(help="Scores of every window.", metavar="FILE.npz")] = None,
    json: Json = False,
) -> None:
    """Accuracy, confusion matrix, kept frames and activity on unseen recordings."""
    from razorsnn import flow

    run_stage("evaluate", json, lambda: flow.evaluate(run, data, backend.value, limit, scores))


@command("generate runs/first --out runs/first/build --lanes 16")
def generate(
    run: Run,
    out: Annotated[Path, typer.Option(help="Folder for the sources; replaced as a whole.", metavar="BUILD")],
    target: Annotated[Target, typer.Option(help="Which sources.")] = Target.all,
    lanes: Annotated[
        int | None, typer.Option(min=1, max=128, help="Output channels at once, a power of two; without: as in RUN.")
    ] = None,
    taps: Annotated[int | None, typer.Option(help="Outputs at once, 1, 4 or 9; without: as in RUN.")] = None,
    inputs: Annotated[
        int | None, typer.Option(help="Events of a position at once, 1, 2 or 4 (RTL); without: as in RUN.")
    ] = None,
    engines: Engines = None,
    streaming: Streaming = None,
    headroom: Annotated[
        int, typer.Option(min=0, max=8, help="Bits more in membranes and sums, for nets that `pack` brings later.")
    ] = 0,
    any_neuron: Annotated[
        bool, typer.Option("--any-neuron", help="Room for nets of another leak, reset or output: larger sources.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(help="Refuse what is too big for ecp5-85k, ecp5-45k, ecp5-25k or zcu104.", metavar="NAME"),
    ] = None,
    json: Json = False,
) -> None:
    """Write the accelerator: HLS C++, RTL, memory images, a manifest with the hash of each file."""
    from razorsnn import flow

    chosen = (target.value, lanes, headroom, device, taps, any_neuron, _engines(engines), inputs, streaming)
    run_stage("generate", json, lambda: flow.generate(run, out, *chosen))


def _engines(text: str | None) -> int | list[int] | None:
    counts = [] if text is None else [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if 0 in counts:
        raise UserError(f"--engines {text}: accepted: a number of engines, or of the layers that each runs, as 1,3")
    return counts[0] if len(counts) == 1 else counts or None


@command("pack runs/second runs/first/build --out runs/second/load")
def pack(
    run: Run,
    build: Build,
    out: Annotated[Path, typer.Option(help="Folder for load.bin; replaced as a whole.", metavar="LOAD")],
    json: Json = False,
) -> None:
    """Write another net as a load for the sources of BUILD, which then need no new synthesis."""
    from razorsnn import flow

    run_stage("pack", json, lambda: flow.pack(run, build, out))


@command("simulate runs/first/build --data simulated --limit 4")
def simulate(
    build: Build,
    data: Data,
    limit: Limit = None,
    target: Annotated[Target, typer.Option(help="hls: csim with g++; rtl: cocotb on Verilator.")] = Target.all,
    load: Annotated[
        Path | None, typer.Option(help="Own contents, those that `pack` wrote, own ones again.", metavar="LOAD")
    ] = None,
    json: Json = False,
) -> None:
    """Run the accelerator on recordings and compare it, bit for bit, with the reference."""
    from razorsnn import flow

    run_stage("simulate", json, lambda: flow.simulate(build, data, limit, target.value, load))


@command("synthesise runs/first/build --device ecp5-85k --seeds 5")
def synthesise(
    build: Build,
    tool: Annotated[Tool, typer.Option(help="yosys: the RTL, with nextpnr; vitis: the HLS C++.")] = Tool.yosys,
    device: Annotated[
        str, typer.Option(help="yosys: ecp5-85k, ecp5-45k, ecp5-25k (grade 6), or ultrascale+ (area).", metavar="NAME")
    ] = "ecp5-85k",
    seeds: Annotated[int, typer.Option(min=1, help="yosys: placements; the median clock counts.", metavar="N")] = 5,
    blocks: Annotated[bool, typer.Option("--blocks/--top-only", help="yosys: each block alone, too.")] = True,
    data: Annotated[
        str | None,
        typer.Option(help="vitis: recordings for both simulations; without: none.", metavar="PATH|simulated"),
    ] = None,
    limit: Limit = None,
    part: Annotated[str | None, typer.Option(help="vitis: device; without: that of build_prj.tcl.")] = None,
    json: Json = False,
) -> None:
    """Synthesise the accelerator: area, memories, clock; `report` then shows what the tools say."""
    from razorsnn import flow

    if tool == Tool.vitis:
        run_stage("synthesise", json, lambda: flow.synthesise_vitis(build, data, limit, part))
        return
    if any(given is not None for given in (data, limit, part)):
        raise UserError("--data, --limit and --part are for --tool vitis; accepted here: --device, --seeds, --blocks")
    run_stage("synthesise", json, lambda: flow.synthesise(build, device, seeds, blocks))


@command("report runs/first/build")
def report(build: Build, json: Json = False) -> None:
    """Write one HTML file on the accelerator: what it sees, keeps, costs, and how fast it is."""
    from razorsnn import flow

    run_stage("report", json, lambda: flow.report(build))


@command("show runs/first")
def show(
    path: Annotated[Path, typer.Argument(help="Result folder or graph file.", metavar="RUN|graph.json")],
    json: Json = False,
) -> None:
    """Print the integer graph as readable text."""
    from razorsnn import flow

    if json:
        run_stage("show", json, lambda: flow.show_data(path))
    else:
        typer.echo(flow.show(path))


@command("reproduce table4 --data simulated --quick")
def reproduce(
    table: Annotated[
        str,
        typer.Argument(
            help="table3: methods; table4: embeddings K; table5: components; fig3: positions of gates; fig4: activity "
            "maps; gates: the razor against simpler choices of frames.",
            metavar="TABLE",
        ),
    ],
    data: Data,
    config: Annotated[
        Path | None, typer.Option(help="Settings; without: those that ship for the data set.", metavar="FILE")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs a row, with seeds one after the other.")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="Few epochs and recordings: minutes, not hours.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Runs side by side, on `train.threads` cores each.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for runs and results; without: runs/reproduce/, then data and size.", metavar="DIR"),
    ] = None,
    json: Json = False,
) -> None:
    """Run a table of the paper: mean and spread over seeds, the paper's figure beside ours, a plot."""
    from razorsnn.experiments import reproduce

    run_stage("reproduce", json, lambda: reproduce.reproduce(table, data, config, seeds, quick, out, jobs))


@command("sweep --data simulated --over gate.ratio=0.2..0.8 --over quantisation.activation_bits=2..4 --quick")
def sweep(
    data: Data,
    over: Annotated[
        list[str],
        typer.Option(help="A setting to vary: KEY=LOW..HIGH, KEY=LOW..HIGH:log or KEY=A,B,C; again for more."),
    ],
    config: Annotated[
        Path | None, typer.Option(help="All other settings; without: those that ship for the data set.", metavar="FILE")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="In all, whoever runs them.")] = 20,
    quick: Annotated[bool, typer.Option("--quick", help="Few epochs and recordings.")] = False,
    storage: Annotated[
        str | None,
        typer.Option(help="Database that processes and machines share; without: DIR/sweep.db.", metavar="URL"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder; without: runs/sweep/, then data and size.", metavar="DIR")
    ] = None,
    json: Json = False,
) -> None:
    """Vary settings: the nets that no other beats in accuracy, activity and cycles at once."""
    from razorsnn.experiments import sweep

    run_stage("sweep", json, lambda: sweep.sweep(data, over, config, trials, quick, storage, out))


@command("doctor")
def doctor(json: Json = False) -> None:
    """Say which tools are present, in which version, and what to install for what is missing."""
    from razorsnn.doctor import diagnose

    result = run_stage("doctor", json, diagnose)
    if not result["ok"]:
        raise UserError("a needed tool is missing or too old; what to install is said above")


def main() -> None:
    """Entry point of the `razorsnn` command."""
    app()
