"""rsnn_rmw against a plain memory: every access sees what all before it wrote."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block


@cocotb.test()
async def random_accesses(dut: Any) -> None:
    depth, width = PARAMETERS["Depth"], PARAMETERS["Width"]
    block = Block(dut)
    await block.begin(valid=0, write=0)
    memory: dict[int, int] = {}
    accesses: list[int | None] = []
    written: list[int | None] = []
    writes = [False]
    for cycle in range(4000):
        valid = cycle < depth or block.rng.random() < 0.7
        address = cycle % depth if cycle < depth else block.rng.randrange(depth)
        accesses.append(address if valid else None)
        read, done = (accesses[-3] if cycle >= 2 else None), (accesses[-4] if cycle >= 3 else None)
        writes.append(read is not None and (cycle < depth + 3 or block.rng.random() < 0.6))
        new = block.rng.getrandbits(width)
        await block.next(valid=int(valid), addr=address, write=int(writes[-1] or read is None), new=new)
        await block.settle()
        if done in memory:
            assert block.get("old") == memory[done], cycle
        if read in memory and read not in [*written[-2:], done]:
            assert block.get("read") == memory[read], cycle
        if writes[-2] and done is not None:
            memory[done] = new
        written.append(done if writes[-2] else None)
    assert len(memory) == depth
