"""rsnn_razor: keep bits, when each is known, and refined activations of every gate of a plan, on random frames.

A gate that follows on another one is fed while that one scores, as in the accelerator.
"""

from collections.abc import Iterator
from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS, Block, Memory, layer_word, pack, planned, unpack

from razorsnn.layers import Layer
from razorsnn.ops.timeline import LEAST_PASS_CYCLES

FEED_CYCLES = 3
"""From the last word to the start of the gate, at least."""
END_CYCLES = 14
"""From the last keep bit to the next gate's start, at least: what is still on its way then has left the pipeline."""
SEQUENCER_CYCLES = 1
"""From known_o to the sequencer, which is in `Razor.known`."""
Words = list[list[int]]
"""[T][words]"""


class Store(Memory):
    """A memory that reads where it does not write: refined activations."""

    def sample(self) -> None:
        at, self.data, self.late = self.block.get("mem_addr"), self.late, self.read
        if self.block.get("write"):
            self.words[at] = self.block.get("write_data")
        elif at < len(self.words):
            self.read = self.words[at]


def frames(rng: np.random.Generator, layer: Layer) -> np.ndarray:
    x = layer.input
    value = rng.integers(1, x.format.high + 1, size=(x.frames, x.channels, x.height, x.width))
    density = rng.choice([0.0, 0.05, 0.5, 1.0], size=(x.frames, 1, 1, 1))
    return value * (rng.random(value.shape) < density)


def fed(block: Block, words: Words) -> Iterator[dict[str, int]]:
    """Inputs of each cycle in which the frames are put out, as close as neuron passes are or with gaps between them."""
    for frame, line in enumerate(words):
        least = max(0, LEAST_PASS_CYCLES - len(line)) if frame else max(0, PARAMETERS["Embeddings"] - len(line))
        for _ in range(least + block.rng.choice([0, 0, 1, 3])):
            yield {"feed": 0, "feed_last": block.rng.getrandbits(1)}
        for at, word in enumerate(line):
            last = int(at == len(line) - 1)
            yield {"feed": 1, "feed_first": int(frame == 0), "feed_last": last, "feed_addr": at, "feed_data": word}
    for _ in range(FEED_CYCLES):
        yield {"feed": 0, "feed_last": 0}


async def feed(block: Block, index: int, words: Words) -> None:
    """The layer `index` puts out what the gate behind it reads."""
    await block.next(feed_begin=1, layer=layer_word(planned().table[index]), even=index % 2)
    for inputs in fed(block, words):
        await block.next(feed_begin=0, **inputs)


async def run(block: Block, index: int, store: Store, behind: Words | None) -> list[int]:
    """One window of the gate before layer `index`, which feeds the gate behind it; gives when each bit is known."""
    row = planned().table[index]
    await block.next(start=1, layer=layer_word(row), even=index % 2, feed_begin=int(behind is not None))
    started, seen = block.time, list[int]()
    feeding = fed(block, behind or [])
    rest: dict[str, int] | None = {}
    while rest is not None or len(seen) < PARAMETERS["Frames"]:
        await block.settle()
        store.sample()
        known = unpack(block.get("known"), 1, PARAMETERS["Frames"])
        assert known == sorted(known, reverse=True)
        seen += [block.time - started] * (sum(known) - len(seen))
        rest = next(feeding, None)
        await block.next(start=0, feed_begin=0, mem_data=store.data, **(rest or {}))
    for _ in range(END_CYCLES):
        await block.settle()
        store.sample()
        await block.next(mem_data=store.data)
    return seen


@cocotb.test()
async def windows(dut: Any) -> None:
    plan, size, bits = planned(), PARAMETERS["Slots"], PARAMETERS["ActBits"]
    block = Block(dut)
    rng = np.random.default_rng(block.rng.getrandbits(32))
    await block.begin(start=0, feed_begin=0, feed=0)
    scoring = [layer for layer in plan.layers if layer.razor]
    for _ in range(12):
        drawn = {layer.index: frames(rng, layer) for layer in scoring}
        packed = {at: plan.layers[at].reads.pack(x) for at, x in drawn.items()}
        stored = {at: [[pack(word, bits) for word in line] for line in x.tolist()] for at, x in packed.items()}
        for layer in scoring:
            assert layer.razor is not None
            at, x = layer.index, drawn[layer.index]
            if at - 1 not in stored:
                await feed(block, at - 1, stored[at])
            store = Store(block, [word for line in stored[at] for word in line])
            seen = await run(block, at, store, stored.get(at + 1))
            trace = layer.razor.execute(x, layer.input)
            by_sequencer = [at + SEQUENCER_CYCLES for at in seen]
            assert by_sequencer == layer.razor.known(x, trace.values["mask"], layer.reads).tolist()
            assert unpack(block.get("keep"), 1, len(x)) == trace.values["keep"].tolist()
            kept = trace.values["keep"].astype(bool)
            left = np.array([unpack(word, bits, size) for word in store.words]).reshape(len(x), -1)
            wanted = layer.reads.pack(trace.output).reshape(len(x), -1)
            np.testing.assert_array_equal(left[kept], wanted[kept])
