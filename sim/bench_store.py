"""rsnn_store: both ports against a list, with idle cycles; what is read while it is written is left out."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block


@cocotb.test()
async def random_accesses(dut: Any) -> None:
    block, depth, width = Block(dut), PARAMETERS["Depth"], PARAMETERS["Width"]
    words: list[int | None] = [None] * depth
    await block.begin(a_re=0, b_we=0)
    read: dict[str, int | None] = {"a": None, "b": None}
    out, late = dict(read), dict(read)
    for _ in range(600 + 8 * depth):
        a, b, data = block.rng.randrange(depth), block.rng.randrange(depth), block.rng.getrandbits(width)
        a_re, b_we = block.rng.getrandbits(1), block.rng.getrandbits(1)
        await block.next(a_re=a_re, a_addr=a, b_we=b_we, b_addr=b, b_data=data)
        for port, value in out.items():
            assert value is None or block.get(f"{port}_data") == value
        out, late = late, dict(read)
        if a_re:
            read["a"] = None if b_we and a == b else words[a]
        read["b"] = None if b_we else words[b]
        if b_we:
            words[b] = data
