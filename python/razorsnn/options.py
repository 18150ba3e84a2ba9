"""Options and arguments that several commands have, and what they accept."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Backend(StrEnum):
    """Who computes the scores."""

    float = "float"
    reference = "reference"
    hls = "hls"
    rtl = "rtl"


class Target(StrEnum):
    """Which accelerator sources."""

    hls = "hls"
    rtl = "rtl"
    all = "all"


class Tool(StrEnum):
    """Who synthesises: Yosys and nextpnr the RTL, Vitis the HLS C++."""

    yosys = "yosys"
    vitis = "vitis"


Json = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout; all else goes to stderr.")]
Data = Annotated[
    str,
    typer.Option(
        help="Folder of recordings, simulated, or a published data set: nmnist, dvs128_gesture, n_caltech101, "
        "cifar10_dvs, shd, each as NAME:PATH.",
        metavar="PATH|simulated|NAME:PATH",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only N of the windows, spread evenly.", metavar="N")]
Run = Annotated[Path, typer.Argument(help="Result folder of a training.", metavar="RUN")]
Build = Annotated[Path, typer.Argument(help="Folder that `generate` wrote.", metavar="BUILD")]
Engines = Annotated[
    str | None,
    typer.Option(
        help="How many share the layers (RTL), or how many each runs, as 1,3; without: as in RUN.", metavar="N"
    ),
]
Streaming = Annotated[
    bool | None,
    typer.Option(
        "--streaming/--no-streaming",
        help="Each frame through all layers as soon as it is there, where no gate needs the whole window; "
        "without: as in RUN.",
    ),
]
