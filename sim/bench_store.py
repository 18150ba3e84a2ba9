"""rsnn_store: both ports against a list, with idle cycles and a stalled port; what is read while it is written is left
out."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block


@cocotb.test()
async def random_accesses(dut: Any) -> None:
    block, depth, width = Block(dut), PARAMETERS["Depth"], PARAMETERS["Width"]
    words: list[int | None] = [None] * depth
    await block.begin(a_re=0, a_move=1, b_we=0)
    read: dict[str, int | None] = {"a": None, "b": None}
    out = dict(read)
    for _ in range(600 + 8 * depth):
        a, b, data = block.rng.randrange(depth), block.rng.randrange(depth), block.rng.getrandbits(width)
        a_re, a_move, b_we = (block.rng.getrandbits(1) for _ in range(3))
        await block.next(a_re=a_re, a_addr=a, a_move=a_move, b_we=b_we, b_addr=b, b_data=data)
        for port, value in out.items():
            assert value is None or block.get(f"{port}_data") == value
        out = {"a": read["a"] if a_move else out["a"], "b": read["b"]}
        if a_re:
            read["a"] = None if b_we and a == b else words[a]
        read["b"] = None if b_we else words[b]
        if b_we:
            words[b] = data
