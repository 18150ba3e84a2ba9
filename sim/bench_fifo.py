"""rsnn_fifo: every word once, in order, whatever the two sides do; as many wait as it is deep; no word is held back."""

from collections import deque
from typing import Any

import cocotb
from blocks import PARAMETERS, Block


@cocotb.test()
@cocotb.parametrize(fill=[1.0, 0.5, 0.2], drain=[1.0, 0.5, 0.2])
async def words(dut: Any, fill: float, drain: float) -> None:
    block, depth = Block(dut), PARAMETERS["Depth"]
    await block.begin(in_valid=0, out_ready=0)
    waiting: deque[int] = deque()
    offered, most = -1, 0
    for _ in range(1500):
        offered = offered if offered >= 0 or block.rng.random() >= fill else block.rng.getrandbits(PARAMETERS["Width"])
        ready = int(block.rng.random() < drain)
        await block.next(in_valid=int(offered >= 0), in_data=max(offered, 0), out_ready=ready)
        await block.settle()
        assert block.get("out_valid") == bool(waiting)
        assert block.get("in_ready") == (len(waiting) <= depth)
        if waiting:
            assert block.get("out_data") == waiting[0]
        taken = offered >= 0 and len(waiting) <= depth
        if waiting and ready:
            waiting.popleft()
        if taken:
            waiting.append(offered)
            offered = -1
        most = max(most, len(waiting))
    assert fill <= drain or most == depth + 1
