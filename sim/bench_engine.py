"""rsnn_engine: membranes, outputs, saturations and multiplies of every layer of a plan, on random operands."""

from collections.abc import Iterator
from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, layer_word, pack, planned, unpack

from razorsnn.layers import Layer
from razorsnn.ops.timeline import DRAIN_CYCLES, LEAST_PASS_CYCLES, LEAST_TURN_CYCLES, NEURON_CYCLES
from razorsnn.plan import Plan
from razorsnn.targets.reference import layer_cycles

SLOTS, INPUTS = PARAMETERS["Lanes"] * PARAMETERS["Taps"], PARAMETERS["Inputs"]
WEIGHT = max(1, (PARAMETERS["WeightDepth"] - 1).bit_length())


class Engine(Block):
    """The block, and what it put out in every cycle."""

    def clear(self, words: int) -> None:
        self.words, self.multiplies, self.saturated = words, 0, 0
        self.u: list[list[int]] = []
        self.y: list[list[int]] = []
        self.last: list[int] = []

    async def step(self, **inputs: int) -> bool:
        """One cycle; gives event_ready_o."""
        await self.next(**inputs)
        await self.settle()
        self.multiplies += self.get("multiplies")
        self.saturated += self.get("out_saturated")
        assert self.get("out_valid") or not self.get("out_last")
        if self.get("out_valid"):
            assert self.get("out_addr") == len(self.u) % self.words
            self.u.append(unpack(self.get("out_u"), PARAMETERS["MembraneBits"], SLOTS, signed=True))
            self.y.append(unpack(self.get("out_y"), PARAMETERS["ActBits"], SLOTS))
            self.last += [self.time] if self.get("out_last") else []
            assert bool(self.get("out_last")) == (len(self.u) % self.words == 0)
        return bool(self.get("event_ready"))

    async def neuron_pass(self, init: int) -> int:
        """Until the next frame's events may come; gives when the last output of this one is due."""
        await self.step(pass_=1, pass_init=init)
        self.started = self.time
        while not self.get("done"):
            await self.step(pass_=0)
        assert self.time == self.started + max(self.words - 1, LEAST_TURN_CYCLES) - 1
        return self.started + self.words + NEURON_CYCLES

    async def pruned(self) -> None:
        """Until the next pass may follow the one that was started last."""
        while True:
            await self.step()
            if self.get("free"):
                break
        assert self.time == self.started + max(self.words, LEAST_PASS_CYCLES) - 0

    async def send(self, frame: np.ndarray, layer: Layer, row: dict[str, int]) -> None:
        """All events of words [words, size], some of a position at once, random gaps between them."""
        left = list(events(frame, layer, row))
        while left:
            y, x = left[0][:2]
            most = self.rng.randint(1, INPUTS)
            together = next((n for n, event in enumerate(left[:most]) if event[:2] != (y, x)), most)
            some, left = left[:together], left[together:]
            event = {"event_value": pack([one[2] for one in some], PARAMETERS["ActBits"]), "event_y": y, "event_x": x}
            event["event_weight"] = pack([one[3] for one in some], WEIGHT)
            while not await self.step(event_valid=1, **event):
                pass
            while self.rng.random() < 0.2:
                await self.step(event_valid=0)
        await self.step(event_valid=0)
        while self.get("busy"):
            await self.step(event_valid=0)
        for _ in range(DRAIN_CYCLES - 1):
            await self.step(event_valid=0)

    def put(self, **inputs: int) -> None:
        super().put(**{name.rstrip("_"): value for name, value in inputs.items()})


def events(frame: np.ndarray, layer: Layer, row: dict[str, int]) -> Iterator[tuple[int, int, int, int]]:
    """(y, x, value, weight) of words [words, size]."""
    shape = layer.operand.shape[1:]
    numbers = layer.reads.pack(np.arange(1, np.prod(shape) + 1).reshape(1, *shape))[0]
    for word, slot in np.argwhere(frame).tolist():
        c, y, x = (int(at) for at in np.unravel_index(numbers[word, slot] - 1, shape))
        line = word * SLOTS + slot if row["dense"] else c
        y, x = (0, 0) if row["dense"] else (y, x)
        yield y, x, int(frame[word, slot]), row["weight_base"] + line * row["row_stride"]


async def run(block: Engine, plan: Plan, layer: Layer, x: np.ndarray) -> None:
    row, every = plan.table[layer.index], np.ones(len(x), dtype=np.bool_)
    trace = layer.synapse.execute(x, layer.operand)
    cycles = layer_cycles(layer, x, every)
    block.clear(row["words_out"])
    await block.next(layer=layer_word(row))
    await block.neuron_pass(1)
    due = []
    for words in layer.reads.pack(x):
        if words.any() or block.rng.random() < 0.5:
            await block.send(words, layer, row)
        else:
            await block.pruned()
        due.append(await block.neuron_pass(0))
    while block.time < due[-1]:
        await block.step()
    assert block.last == due
    np.testing.assert_array_equal(block.u, layer.writes.pack(trace.values["u"]).reshape(-1, SLOTS))
    if not layer.synapse.readout:
        np.testing.assert_array_equal(block.y, layer.writes.pack(trace.output).reshape(-1, SLOTS))
    assert block.multiplies == cycles.multiplies
    assert block.saturated == trace.saturations


@cocotb.test()
async def layers(dut: Any) -> None:
    plan, block = planned(), Engine(dut)
    rng = np.random.default_rng(block.rng.getrandbits(32))
    await block.begin(event_valid=0, **{"pass_": 0})
    for _ in range(6):
        for layer in plan.layers:
            x = layer.operand
            value = rng.integers(1, x.format.high + 1, size=(x.frames, x.channels, x.height, x.width))
            density = rng.choice([0.0, 0.05, 0.5, 1.0], size=(x.frames, 1, 1, 1))
            await run(block, plan, layer, value * (rng.random(value.shape) < density))
