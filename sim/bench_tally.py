"""rsnn_tally: keep bits of random frames, layer after layer, some of them cut off by a reset."""

from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, pack, unpack

from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.tally import MEASURES, Tally

WHOLE_CYCLES = 3
"""From the last word of a layer to its bits."""


async def layer(block: Block, rng: np.random.Generator, odd: int, frames: int) -> list[int]:
    """A layer puts out `frames` frames; gives the keep bits."""
    lanes, bits = PARAMETERS["Slots"], PARAMETERS["ActBits"]
    x = Tensor(frames, lanes, int(rng.integers(1, 7)), 1, Format(False, bits, 0))
    values = rng.integers(0, x.format.high + 1, x.shape) * (rng.random((frames, 1, 1, 1)) < rng.random())
    measure = str(rng.choice(MEASURES))
    scores = Tally(measure, 0).execute(values, x).values["score"]
    gate = Tally(measure, int(rng.choice(scores)) + int(rng.integers(0, 2)))
    for frame in values:
        for at in range(x.height):
            while rng.random() < 0.3:
                await block.next(word=0, last=int(rng.integers(0, 2)))
            word = {"word": 1, "last": int(at == x.height - 1), "data": pack(frame[:, at, 0].tolist(), bits)}
            await block.next(**word, odd=odd, peak=int(measure == "peak"), limit=gate.threshold)
    kept: list[int] = gate.execute(values, x).values["keep"].tolist()
    return kept


@cocotb.test()
async def layers(dut: Any) -> None:
    block, frames = Block(dut), PARAMETERS["Frames"]
    rng = np.random.default_rng(block.rng.getrandbits(32))
    await block.begin(word=0, last=0)
    seen = set()
    for index in range(60):
        odd = index % 2
        if rng.random() < 0.2:  # an abort: what came before must leave no trace
            await layer(block, rng, odd, int(rng.integers(1, frames + 1)))
            dut.rst_ni.value = 0
            await block.next(word=0)
            dut.rst_ni.value = 1
        kept = await layer(block, rng, odd, frames)
        await block.next(word=0, odd=1 - odd)
        for _ in range(WHOLE_CYCLES - 1):
            await block.next(limit=int(rng.integers(0, 2**31)), peak=int(rng.integers(0, 2)))
        for _ in range(3):  # the last bit as it is put out, and as it is kept
            await block.settle()
            assert unpack(block.get("keep"), 1, frames) == kept
            await block.next()
        seen |= set(kept)
    assert seen == {0, 1}
