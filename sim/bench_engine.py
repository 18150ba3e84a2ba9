"""rsnn_engine: membranes, outputs, saturations and multiplies of every layer of a plan, on random operands."""

from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, layer_word, planned, unpack

from razorsnn.layers import Layer
from razorsnn.ops.words import groups, pack
from razorsnn.plan import Plan

PASS_CYCLES = 2
DRAIN_CYCLES = 4


class Engine(Block):
    """The block, and what it put out in every cycle."""

    def clear(self) -> None:
        self.multiplies, self.saturated = 0, 0
        self.u: list[list[int]] = []
        self.y: list[list[int]] = []

    async def step(self, **inputs: int) -> bool:
        """One cycle; gives event_ready_o."""
        await self.next(**inputs)
        await self.settle()
        self.multiplies += self.get("multiply")
        if self.get("out_valid"):
            assert self.get("out_addr") == len(self.u)
            self.u.append(unpack(self.get("out_u"), PARAMETERS["MembraneBits"], PARAMETERS["Lanes"], signed=True))
            self.y.append(unpack(self.get("out_y"), PARAMETERS["ActBits"], PARAMETERS["Lanes"]))
            self.saturated += self.get("out_saturated")
        return bool(self.get("event_ready"))

    async def neuron_pass(self, init: int, words: int) -> None:
        await self.step(pass_=1, pass_init=init)
        started = self.time
        while not self.get("done"):
            await self.step(pass_=0)
        assert self.time == started + words + PASS_CYCLES

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
        for _ in range(DRAIN_CYCLES):
            await self.step(event_valid=0)

    def put(self, **inputs: int) -> None:
        super().put(**{name.rstrip("_"): value for name, value in inputs.items()})


async def run(block: Engine, plan: Plan, layer: Layer, x: np.ndarray) -> None:
    row, lanes_in, lanes = plan.table[layer.index], plan.lanes_in(layer), PARAMETERS["Lanes"]
    trace = layer.synapse.execute(x, layer.operand)
    cycles = layer.synapse.cycles(x, np.ones(len(x), dtype=np.bool_), layer.operand, lanes, lanes_in)
    channels = layer.synapse.geometry(layer.operand).output.channels
    block.clear()
    await block.next(layer=layer_word(row))
    await block.neuron_pass(1, row["words_out"])
    assert block.u == []
    multiplies, saturated = 0, 0
    u = pack(trace.values["u"], lanes)
    real = np.arange(groups(channels, lanes) * lanes).reshape(-1, lanes) < channels
    for frame, words in enumerate(pack(x, lanes, lanes_in)):
        block.clear()
        await block.send(words, row)
        await block.neuron_pass(0, row["words_out"])
        np.testing.assert_array_equal(block.u, u[frame])
        if not layer.synapse.readout:
            wanted = pack(trace.output, lanes)[frame]
            used = np.tile(real, (len(wanted) // len(real), 1))
            np.testing.assert_array_equal(np.array(block.y)[used], wanted[used])
        multiplies, saturated = multiplies + block.multiplies, saturated + block.saturated
    assert multiplies == cycles.multiplies
    assert layer.synapse.readout or saturated == layer.synapse.saturations(trace.values["u"], layer.operand)


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
