"""rsnn_forward against a plain memory: what is read is what all writes before left, to the cycle."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block

CYCLES = 4000


@cocotb.test()
async def random_accesses(dut: Any) -> None:
    depth, width = PARAMETERS["Depth"], PARAMETERS["Width"]
    block = Block(dut)
    await block.begin(re=0, we=0)
    memory: dict[int, int] = {}
    reads: list[int | None] = [None] * 3
    written: list[int | None] = [None] * 3
    for cycle in range(CYCLES):
        fill = cycle < depth
        read = None if fill or block.rng.random() < 0.3 else block.rng.randrange(depth)
        write = cycle if fill else block.rng.randrange(depth) if block.rng.random() < 0.6 else None
        data = block.rng.getrandbits(width)
        inputs = {"re": int(read is not None), "raddr": read or 0, "we": int(write is not None), "waddr": write or 0}
        await block.next(wdata=data, **inputs)
        await block.settle()
        if reads[-3] is not None:
            assert block.get("data") == memory[reads[-3]], cycle
        if reads[-2] is not None and reads[-2] not in written[-3:-1]:
            assert block.get("stored") == memory[reads[-2]], cycle
        if written[-1] is not None:
            memory[written[-1]] = data
        reads.append(read)
        written.append(write)
    assert len(memory) == depth
