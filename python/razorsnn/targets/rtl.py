"""The SystemVerilog target: sources, generated package and top, and memory images."""

import shutil
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import numpy as np

from razorsnn import __version__
from razorsnn.assets import asset
from razorsnn.contents import CHUNK_BITS, class_identity, loadable, words
from razorsnn.errors import UserError
from razorsnn.fixed import LEAK_FRAC
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.memories import BANK_DEPTH, BLOCK_RAM_DEPTH, bank_depth
from razorsnn.ops import razor, timeline
from razorsnn.ops.tally import THRESHOLD_BITS
from razorsnn.plan import Plan
from razorsnn.settings import SETTINGS
from razorsnn.shape import Shape
from razorsnn.targets.templates import render

TOP = "razorsnn_top"
PACKAGE = "rsnn_pkg.sv"
REGISTER_VERSION = 5
"""Of the register map; docs/interface.md."""
STREAM_COORDINATE_BITS = 12
BIN_PRODUCT_BITS = 32


def emit(plan: Plan, out: Path) -> None:
    """Writes out/rtl: the blocks, the package, the top, a file list, and the images of every memory."""
    folder = out / "rtl"
    folder.mkdir(parents=True)
    for source in sorted(asset("rtl").glob("*.sv")):
        shutil.copy(source, folder)
    (folder / PACKAGE).write_text(package())
    (folder / f"{TOP}.sv").write_text(
        render("rtl/top.sv.j2", top=TOP, version=__version__, parameters=list(parameters(plan.shape)))
    )
    (folder / f"{TOP}.f").write_text("\n".join(source_files(folder)) + "\n")
    for name, image in images(plan).items():
        (folder / name).write_text(image)


def source_files(folder: Path) -> list[str]:
    """Names in the order in which a tool must read them: the package first."""
    names = sorted(path.name for path in folder.glob("*.sv"))
    return [PACKAGE, *(name for name in names if name != PACKAGE)]


def package() -> str:
    """rsnn_pkg.sv: the layer table's row as a struct, and the gate's widths."""
    return render(
        "rtl/rsnn_pkg.sv.j2",
        fields=LAYER_FIELDS,
        version=REGISTER_VERSION,
        memories=MEMORIES,
        leak_frac=LEAK_FRAC,
        event_depth=timeline.EVENT_DEPTH,
        drain_cycles=timeline.DRAIN_CYCLES,
        neuron_cycles=timeline.NEURON_CYCLES,
        least_pass_cycles=timeline.LEAST_PASS_CYCLES,
        block_ram_depth=BLOCK_RAM_DEPTH,
        bank_depth=BANK_DEPTH,
        affine_bits=razor.AFFINE_BITS,
        offset_bits=razor.OFFSET_BITS,
        embedding_bits=razor.EMBEDDING_BITS,
        logit_bits=razor.LOGIT.width,
        exp_bits=razor.EXP.width,
        mask_input_bits=razor.MASK_INPUT.width,
        tally_bits=THRESHOLD_BITS,
        occupancy_bits=razor.OCCUPANCY_BITS,
    )


def parameters(shape: Shape) -> Iterator[tuple[str, str]]:
    """Name and value of each parameter of rsnn_accelerator: one value, or one of each stage."""
    y_mul, y_shift = bin_factor(shape.sensor_height, shape.height)
    x_mul, x_shift = bin_factor(shape.sensor_width, shape.width)
    whole = {
        "Stages": len(shape.parts),
        "Lanes": shape.lanes, "Taps": shape.taps, "Inputs": shape.inputs, "Frames": shape.frames,
        "Channels": shape.channels, "Height": shape.height, "Width": shape.width,
        "SensorHeight": shape.sensor_height, "SensorWidth": shape.sensor_width,
        "BinYMul": y_mul, "BinYShift": y_shift, "BinXMul": x_mul, "BinXShift": x_shift, **tile_factors(shape),
        "Classes": shape.classes, "Layers": shape.layers, "Gates": max(1, shape.gates),
        "Embeddings": shape.embeddings, "InputLanes": shape.input_lanes, "InputBits": shape.input_bits,
        "ActivationBits": shape.activation_bits, "ScoreBits": shape.parts[-1].score_bits,
        "LoadBits": CHUNK_BITS * max(memory.chunks for part in shape.parts for memory in loadable(part)),
        "ClassIdentity": class_identity(shape),
        "Streaming": shape.streaming,
        "Images": 1,
    }  # fmt: skip
    yield from ((name, str(value)) for name, value in whole.items())
    stages = [stage_parameters(part) for part in shape.parts]
    before = {"LayersBefore": "layers", "GatesBefore": "gates"}
    for parameter, name in before.items():
        counts = list(accumulate((getattr(part, name) for part in shape.parts[:-1]), initial=0))
        stages = [stage | {parameter: count} for stage, count in zip(stages, counts, strict=True)]
    yield from ((name, _of_stages([stage[name] for stage in stages])) for name in stages[0])


