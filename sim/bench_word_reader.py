"""rsnn_word_reader: every word once, in order, one a cycle if taken, the first six cycles after the start."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block, Memory


@cocotb.test()
@cocotb.parametrize(ready=[1.0, 0.5, 0.1])
async def reads(dut: Any, ready: float) -> None:
    width = PARAMETERS["AddrWidth"]
    block = Block(dut)
    memory = Memory(block, [block.rng.getrandbits(PARAMETERS["WordWidth"]) for _ in range(1 << width)])
    await block.begin(start=0, ready=0)
    for _ in range(30):
        count = block.rng.randint(1, (1 << width) - 1)
        base = block.rng.randint(0, (1 << width) - count)
        await block.next(count=count)
        await block.next(start=1, base=base, ready=0)
        started, found = block.time, list[int]()
        await block.settle()
        memory.sample()
        while len(found) < count:
            taken = int(block.rng.random() < ready)
            await block.next(start=0, ready=taken, mem_data=memory.data)
            await block.settle()
            assert block.get("busy")
            assert block.get("valid") == (block.time >= started + 6)
            if block.get("valid") and taken:
                found.append(block.get("word"))
            memory.sample()
        assert found == memory.words[base : base + count]
        assert ready < 1 or block.time == started + count + 5
        await block.next()
        assert not block.get("busy") and not block.get("valid")
