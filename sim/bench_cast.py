"""rsnn_cast against fixed.py: corners, halves and random values at every shift, one a cycle."""

from collections.abc import Iterator
from typing import Any

import cocotb
from blocks import PARAMETERS, Block

from razorsnn.fixed import Format, cast

SOURCE, TO = Format(True, PARAMETERS["InBits"], 0), Format(True, PARAMETERS["OutBits"], 0)


def values(block: Block, shift: int) -> Iterator[int]:
    half, width = 1 << max(0, shift - 1), PARAMETERS["InBits"]
    yield from (0, 1, -1, half, half - 1, -half, -half - 1, 3 * half, SOURCE.low, SOURCE.high)
    yield from ((bound << shift) + step * half for bound in (TO.low, TO.high) for step in (-1, 0, 1, 2))
    yield from (block.rng.randint(SOURCE.low, SOURCE.high) >> block.rng.randrange(width) for _ in range(60))


@cocotb.test()
async def casts(dut: Any) -> None:
    block = Block(dut)
    await block.begin(value=0, shift=0)
    wanted = [0, 0]
    for shift in range(32):
        for value in values(block, shift):
            if SOURCE.low <= value <= SOURCE.high:
                await block.next(value=value, shift=shift)
                assert dut.value_o.value.to_signed() == wanted.pop(0)
                wanted.append(int(cast(value, shift, TO)))