def _of_stages(values: list[int]) -> str:
    """The first stage's in the lowest bits."""
    words = ", ".join(f"32'd{value % 2**32}" for value in reversed(values))
    return f"{{{words}}}"


def stage_parameters(shape: Shape) -> dict[str, int]:
    """Name and value of what stages differ in."""
    return {
        "Rows": shape.rows, "Gated": min(1, shape.razors), "GatedSource": shape.link_gated,
        "Fixed": min(1, shape.statics), "Tallied": min(1, shape.tallies), "Relative": min(1, shape.relatives),
        "WeightBits": shape.weight_bits, "LowerBits": shape.lower_bits, "UpperDepth": shape.upper_depth,
        "MembraneBits": shape.membrane_bits, "SumsBits": shape.sums_bits, "FrameSumBits": shape.frame_sum_bits,
        "LogitSumBits": shape.logit_bits, "WeightDepth": shape.weight_depth,
        "BiasDepth": shape.bias_depth, "MembraneDepth": shape.membrane_depth, "EvenDepth": shape.store_depth_even,
        "OddDepth": shape.store_depth_odd, "SumsEven": shape.sums_depth_even,
        "SumsOdd": shape.sums_depth_odd, "GateRows": shape.gate_rows, "OffsetDepth": shape.offset_depth,
        "SinkDepth": max(1, shape.sink_depth),
        **{name.title().replace("_", ""): getattr(shape, name) for name in SETTINGS},
    }  # fmt: skip


MEMORIES = ("Table", "Weight", "Upper", "Bias", "Keep", "Embedding", "Affine", "Offset", "Exp", "Sigmoid")
"""What the package calls the memories of `contents.loadable`, in the same order."""


def tile_factors(shape: Shape) -> dict[str, int]:
    """Factors that bin a coordinate to its row or column of tiles of the input."""
    layout = shape.input_layout
    y_mul, y_shift = bin_factor(shape.sensor_height, shape.height, layout.side)
    x_mul, x_shift = bin_factor(shape.sensor_width, shape.width, layout.side * layout.beside)
    return {"TileYMul": y_mul, "TileYShift": y_shift, "TileXMul": x_mul, "TileXShift": x_shift}


def bin_factor(sensor: int, grid: int, cells: int = 1) -> tuple[int, int]:
    """(mul, shift) with (c * mul) >> shift == floor(c * grid / sensor / cells) for every coordinate c of the sensor."""
    coordinate = np.arange(sensor, dtype=np.int64)
    wanted = coordinate * grid // sensor // cells
    for shift in range(BIN_PRODUCT_BITS - STREAM_COORDINATE_BITS):
        mul = -(-(grid << shift) // (sensor * cells))
        if np.array_equal(coordinate * mul >> shift, wanted):
            return mul, shift
    raise UserError(f"sensor of {sensor} pixels on a grid of {grid}: no exact factor below 2**{BIN_PRODUCT_BITS}")


DEEP = ("weights", "upper")
"""Memories with contents that are deep: where they have several banks, each has a file of its own."""


def images(plan: Plan) -> dict[str, str]:
    """File name to contents, one hex word a line, padded with zeros to the memory's depth.

    Read by $readmemh from the folder where the tool runs. Of several stages the names begin with the stage's number.
    """
    prefixes = (f"{stage}." if plan.stages else "" for stage in range(len(plan.parts)))
    parts = zip(prefixes, map(_images, plan.parts), strict=True)
    return {prefix + name: image for prefix, part in parts for name, image in part.items()}


def _images(plan: Plan) -> dict[str, str]:
    contents, found = words(plan), dict[str, str]()
    for memory in loadable(plan.shape):
        lines = _hex(contents[memory.name], memory.depth, memory.width)
        if memory.name in DEEP and memory.depth > (bank := bank_depth(memory.depth)):
            starts = range(0, memory.depth, bank)
            found |= {f"{memory.name}.hex.{i}": "".join(lines[at : at + bank]) for i, at in enumerate(starts)}
        else:
            found[f"{memory.name}.hex"] = "".join(lines)
    return found


def _hex(words: list[int], depth: int, width: int) -> list[str]:
    digits = -(-width // 4)
    padded = words + [0] * (depth - len(words))
    return [f"{word:0{digits}x}\n" for word in padded]
