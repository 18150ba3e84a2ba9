"""rsnn_scanner: the non-zero activations of a frame in order, and the cycles of ops/synapse.py `scan_cycles`."""

from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, Memory, pack

from razorsnn.ops.synapse import DRAIN_CYCLES, scan_cycles

Event = tuple[int, int, int, int]


def expected(frame: np.ndarray, width: int, groups: int, lanes_log2: int, dense: bool, stride: int) -> list[Event]:
    """(value, weight, y, x) of every event of words [words, lanes]."""
    found, lanes = [], frame.shape[1]
    for word, lane in np.argwhere(frame).tolist():
        place, group = divmod(word, groups)
        across, channel = divmod(lane, 1 << lanes_log2)
        row = word * lanes + lane if dense else group * lanes + channel
        y, x = (0, 0) if dense else divmod(place, width)
        x += 0 if dense else x * ((lanes >> lanes_log2) - 1) + across
        found.append((int(frame[word, lane]), 5 + row * stride, y, x))
    return found


@cocotb.test()
@cocotb.parametrize(mode=["taken", "cost", "random"])
async def frames(dut: Any, mode: str) -> None:
    lanes, bits = PARAMETERS["Lanes"], PARAMETERS["ActBits"]
    block = Block(dut)
    await block.begin(start=0, event_ready=0)
    rng = np.random.default_rng(block.rng.getrandbits(32))
    for _ in range(60):
        height, width, groups, stride = (int(rng.integers(1, high)) for high in (5, 5, 3, 4))
        dense, log2 = bool(rng.integers(2)), int(rng.integers(0, lanes.bit_length()))
        groups = groups if 1 << log2 == lanes else 1
        frame = rng.integers(1, 1 << bits, size=(height * width * groups, lanes))
        frame *= rng.random(frame.shape) < rng.choice([0.0, 0.05, 0.3, 1.0])
        cost = np.ones(frame.shape, dtype=np.int64) if mode == "taken" else rng.integers(1, 10, size=frame.shape)
        memory = Memory(block, [pack(word.tolist(), bits) for word in frame])
        settings = dict(width=width, groups=groups, lanes_in_log2=log2, dense=int(dense), row_stride=stride)
        await block.next(start=1, base=0, words=len(frame), weight_base=5, **settings)
        found, cycles = await scanned(block, memory, cost[frame != 0], mode == "random")
        assert found == expected(frame, width, groups, log2, dense, stride)
        assert mode == "random" or cycles == scan_cycles(frame, cost, 0) - DRAIN_CYCLES


async def scanned(block: Block, memory: Memory, cost: np.ndarray, random: bool) -> tuple[list[Event], int]:
    """The events, each taken when the one before is worked off, or at random, and the cycles until all is done."""
    found: list[Event] = []
    started, free = block.time, 0
    await block.settle()
    memory.sample()
    while True:
        await block.next(start=0, event_ready=0, mem_data=memory.data)
        if block.get("done"):
            return found, max(block.time, free + 1) - started
        if block.get("event_valid"):
            ready = block.rng.random() < 0.4 if random else block.time >= free
            block.put(event_ready=int(ready))
            if ready:
                free = block.time + int(cost[len(found)])
                names = ("event_value", "event_weight", "event_y", "event_x")
                value, weight, y, x = (block.get(name) for name in names)
                found.append((value, weight, y, x))
        await block.settle()
        memory.sample()
