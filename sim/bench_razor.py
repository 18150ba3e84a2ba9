"""rsnn_razor: keep bits, refined activations and cycles of every gate of a plan, on random frames that feed it."""

from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, Memory, layer_word, pack, planned, unpack

from razorsnn import ops
from razorsnn.layers import Layer

FEED_CYCLES = 3
"""From the last word to the start of the gate, at least."""
CONTROL_CYCLES = 1
"""Of RazorCycles, the sequencer's: it sees done_o and goes on."""


class Store(Memory):
    """A memory that takes the writes of refined activations, too."""

    def sample(self) -> None:
        super().sample()
        if self.block.get("write"):
            self.words[self.block.get("write_addr")] = self.block.get("write_data")


def frames(rng: np.random.Generator, layer: Layer) -> np.ndarray:
    x = layer.input
    value = rng.integers(1, x.format.high + 1, size=(x.frames, x.channels, x.height, x.width))
    density = rng.choice([0.0, 0.05, 0.5, 1.0], size=(x.frames, 1, 1, 1))
    return value * (rng.random(value.shape) < density)


async def feed(block: Block, row: dict[str, int], words: list[list[int]]) -> None:
    """The frames' words [T, words] as a neuron pass puts them out, with the gaps that it leaves or longer ones."""
    await block.next(feed_begin=1, layer=layer_word(row))
    await block.next(feed_begin=0)
    for frame, line in enumerate(words):
        for _ in range(block.rng.randint(3, 6)):
            await block.next(feed=0, feed_last=block.rng.getrandbits(1))
        for at, word in enumerate(line):
            last = int(at == len(line) - 1)
            await block.next(feed=1, feed_first=int(frame == 0), feed_last=last, feed_addr=at, feed_data=word)
    for _ in range(FEED_CYCLES):
        await block.next(feed=0, feed_last=0)


async def run(block: Block, row: dict[str, int], store: Store) -> int:
    """One window; gives the cycles from start_i to done_o."""
    await block.next(start=1, layer=layer_word(row))
    started = block.time
    while True:
        await block.settle()
        store.sample()
        if block.get("done"):
            return block.time - started
        await block.next(start=0, mem_data=store.data)


@cocotb.test()
async def windows(dut: Any) -> None:
    plan, lanes, bits = planned(), PARAMETERS["Lanes"], PARAMETERS["ActBits"]
    block = Block(dut)
    rng = np.random.default_rng(block.rng.getrandbits(32))
    await block.begin(start=0, feed_begin=0, feed=0)
    for _ in range(12):
        for layer in plan.gates:
            assert layer.razor is not None
            x = frames(rng, layer)
            packed = ops.words.pack(x, lanes).reshape(-1, lanes)
            store = Store(block, [pack(word, bits) for word in packed.tolist()])
            await feed(block, plan.table[layer.index - 1], np.array(store.words).reshape(len(x), -1).tolist())
            cycles = await run(block, plan.table[layer.index], store)
            trace = layer.razor.execute(x, layer.input)
            predicted = layer.razor.cycles(x, trace.values["mask"], lanes).total
            assert cycles == predicted - CONTROL_CYCLES
            await block.next()
            assert unpack(block.get("keep"), 1, len(x)) == trace.values["keep"].tolist()
            kept = trace.values["keep"].astype(bool)
            left = np.array([unpack(word, bits, lanes) for word in store.words]).reshape(len(x), -1)
            wanted = ops.words.pack(trace.output, lanes).reshape(len(x), -1)
            np.testing.assert_array_equal(left[kept], wanted[kept])
