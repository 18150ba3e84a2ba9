"""HLS C++: the accelerator as sources for Vitis HLS, and for csim (targets/csim.py) with plain g++.

out/hls/ holds razorsnn_top.cpp, the kernels (razorsnn/*.hpp), razorsnn_config.hpp (the shape class), images.cpp
(the contents that this net brings), a testbench (main.cpp) and Tcl for Vitis. Nets of one shape class differ in
images.cpp alone.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from razorsnn import contents, stream
from razorsnn.assets import asset
from razorsnn.files import folder_transaction
from razorsnn.fixed import Ints, bits_unsigned
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.ops.neuron import RESETS
from razorsnn.ops.razor import (
    AFFINE_BITS,
    EMBEDDING_BITS,
    EXP,
    LOGIT,
    MASK_INPUT,
    OFFSET_BITS,
    RHO_ONE,
    SIGMOID,
    WEIGHT_FRAC,
)
from razorsnn.ops.words import power_of_two
from razorsnn.plan import Plan
from razorsnn.registers import INDEX_BITS, REGISTERS
from razorsnn.shape import SIZES, STAGE_SIZES, Shape
from razorsnn.targets.templates import render

KERNELS = "razorsnn"
"""Folder of the kernel headers, in hls/ and in what is emitted."""
CONSTANT_SOURCES = ("razorsnn_top.hpp", "razorsnn_top.cpp", "main.cpp", "build_prj.tcl", "project.tcl")
RENDERED = {
    "razorsnn_config.hpp": "razorsnn_config.hpp.j2",
    "images.cpp": "images.cpp.j2",
    f"{KERNELS}/layer.hpp": "layer.hpp.j2",
}
LINE_NUMBERS = 16
"""Numbers in a line of a table that has no lanes."""


@dataclass(frozen=True)
class Image:
    """The contents of one memory as a C array of integers as wide as `bits`; names of constants as its dimensions."""

    name: str
    meaning: str
    values: Ints
    dimensions: tuple[str, ...]
    bits: int
    signed: bool = True

    @property
    def type(self) -> str:
        width = max(8, power_of_two(self.bits))
        return f"std::{'int' if self.signed else 'uint'}{width}_t"

    @property
    def bounds(self) -> str:
        return "".join(f"[Config::{name}]" for name in self.dimensions)

    @property
    def body(self) -> str:
        """The initialiser's rows: one a word of a memory of lanes, else as many numbers as fit a line."""
        if self.values.ndim == 2:
            return ",\n".join(f"    {{{_numbers(row)}}}" for row in self.values)
        chunks = [self.values[at : at + LINE_NUMBERS] for at in range(0, max(1, len(self.values)), LINE_NUMBERS)]
        return ",\n".join(f"    {_numbers(chunk)}" for chunk in chunks)


def _numbers(values: Ints) -> str:
    return ", ".join(map(str, values.tolist()))


def emit(plan: Plan, out: Path) -> Path:
    """Writes out/hls, whole or not at all, and returns it. UserError: it cannot be written."""
    target = out / "hls"
    values = _template_values(plan.single)
    with folder_transaction(target) as folder:
        shutil.copytree(asset("hls") / KERNELS, folder / KERNELS)
        for name in CONSTANT_SOURCES:
            shutil.copyfile(asset("templates") / "hls" / name, folder / name)
        for name, template in RENDERED.items():
            (folder / name).write_text(render(f"hls/{template}", **values))
    return target


def layer_table_values() -> dict[str, Any]:
    """What the header of the layer table is rendered with: the same for all nets."""
    widths = [width for _, width, _ in LAYER_FIELDS]
    offsets = [sum(widths[index + 1 :]) for index in range(len(widths))]
    return {"fields": LAYER_FIELDS, "offsets": offsets, "resets": RESETS}


def _template_values(plan: Plan) -> dict[str, Any]:
    initial = images(plan)
    return layer_table_values() | {
        "net": plan.graph.name,
        "loads": contents.loadable(plan.shape),
        "constants": constants(plan.shape),
        "images": initial,
        "types": {image.name: image.type for image in initial},
    }


