"""The accelerator's memories: words, widths, and what proves their sizes."""

from dataclasses import dataclass, replace
from functools import partial

from razorsnn.ops.razor import AFFINE_BITS, EMBEDDING_BITS, OCCUPANCY_BITS, OFFSET_BITS
from razorsnn.shape import Shape

BLOCK_RAM_DEPTH = 64
"""Words from which on a memory is block RAM; a shallower one would waste most of each block."""
READS = 2
"""Ports of a block RAM."""
BANK_DEPTH = 512
"""Least words of a bank of a memory that has several."""


def bank_depth(depth: int) -> int:
    """Words of a bank of a deep memory: of up to four banks, each a power of two deep, so that none is a choice of
    block RAMs. rtl/rsnn_deep_ram.sv and rsnn_dual_ram.sv."""
    if depth <= BANK_DEPTH:
        return depth
    return max(BANK_DEPTH, 1 << ((depth - 1).bit_length() - 2))


@dataclass(frozen=True)
class Memory:
    """One memory of the accelerator: words, bits a word, where it is, and what proves its size."""

    name: str
    depth: int
    width: int
    block: str
    why: str
    stage: int | None = None
    """Of several engines, whose it is."""
    two_ports: bool = False
    """Whether both ports read: blocks of memory are narrower then."""
    parts: int = 1
    """Memories side by side that make it, each with a share of the width."""
    banked: bool = False
    """Whether a deep one is cut into banks of `bank_depth`."""

    @property
    def bits(self) -> int:
        return self.depth * self.width

    @property
    def in_block_ram(self) -> bool:
        return self.depth >= BLOCK_RAM_DEPTH

    @property
    def banks(self) -> list[int]:
        """Words of each bank of a part that is in block RAM; a last one may be too shallow for that."""
        bank = max(1, bank_depth(self.depth) if self.banked else self.depth)
        depths = (min(bank, self.depth - begin) for begin in range(0, self.depth, bank))
        return [depth for depth in depths if depth >= BLOCK_RAM_DEPTH]


def memories(shape: Shape, table_bits: int) -> tuple[Memory, ...]:
    """Every memory of the accelerator of this shape; `table_bits`: bits of a row of the layer table."""
    if shape.stages:
        parts = (memories(stage, table_bits) for stage in shape.stages)
        return tuple(replace(memory, stage=stage) for stage, part in enumerate(parts) for memory in part)
    slots, stores = shape.slots, f"worst case: {_frames(shape)} of the layer's whole output"
    return (
        Memory("layer table", shape.rows, table_bits, "sequencer", "one row a layer"),
        *_input_memories(shape),
        *(
            Memory(name, depth, slots * shape.activation_bits, "activation store", stores, two_ports=True, banked=True)
            for name, depth in (("even store", shape.store_depth_even), ("odd store", shape.store_depth_odd))
        ),
        *_weights(shape),
        Memory("bias", shape.bias_depth, slots * shape.membrane_bits, "engine", "all layers"),
        Memory(
            "membranes",
            shape.membrane_depth,
            slots * shape.membrane_bits,
            "engine",
            "a frame of every layer" if shape.streaming else "the largest frame of a layer",
            parts=shape.taps,
            banked=True,
        ),
        *(() if shape.sink_depth else (_scores(shape),)),
        *((Memory("keep bits", shape.rows, shape.frames, "sequencer", "T a layer"),) if shape.statics else ()),
        *(_gate_memories(shape) if shape.razors else ()),
    )


def _frames(shape: Shape) -> str:
    return "one frame" if shape.streaming else "T frames"


def _scores(shape: Shape) -> Memory:
    width = min(shape.slots, shape.classes) * shape.score_bits
    return Memory("scores", shape.score_depth, width, "readout", "one a class")


def _weights(shape: Shape) -> tuple[Memory, ...]:
    """Copies side by side: of each, two words are read at once (rtl/rsnn_many_rom.sv)."""
    copies, why = max(1, shape.inputs // READS), "all layers, what each weight has"
    kind = partial(Memory, block="engine", two_ports=shape.inputs > 1, parts=copies, banked=True)
    width = shape.slots * copies
    lower = kind("weights", shape.weight_depth, width * shape.lower_bits, why=why)
    if not shape.upper_bits:
        return (lower,)
    why = "layers of wide weights: their upper bits"
    return lower, kind("upper weights", shape.upper_depth, width * shape.upper_bits, why=why)


def _input_memories(shape: Shape) -> tuple[Memory, ...]:
    """Two: a window, or where frames stream a frame, is filled while the one before it is computed."""
    if shape.link_depth:
        why = "worst case: the whole output of the stage before"
        names, width, block = ("link, first", "link, second"), shape.activation_bits, "link"
    else:
        why = f"{_frames(shape)} of words, taps * lanes // input_lanes positions a word"
        names, width, block = ("input, first", "input, second"), shape.input_bits, "frame builder"
    kind = partial(Memory, block=block, why=why, two_ports=shape.link_depth > 0, banked=True)
    return tuple(kind(name, shape.input_depth, shape.slots * width) for name in names)


def _gate_memories(shape: Shape) -> tuple[Memory, ...]:
    slots, sums = shape.slots, shape.embeddings * shape.slots * shape.sums_bits
    banks = (("even sums", shape.sums_depth_even), ("odd sums", shape.sums_depth_odd))
    why = "K x P of the largest frame that a gate reads from the store"
    return (
        *(Memory(name, depth, sums, "razor", why, parts=slots, banked=True) for name, depth in banks if depth),
        Memory("occupancy", shape.occupancy_depth, OCCUPANCY_BITS, "razor", "a bit a word, T frames of two gates"),
        *(_frame_scores(shape) if shape.relatives else ()),
        Memory(
            "coefficients",
            shape.gate_rows,
            shape.embeddings * (AFFINE_BITS + EMBEDDING_BITS),
            "razor",
            "gates x T x K",
        ),
        Memory("offsets", shape.offset_depth, OFFSET_BITS, "razor", "gates x K"),
        Memory(
            "exp table",
            256,
            12 * -(-shape.embeddings // READS),
            "razor",
            "256 entries, a copy for two embeddings",
            two_ports=shape.embeddings > 1,
            parts=-(-shape.embeddings // READS),
        ),
        Memory("sigmoid table", 256, 8 * slots, "razor", "256 entries, one copy a lane and tap", parts=slots),
    )


def _frame_scores(shape: Shape) -> tuple[Memory, ...]:
    return (Memory("frame scores", shape.frames, shape.frame_score_bits, "razor", "T, for relative thresholds"),)
