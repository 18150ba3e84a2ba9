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
    for cycle in range(4000):
        valid = cycle < depth or block.rng.random() < 0.7
        address = cycle % depth if cycle < depth else block.rng.randrange(depth)
        accesses.append(address if valid else None)
        done = accesses[-3] if cycle >= 2 else None
        write = done is not None and (done not in memory or block.rng.random() < 0.6)
        new = block.rng.getrandbits(width)
        await block.next(valid=int(valid), addr=address, write=int(write or done is None), new=new)
        await block.settle()
        if done in memory:
            assert block.get("old") == memory[done], cycle
        if done in memory and done not in written[-2:]:
            assert block.get("read") == memory[done], cycle
        if write and done is not None:
            memory[done] = new
        written.append(done if write else None)
    assert len(memory) == depth