def constants(shape: Shape) -> dict[str, int]:
    """Every constant of the sources: the shape class, what follows from it, and what all classes share."""
    mask_bits = bits_unsigned(255 * shape.embeddings)
    layout = shape.input_layout
    sizes = {name: getattr(shape, name) for name in SIZES if name not in STAGE_SIZES}
    return sizes | {
        "slots": shape.slots,
        "tile_side": layout.side,
        "input_groups": layout.groups(shape.channels),
        "input_rows": layout.rows(shape.height),
        "input_columns": layout.columns(shape.width),
        "positions_beside": layout.beside,
        "input_max": 2**shape.input_bits - 1,
        "input_depth": shape.input_depth,
        "held_frames": shape.held_frames,
        "operand_bits": max(shape.input_bits, shape.activation_bits),
        "score_depth": shape.score_depth,
        "keep_depth": max(1, shape.gates) * shape.frames,
        "mask_depth": shape.mask_depth,
        "sums_depth": shape.sums_depth,
        "rho_one": RHO_ONE,
        "gate_depth": shape.gate_depth,
        "offset_depth": shape.offset_depth,
        "mask_bits": mask_bits,
        "mask_product_bits": shape.sums_bits + WEIGHT_FRAC + 1,
        "masked_bits": mask_bits + shape.activation_bits + 1,
        **_bounds(shape),
        **_load_constants(shape),
        **_shared_constants(),
    }


def _load_constants(shape: Shape) -> dict[str, int]:
    memories = contents.loadable(shape)
    registers = {name: address for name, address in REGISTERS.items() if name.startswith("load_")}
    return registers | {
        "class_identity": contents.class_identity(shape),
        "load_memories": len(memories),
        "load_index_bits": INDEX_BITS,
        "most_chunks": max(memory.chunks for memory in memories),
        "embedding_bits": EMBEDDING_BITS,
        "affine_bits": AFFINE_BITS,
        "exp_bits": EXP.width,
        "sigmoid_bits": SIGMOID.width,
    }


def _bounds(shape: Shape) -> dict[str, int]:
    """Of loops and addresses: the scanner takes a step a word and one an event; a 3x3 kernel reaches 9 outputs."""
    deepest = max(shape.input_depth, shape.store_depth_even, shape.store_depth_odd)
    return {
        "scan_steps": deepest // shape.held_frames * (shape.slots + 1) + 1,
        "outputs_reached": 9 * shape.membrane_depth,
        "row_bits": bits_unsigned(shape.weight_depth),
        "frame_words": max(shape.store_depth_even, shape.store_depth_odd) // shape.held_frames,
        "upper_bits": shape.upper_bits,
        "upper_room": max(1, shape.upper_depth),
    }


def _shared_constants() -> dict[str, int]:
    return {
        "x_bits": stream.X_BITS,
        "y_bits": stream.Y_BITS,
        "x_high": stream.X_BITS - 1,
        "y_high": stream.X_BITS + stream.Y_BITS - 1,
        "polarity_high": stream.X_BITS + stream.Y_BITS + stream.POLARITY_BITS - 1,
        "mark_bit": stream.MARK.bit_length() - 1,
        "weight_frac": WEIGHT_FRAC,
        "logit_low": LOGIT.low,
        "logit_high": LOGIT.high,
        "mask_input_low": MASK_INPUT.low,
        "mask_input_high": MASK_INPUT.high,
        "table_depth": contents.TABLE_ENTRIES,
        "layer_fields": len(LAYER_FIELDS),
    }


def images(plan: Plan) -> list[Image]:
    """Of every memory. C fills what an initialiser leaves out with 0: a class may be deeper than its nets."""
    table = np.array([list(row.values()) for row in plan.table], dtype=np.int64)
    shape, gate = plan.shape, ("gate_depth",)
    return [
        Image("layer_table", "a row a layer: layer.hpp", table, ("layers", "layer_fields"), 32, signed=False),
        Image("weights", "all layers", plan.lower_weights, ("weight_depth", "slots"), shape.lower_bits),
        Image("upper", "of wide weights", plan.upper_weights, ("upper_room", "slots"), max(1, shape.upper_bits)),
        Image("bias", "all layers, as membranes hold it", plan.bias, ("bias_depth", "slots"), shape.membrane_bits),
        Image("embeddings", "gates x T x K", plan.embeddings, gate, EMBEDDING_BITS),
        Image("affine", "gates x T x K", plan.affine, gate, AFFINE_BITS),
        Image("offset", "gates x K", plan.offset, ("offset_depth",), OFFSET_BITS),
        Image("keep", "of static gates, T a layer", plan.fixed_keep, ("layers", "frames"), 1, signed=False),
        Image("exp", "EXP[d]", plan.tables["exp"], ("table_depth",), EXP.width, signed=False),
        Image("sigmoid", "SIGMOID[v]", plan.tables["sigmoid"], ("table_depth",), SIGMOID.width, signed=False),
    ]
