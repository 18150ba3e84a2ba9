"""rsnn_deep_ram: its contents, then random reads and writes against a list."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block


@cocotb.test()
async def random_accesses(dut: Any) -> None:
    block, depth, width = Block(dut), PARAMETERS["Depth"], PARAMETERS["Width"]
    words: list[int | None] = [at % (1 << width) for at in range(depth)]
    await block.begin(re=0, we=0)
    read: int | None = None
    out: int | None = None
    for cycle in range(600 + 8 * depth):
        at, to, data = block.rng.randrange(depth), block.rng.randrange(depth), block.rng.getrandbits(width)
        re, we = block.rng.getrandbits(1), int(cycle > 2 * depth)
        await block.next(re=re, raddr=at, we=we, waddr=to, wdata=data)
        assert out is None or block.get("rdata") == out
        out = read
        if re:
            read = None if we and at == to else words[at]
        if we:
            words[to] = data
