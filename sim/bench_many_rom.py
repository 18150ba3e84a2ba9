"""rsnn_many_rom: its contents read at random in every port, then other contents that are loaded."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block, pack, unpack

DEPTH, WIDTH, READS = (PARAMETERS[name] for name in ("Depth", "Width", "Reads"))
ADDRESS = max(1, (DEPTH - 1).bit_length())


async def reads(block: Block, words: list[int]) -> None:
    under_way: list[list[int]] = []
    for _ in range(300 + 2 * DEPTH):
        under_way.append([block.rng.randrange(DEPTH) for _ in range(READS)])
        await block.next(re=1, addr=pack(under_way[-1], ADDRESS))
        if len(under_way) > 2:
            assert unpack(block.get("data"), WIDTH, READS) == [words[at] for at in under_way[-3]]


@cocotb.test()
async def contents(dut: Any) -> None:
    block = Block(dut)
    await block.begin(re=0)
    await reads(block, [at % (1 << WIDTH) for at in range(DEPTH)])
    words = [block.rng.getrandbits(WIDTH) for _ in range(DEPTH)]
    for at in block.rng.sample(range(DEPTH), DEPTH):
        await block.next(re=0, load=1, load_addr=at, load_data=words[at])
    await block.next(load=0)
    await reads(block, words)
