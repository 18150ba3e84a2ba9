"""rsnn_frame_builder: counts of random words, binned and saturated; a word that was read is empty afterwards."""

import random
from collections.abc import Iterator
from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, unpack

from razorsnn import ops
from razorsnn.stream import MARK, X_BITS, Y_BITS

READABLE = 6
"""Cycles from the beat that ends a window to the first read of it."""
WAITING = 4
"""And to the cycle in which it is said to wait, if no other one does."""


STREAMING = bool(PARAMETERS.get("Streaming", 0))

Beat = tuple[int, int, bool]


class Window:
    """Parts that are held at once, the window or each of its frames: beats (word, last, dropped), and the words
    [T * words, lanes] that they leave. A frame without a beat is one that TLAST left out."""

    height, width = PARAMETERS["Height"], PARAMETERS["Width"]
    sensor = PARAMETERS["SensorHeight"], PARAMETERS["SensorWidth"]

    def __init__(self, rng: random.Random) -> None:
        self.rng, frames, unended = rng, PARAMETERS["Frames"], rng.random() < 0.3
        beats: list[list[Beat]] = [[] for _ in range(frames)]
        ended = rng.randrange(frames) if STREAMING and rng.random() < 0.5 else frames - 1
        counts = np.zeros((frames, PARAMETERS["Channels"], self.height, self.width), dtype=np.int64)
        for frame in range(ended + 1):
            for _ in range(rng.choice([0, 3, 60])):
                word, cell = self.event()
                beats[frame].append((word, 0, cell is None))
                if cell is not None:
                    counts[(frame, *cell)] += 1
            last = frame == ended and not (unended and ended == frames - 1)
            beats[frame].append((MARK, int(last), False))
        counts = np.minimum(counts, (1 << PARAMETERS["InputBits"]) - 1)
        words = ops.words.Words(PARAMETERS["Lanes"], PARAMETERS["Taps"], lanes_in=PARAMETERS["InputLanes"])
        held = words.pack(counts).tolist()
        whole = ([beat for frame in beats for beat in frame], [word for frame in held for word in frame])
        self.parts = list(zip(beats, held, strict=True)) if STREAMING else [whole]

    def event(self) -> tuple[int, tuple[int, int, int] | None]:
        """A random event and its cell, None for one outside of the sensor; cells repeat often."""
        y, x, p = (self.rng.randrange(high + 1) for high in (*self.sensor, PARAMETERS["Channels"]))
        y, x = (y, x) if self.rng.random() < 0.5 else (0, 0)
        inside = y < self.sensor[0] and x < self.sensor[1] and p < PARAMETERS["Channels"]
        cell = (p, y * self.height // self.sensor[0], x * self.width // self.sensor[1])
        return x | y << X_BITS | p << (X_BITS + Y_BITS), cell if inside else None


class Windows(Block):
    """Sends windows, and reads them back meanwhile."""

    def __init__(self, dut: Any) -> None:
        super().__init__(dut)
        self.held: list[tuple[list[list[int]], int]] = []
        self.held_since = 0
        self.reads = self.read()
        self.due = {"dropped": False, "unended": False}

    async def send(self, window: Window, pace: float) -> None:
        """All of its beats; in each cycle one is offered with probability `pace`."""
        begun = False
        for beats, words in window.parts:
            for at, (word, last, dropped) in enumerate(beats):
                while not await self.cycle(begun, s_valid=int(self.rng.random() < pace), s_data=word, s_last=last):
                    pass
                ends = words is window.parts[-1][1] and at == len(beats) - 1
                self.due, begun = {"dropped": dropped, "unended": ends and not last}, True
            while not beats and not await self.owed():
                pass
            self.held_since = self.held_since if self.held else self.time
            self.held.append((words, self.time))

    async def owed(self) -> bool:
        """A cycle in which no beat is taken, because a frame is due that has none; gives whether it is held."""
        room = len(self.held) < 2
        await self.cycle(True, owed=True, s_valid=self.rng.getrandbits(1), s_data=0, s_last=0)
        return room

    async def cycle(self, partial: bool, owed: bool = False, **beat: int) -> bool:
        """The next cycle, of the reader too; gives whether the beat was accepted. `partial`: of a begun window."""
        await self.next(**beat, **next(self.reads))
        await self.settle()
        ready = len(self.held) < 2 and not owed
        accepted = bool(beat["s_valid"]) and ready
        assert self.get("s_ready") == ready
        assert self.get("begun") == (partial or bool(self.held))
        assert self.get("waiting") == (bool(self.held) and self.time >= self.held_since + WAITING)
        assert self.get("busy") == (accepted or partial or bool(self.held))
        assert {name: bool(self.get(name)) for name in self.due} == self.due
        self.due = dict.fromkeys(self.due, False)
        return accepted

    def read(self) -> Iterator[dict[str, int]]:
        """Inputs of each cycle: the words of the windows held, in order, at paces that differ; checks what was read."""
        while True:
            while not self.held or self.time + 1 < self.held[0][1] + READABLE:
                yield {"read": 0, "read_addr": 0, "release": 0}
            pace = self.rng.choice([0.1, 1.0])
            for address, word in enumerate(self.held[0][0]):
                while self.rng.random() > pace:
                    yield {"read": 0, "read_addr": address, "release": 0}
                yield {"read": 1, "read_addr": address, "release": 0}
                for _ in range(self.rng.choice([3, 3, 4, 6])):
                    yield {"read": 0, "read_addr": address, "release": 0}
                assert unpack(self.get("read_data"), PARAMETERS["InputBits"], len(word)) == word, address
            yield {"read": 0, "read_addr": 0, "release": 1}
            self.held.pop(0)


@cocotb.test()
async def windows(dut: Any) -> None:
    block = Windows(dut)
    await block.begin(run=1, release=0, s_valid=0, read=0)
    assert block.get("clearing") and not block.get("s_ready")
    while block.get("clearing"):
        await block.next()
    for _ in range(25):
        await block.send(Window(block.rng), block.rng.choice([0.1, 0.8, 1.0]))
    while block.held:
        await block.cycle(False, s_valid=0)


@cocotb.test()
async def stopped(dut: Any) -> None:
    block = Windows(dut)
    await block.begin(run=0, release=0, s_valid=0, read=0)
    while block.get("clearing"):
        await block.next()
    await block.next(s_valid=1, s_data=MARK, s_last=1)
    for _ in range(20):
        await block.next()
        assert not block.get("s_ready") and not block.get("busy")
