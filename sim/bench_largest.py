"""rsnn_largest: the largest of random numbers, new ones in every cycle."""

from collections import deque
from typing import Any

import cocotb
from blocks import PARAMETERS, Block, pack

from razorsnn.ops.razor import largest_cycles


@cocotb.test()
async def largest(dut: Any) -> None:
    block, count, width = Block(dut), PARAMETERS["Count"], PARAMETERS["Width"]
    await block.begin(value=0)
    awaited = deque[int]()
    for _ in range(400):
        values = [block.rng.getrandbits(width) >> block.rng.randrange(width) for _ in range(count)]
        await block.next(value=pack(values, width))
        awaited.append(max(values))
        if len(awaited) > largest_cycles(count):
            assert block.get("value") == awaited.popleft()
