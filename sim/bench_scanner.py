"""rsnn_scanner: the non-zero activations of frames in order, scanned ahead, in the cycles of ops/timeline.py."""

from collections.abc import Sequence
from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, Memory, pack, unpack

from razorsnn.ops.timeline import DRAIN_CYCLES, LEAST_TURN_CYCLES, pass_starts

LANES, TAPS, INPUTS = (PARAMETERS[name] for name in ("Lanes", "Taps", "Inputs"))
SIZE, SIDE = LANES * TAPS, {1: 1, 4: 2, 9: 3}[TAPS]
Event = tuple[int, int, list[tuple[int, int]]]
"""y, x, and value and weight of those that come at once."""


def expected(frame: np.ndarray, layer: dict[str, int]) -> list[Event]:
    """Every event of words [words, size]."""
    found, beside, before = list[Event](), LANES >> layer["lanes_in_log2"], -1
    for word, slot in np.argwhere(frame).tolist():
        place, group = divmod(word, layer["groups"])
        y, x = divmod(place, layer["width"])
        row = group * SIZE + slot
        if layer["dense"]:
            y, x, row = 0, 0, word * SIZE + slot
        elif not layer["deep"]:
            bank, lane = divmod(slot, LANES)
            across, channel = divmod(lane, 1 << layer["lanes_in_log2"])
            y, x = y * SIDE + bank // SIDE, (x * SIDE + bank % SIDE) * beside + across
            row = group * LANES + channel
        event = int(frame[word, slot]), 5 + row * layer["row_stride"]
        if word == before and found[-1][:2] == (y, x) and len(found[-1][2]) < INPUTS:
            found[-1][2].append(event)
        else:
            found.append((y, x, [event]))
        before = word
    return found


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, dict[str, int]]:
    """Frames [T, words, size] and how they lie."""
    height, width, groups, stride = (int(rng.integers(1, high)) for high in (4, 4, 3, 4))
    log2 = int(rng.integers(0, LANES.bit_length()))
    groups = groups if 1 << log2 == LANES else 1
    layer = {"width": width, "groups": groups, "lanes_in_log2": log2, "row_stride": stride}
    layer |= {"dense": int(rng.integers(2)), "deep": int(rng.integers(2)) if 1 << log2 == LANES and TAPS > 1 else 0}
    frames = rng.integers(1, 1 << PARAMETERS["ActBits"], size=(int(rng.integers(1, 5)), height * width * groups, SIZE))
    frames *= rng.random(frames.shape) < rng.choice([0.0, 0.05, 0.3, 1.0], size=(len(frames), 1, 1))
    return frames, layer


class Scanner(Block):
    """The block, and what waits: frames to be scanned, and the cycle from which on each frame's events are taken."""

    turn = 0

    async def scanned(self, frames: np.ndarray, cost: np.ndarray, random: bool) -> tuple[list[Event], list[int]]:
        """The events, and when each frame was done; it is taken as the engine would, or at random."""
        memory = Memory(self, [pack(word.tolist(), PARAMETERS["ActBits"]) for frame in frames for word in frame])
        self.events, self.taken, self.free, self.opens, done = list[Event](), 0, 0, LEAST_TURN_CYCLES, list[int]()
        begun, zero, costs = 0, self.time + 1, [cost[frame != 0] for frame in frames]
        while len(done) < len(frames):
            await self.next(event_ready=0, turn=self.turn, mem_data=memory.data)
            starts = begun < len(frames) and begun - len(done) < 2 and bool(self.get("free"))
            self.put(start=int(starts), base=begun % len(frames) * frames.shape[1])
            begun += starts
            ready = self.rng.random() < 0.4 if random else self.time - zero >= max(self.opens, self.free)
            await self.take(ready, costs[len(done)], zero)
            memory.sample()
            if begun - starts > len(done) and self.over(zero, random):
                done.append(self.time - zero)
                self.opens, self.taken, self.turn = done[-1] + DRAIN_CYCLES + LEAST_TURN_CYCLES, 0, 1 - self.turn
        await self.next(start=0, event_ready=0, turn=self.turn)
        return self.events, done

    async def take(self, ready: bool, costs: Sequence[int], zero: int) -> None:
        if self.get("event_valid") and self.get("event_turn") == self.turn and ready:
            self.put(event_ready=1)
            values = unpack(self.get("event_value"), PARAMETERS["ActBits"], INPUTS)
            weights = unpack(self.get("event_weight"), PARAMETERS["WeightAddrWidth"], INPUTS)
            together = [(value, weight) for value, weight in zip(values, weights, strict=True) if value]
            self.events.append((self.get("event_y"), self.get("event_x"), together))
            self.free = self.time - zero + int(costs[self.taken])
            self.taken += len(together)
        await self.settle()

    def over(self, zero: int, random: bool) -> bool:
        """Nothing is left of the frame, and the engine is done with what it took."""
        return bool(self.get("done")) and (random or self.time - zero >= max(self.opens, self.free) + 1)


@cocotb.test()
@cocotb.parametrize(mode=["taken", "cost", "random"])
async def windows(dut: Any, mode: str) -> None:
    block = Scanner(dut)
    await block.begin(start=0, event_ready=0, turn=0)
    rng = np.random.default_rng(block.rng.getrandbits(32))
    for _ in range(25):
        frames, layer = drawn(rng)
        shape = frames.shape[1:]
        position = SIZE if layer["dense"] or layer["deep"] else 1 << layer["lanes_in_log2"]
        costs = rng.integers(1, 10, size=(shape[0], SIZE // position))
        cost = np.ones(shape, dtype=np.int64) if mode == "taken" else costs.repeat(position, axis=1)
        await block.next(words=shape[0], weight_base=5, **layer)
        found, done = await block.scanned(frames, cost, mode == "random")
        assert found == [event for frame in frames for event in expected(frame, layer)]
        starts = pass_starts(frames != 0, cost, [True] * len(frames), 1, [0] * len(frames), False, position, INPUTS)
        assert mode == "random" or done == [start - DRAIN_CYCLES for start in starts]
