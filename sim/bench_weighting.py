"""rsnn_weighting: weights of every gate of a plan, from random frame sums that come as soon as they may."""

from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, planned, unpack

from razorsnn.fixed import Ints
from razorsnn.ops.razor import SOFTMAX_CYCLES

HOLDS = 3
"""From ready_o to the weights."""
RAZOR_CYCLES = 1
"""From the razor's start to the block's."""


def weights(razor: Any, sums: Ints, tensor: Any) -> list[int]:
    """w [K] of a window whose frames have these sums."""
    found: list[int] = razor.weighting(sums.reshape(-1, 1, 1, 1), tensor).tolist()
    return found


async def until_ready(block: Block) -> int:
    """Cycles until ready_o, the one of the request included."""
    started = block.time
    await block.next(begin=0, frame=0, finish=0)
    while not block.get("ready"):
        await block.next()
    return block.time - started


@cocotb.test()
async def windows(dut: Any) -> None:
    plan, count = planned(), PARAMETERS["Embeddings"]
    block = Block(dut)
    rng = np.random.default_rng(block.rng.getrandbits(32))
    await block.begin(begin=0, frame=0, finish=0)
    gates = [(layer.razor, layer.input, plan.table[layer.index]) for layer in plan.gates if layer.razor]
    order, begun = gates * 40, False
    for (razor, tensor, row), (_, _, behind) in zip(order, [*order[1:], order[0]], strict=True):
        peak = tensor.positions * tensor.format.high
        sums = rng.integers(0, peak + 1, size=tensor.frames) >> rng.integers(0, 12)
        if not begun:
            await block.next(begin=1, offset_base=row["offset_base"])
            for _ in range(count - 1):
                await block.next(begin=0)
        for frame, total in enumerate(sums.tolist()):
            await block.next(begin=0, frame=0, row=row["gate_base"] + frame)
            await block.next()
            await block.next(frame=1, frame_sum=total, offset_base=block.rng.getrandbits(1))
            while frame < len(sums) - 1 and block.rng.random() < 0.3:
                await block.next(frame=0, frame_sum=0)
        begun = block.rng.random() < 0.5
        base = behind["offset_base"] if begun else block.rng.getrandbits(1)
        await block.next(frame=0, finish=1, logit_shift=row["logit_shift"], begin=int(begun), offset_base=base)
        assert await until_ready(block) == SOFTMAX_CYCLES - RAZOR_CYCLES
        for _ in range(HOLDS):
            await block.next()
        assert unpack(block.get("weight"), 9, count) == weights(razor, sums, tensor)
