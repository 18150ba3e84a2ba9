"""What a net brings to an accelerator: the contents of its memories, as initial contents and as a load over AXI.

A load is a list of register writes (docs/interface.md, "Loading"): begin with the identity of the shape class, the
words of each memory in chunks of 32 bits, commit with their checksum. The RTL takes them from AXI4-Lite, the HLS C++
from a stream.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from razorsnn.fixed import Ints
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.ops import razor
from razorsnn.plan import Plan
from razorsnn.registers import REGISTERS, memory_address
from razorsnn.shape import Shape

Writes = NDArray[np.uint32]
"""[writes, 2]: register address and value of each write of a load, in order."""

CHUNK_BITS = 32
TABLE_ENTRIES = 256
"""Of the exp and the sigmoid table."""


@dataclass(frozen=True)
class Memory:
    """One memory that a load can write: words and bits a word in the shape class. Its number is its place."""

    name: str
    depth: int
    width: int

    @property
    def chunks(self) -> int:
        """32-bit chunks of a word."""
        return -(-self.width // CHUNK_BITS)


def loadable(shape: Shape) -> tuple[Memory, ...]:
    """The memories of an engine in the order of their numbers; without gates that score only the first five."""
    slots, count = shape.slots, shape.embeddings
    gate = (
        Memory("embeddings", shape.gate_rows, count * razor.EMBEDDING_BITS),
        Memory("affine", shape.gate_rows, count * razor.AFFINE_BITS),
        Memory("offset", shape.offset_depth, razor.OFFSET_BITS),
        Memory("exp", TABLE_ENTRIES, razor.EXP.width),
        Memory("sigmoid", TABLE_ENTRIES, razor.SIGMOID.width),
    )
    return (
        Memory("table", shape.rows, sum(width for _, width, _ in LAYER_FIELDS)),
        Memory("weights", shape.weight_depth, slots * shape.lower_bits),
        Memory("upper", shape.upper_depth if shape.upper_bits else 0, slots * max(1, shape.upper_bits)),
        Memory("bias", shape.bias_depth, slots * shape.membrane_bits),
        Memory("keep", shape.rows if shape.statics else 0, shape.frames),
        *(gate if shape.razors else ()),
    )


def words(plan: Plan) -> dict[str, list[int]]:
    """The words of each memory that the net has, by name; what a class has beyond them is not read."""
    shape, rows = plan.shape, (-1, plan.shape.embeddings)
    return {
        "table": [table_word(row) for row in plan.table],
        "weights": _packed(plan.lower_weights, shape.lower_bits),
        "upper": _packed(plan.upper_weights, shape.upper_bits),
        "bias": _packed(plan.bias, shape.membrane_bits),
        "keep": _packed(plan.fixed_keep, 1) if shape.statics else [],
        "embeddings": _packed(plan.embeddings.reshape(rows), razor.EMBEDDING_BITS),
        "affine": _packed(plan.affine.reshape(rows), razor.AFFINE_BITS),
        "offset": _packed(plan.offset[:, None], razor.OFFSET_BITS),
        "exp": _packed(plan.tables["exp"][:, None], razor.EXP.width),
        "sigmoid": _packed(plan.tables["sigmoid"][:, None], razor.SIGMOID.width),
    }


def table_word(row: dict[str, int]) -> int:
    """A row of the layer table: the first field in the highest bits."""
    word = 0
    for name, width, _ in LAYER_FIELDS:
        word = word << width | row[name]
    return word


def _packed(values: Ints, width: int) -> list[int]:
    """A word a row, its first value in the lowest bits, in two's complement."""
    mask = (1 << width) - 1
    return [sum((value & mask) << (width * lane) for lane, value in enumerate(row)) for row in values.tolist()]


def class_identity(shape: Shape) -> int:
    """A number below 2**31 that tells shape classes and layouts of the memories apart; it begins every load."""
    layout = {
        "shape": asdict(shape),
        "memories": [asdict(memory) for part in shape.parts for memory in loadable(part)],
        "fields": [(name, width) for name, width, _ in LAYER_FIELDS],
    }
    digest = hashlib.sha256(json.dumps(layout, sort_keys=True).encode()).digest()
    return int.from_bytes(digest[:4], "little") >> 1


def load_writes(plan: Plan) -> Writes:
    """The writes that load the contents of `plan`.

    Words that only the class has keep what they hold: nothing reads them.
    """
    taken = [write for stage, part in enumerate(plan.parts) for write in _memory_writes(stage, part)]
    begin, commit = (REGISTERS["load_begin"], class_identity(plan.shape)), (REGISTERS["load_commit"], checksum(taken))
    return np.array([begin, *taken, commit], dtype=np.uint32)


def _memory_writes(stage: int, plan: Plan) -> Iterator[tuple[int, int]]:
    contents = words(plan)
    for number, memory in enumerate(loadable(plan.shape)):
        if not contents[memory.name]:
            continue
        yield REGISTERS["load_address"], memory_address(number, 0, stage)
        for word in contents[memory.name]:
            for chunk in range(memory.chunks):
                yield REGISTERS["load_data"], word >> (CHUNK_BITS * chunk) & 0xFFFF_FFFF


def checksum(writes: Iterable[tuple[int, int]]) -> int:
    """Of the values written to load_address and load_data: rotated left by one bit, then exclusive or, each."""
    total = 0
    for _, value in writes:
        total = (total << 1 & 0xFFFF_FFFF | total >> 31) ^ value
    return total
