"""rsnn_frame_builder: counts of random words, binned and saturated; a word that was read is empty afterwards."""

from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, unpack

from razorsnn import ops
from razorsnn.stream import MARK, X_BITS, Y_BITS

CLOSE_CYCLES = 5


class Windows(Block):
    """Sends windows, and reads them back."""

    height, width = PARAMETERS["Height"], PARAMETERS["Width"]
    sensor = PARAMETERS["SensorHeight"], PARAMETERS["SensorWidth"]

    def word(self) -> tuple[int, tuple[int, int, int] | None]:
        """A random event and its cell, None for one outside of the sensor; cells repeat often."""
        y, x, p = (self.rng.randrange(high + 1) for high in (*self.sensor, PARAMETERS["Channels"]))
        y, x = (y, x) if self.rng.random() < 0.5 else (0, 0)
        inside = y < self.sensor[0] and x < self.sensor[1] and p < PARAMETERS["Channels"]
        cell = (p, y * self.height // self.sensor[0], x * self.width // self.sensor[1])
        return x | y << X_BITS | p << (X_BITS + Y_BITS), cell if inside else None

    async def send(self, word: int, last: int, wanted: dict[str, int]) -> None:
        while self.rng.random() < 0.2:
            await self.next(s_valid=0)
            wanted["seen"] += self.get("dropped")
        await self.next(s_valid=1, s_data=word, s_last=last)
        await self.settle()
        assert self.get("s_ready") == 1
        wanted["seen"] += self.get("dropped")

    async def window(self, unended: bool) -> None:
        frames = PARAMETERS["Frames"]
        counts = np.zeros((frames, PARAMETERS["Channels"], self.height, self.width), dtype=np.int64)
        wanted = {"seen": 0, "dropped": 0}
        for frame in range(frames):
            for _ in range(self.rng.choice([0, 3, 60])):
                word, cell = self.word()
                wanted["dropped"] += cell is None
                if cell is not None:
                    counts[(frame, *cell)] += 1
                await self.send(word, 0, wanted)
            await self.send(MARK, int(frame == frames - 1 and not unended), wanted)
        ended = self.time
        while not self.get("closed"):
            await self.next(s_valid=0)
            wanted["seen"] += self.get("dropped")
            assert not self.get("s_ready")
            assert self.get("unended") == (unended and self.time == ended + 1)
        assert self.time == ended + CLOSE_CYCLES
        assert wanted["seen"] == wanted["dropped"]
        await self.read(np.minimum(counts, (1 << PARAMETERS["InputBits"]) - 1))

    async def read(self, wanted: np.ndarray) -> None:
        lanes = PARAMETERS["Lanes"]
        words = ops.words.pack(wanted, lanes, PARAMETERS["InputLanes"])
        for address, word in enumerate(words.reshape(-1, lanes).tolist()):
            await self.next(read=1, read_addr=address)
            await self.next(read=0)
            assert unpack(self.get("read_data"), PARAMETERS["InputBits"], lanes) == word, address
        await self.next(release=1)
        await self.next(release=0)


@cocotb.test()
async def windows(dut: Any) -> None:
    block = Windows(dut)
    await block.begin(run=1, release=0, s_valid=0, read=0)
    assert block.get("clearing") and not block.get("s_ready")
    while block.get("clearing"):
        await block.next()
    for index in range(25):
        await block.window(unended=index % 3 == 1)


@cocotb.test()
async def stopped(dut: Any) -> None:
    block = Windows(dut)
    await block.begin(run=0, release=0, s_valid=0, read=0)
    while block.get("clearing"):
        await block.next()
    await block.next(s_valid=1, s_data=MARK, s_last=1)
    for _ in range(20):
        await block.next()
        assert not block.get("s_ready") and not block.get("closed")
