"""rsnn_engine: membranes, outputs, saturations and multiplies of every layer of a plan, on random operands."""

from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, layer_word, planned, unpack

from razorsnn.layers import Layer
from razorsnn.ops.synapse import DRAIN_CYCLES, LEAST_PASS_CYCLES, NEURON_CYCLES
from razorsnn.ops.words import groups, pack
from razorsnn.plan import Plan


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
        self.multiplies += self.get("multiply")
        self.saturated += self.get("out_saturated")
        assert self.get("out_valid") or not self.get("out_last")
        if self.get("out_valid"):
            assert self.get("out_addr") == len(self.u) % self.words
            self.u.append(unpack(self.get("out_u"), PARAMETERS["MembraneBits"], PARAMETERS["Lanes"], signed=True))
            self.y.append(unpack(self.get("out_y"), PARAMETERS["ActBits"], PARAMETERS["Lanes"]))
            self.last += [self.time] if self.get("out_last") else []
            assert bool(self.get("out_last")) == (len(self.u) % self.words == 0)
        return bool(self.get("event_ready"))

    async def neuron_pass(self, init: int) -> int:
        """Until the next frame may begin; gives when the last output of this one is due."""
        await self.step(pass_=1, pass_init=init)
        started = self.time
        while not self.get("done"):
            await self.step(pass_=0)
        assert self.time == started + max(self.words, LEAST_PASS_CYCLES) + 1
        return started + self.words + NEURON_CYCLES

    async def send(self, frame: np.ndarray, row: dict[str, int]) -> None:
        """All events of words [words, lanes], random gaps between them."""
        for word, lane in np.argwhere(frame).tolist():
            place, group = divmod(word, row["groups_in"])
            across, channel = divmod(lane, 1 << row["lanes_in_log2"])
            line = (word, lane) if row["dense"] else (group, channel)
            y, x = (0, 0) if row["dense"] else divmod(place, row["width"])
            x += 0 if row["dense"] else x * ((frame.shape[1] >> row["lanes_in_log2"]) - 1) + across
            event = dict(event_value=int(frame[word, lane]), event_y=y, event_x=x)
            event["event_weight"] = row["weight_base"] + (line[0] * frame.shape[1] + line[1]) * row["row_stride"]
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


async def run(block: Engine, plan: Plan, layer: Layer, x: np.ndarray) -> None:
    row, lanes_in, lanes = plan.table[layer.index], plan.lanes_in(layer), PARAMETERS["Lanes"]
    trace = layer.synapse.execute(x, layer.operand)
    cycles = layer.synapse.cycles(x, np.ones(len(x), dtype=np.bool_), layer.operand, lanes, lanes_in)
    channels = layer.synapse.geometry(layer.operand).output.channels
    block.clear(row["words_out"])
    await block.next(layer=layer_word(row))
    await block.neuron_pass(1)
    due = []
    for words in pack(x, lanes, lanes_in):
        if words.any() or block.rng.random() < 0.5:
            await block.send(words, row)
        due.append(await block.neuron_pass(0))
    for _ in range(NEURON_CYCLES):
        await block.step()
    assert block.last == due
    np.testing.assert_array_equal(block.u, pack(trace.values["u"], lanes).reshape(-1, lanes))
    if not layer.synapse.readout:
        wanted = pack(trace.output, lanes).reshape(-1, lanes)
        real = np.arange(groups(channels, lanes) * lanes).reshape(-1, lanes) < channels
        used = np.tile(real, (len(wanted) // len(real), 1))
        np.testing.assert_array_equal(np.array(block.y)[used], wanted[used])
    assert block.multiplies == cycles.multiplies
    assert block.saturated == (
        0 if layer.synapse.readout else layer.synapse.saturations(trace.values["u"], layer.operand)
    )


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
