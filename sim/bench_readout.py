"""rsnn_readout: sums of random membranes over frames, sent class by class, with and without stalls."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block, pack

from razorsnn.targets.cycles import READOUT_CYCLES, SCORE_WORD_CYCLES


async def added(block: Block, frames: int, signed: int) -> list[int]:
    """Adds random membranes over frames; gives the scores."""
    lanes, bits, classes = PARAMETERS["Slots"], PARAMETERS["MembraneBits"], PARAMETERS["Classes"]
    words, high = -(-classes // lanes), (1 << (bits - 1)) - 1
    scores = [0] * (words * lanes)
    for frame in range(frames):
        for word in range(words):
            u = [block.rng.choice([block.rng.randint(-high - 1, high), high, -high - 1]) for _ in range(lanes)]
            for lane, value in enumerate(u):
                scores[word * lanes + lane] += value if signed else max(value, 0)
            await block.next(add=1, first=int(frame == 0), signed_sum=signed, addr=word, u=pack(u, bits))
            while block.rng.random() < 0.3:
                await block.next(add=0, first=block.rng.getrandbits(1))
    await block.next(add=0)
    return scores[:classes]


@cocotb.test()
@cocotb.parametrize(ready=[1.0, 0.4])
async def scores(dut: Any, ready: float) -> None:
    block = Block(dut)
    await block.begin(add=0, emit=0, m_ready=0)
    for _ in range(30):
        wanted = await added(block, block.rng.randint(1, 5), block.rng.getrandbits(1))
        await block.next(emit=1)
        started, found = block.time, list[int]()
        while len(found) < len(wanted):
            taken = int(block.rng.random() < ready)
            await block.next(emit=0, m_ready=taken)
            await block.settle()
            if block.get("m_valid") and taken:
                found.append(dut.m_data_o.value.to_signed())
                last = len(found) == len(wanted)
                assert block.get("m_last") == block.get("done") == last
                at = len(found) - 1
                words = at // PARAMETERS["Slots"]
                assert ready < 1 or block.time == started + READOUT_CYCLES + at + words * SCORE_WORD_CYCLES
        assert found == wanted
        await block.next(m_ready=1)
        assert not block.get("m_valid")
