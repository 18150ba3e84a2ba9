"""What the benches of single blocks share. They act at falling edges; a cycle is counted from one to the next."""

import json
import os
import random
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly, Timer
from drivers import PERIOD_STEPS

from razorsnn.graphfile import load_graph
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.plan import Plan, make_plan

PARAMETERS: dict[str, int] = json.loads(os.environ.get("RAZORSNN_PARAMETERS", "{}"))


def pack(values: list[int], width: int) -> int:
    """Lane 0 in the lowest bits; negative values in two's complement."""
    return sum((value & ((1 << width) - 1)) << (width * lane) for lane, value in enumerate(values))


def unpack(word: int, width: int, count: int, signed: bool = False) -> list[int]:
    found = [word >> (width * lane) & ((1 << width) - 1) for lane in range(count)]
    return [value - ((value >> (width - 1)) << width) if signed else value for value in found]


def layer_word(row: dict[str, int]) -> int:
    """rsnn_pkg::layer_t of a row of the layer table."""
    word = 0
    for name, width, _ in LAYER_FIELDS:
        word = word << width | row[name]
    return word


def planned() -> Plan:
    """The plan whose images the block reads."""
    lanes, taps = int(os.environ["RAZORSNN_LANES"]), int(os.environ["RAZORSNN_TAPS"])
    engines, inputs = (json.loads(os.environ.get(f"RAZORSNN_{name}", "1")) for name in ("ENGINES", "INPUTS"))
    graph, streaming = load_graph(Path(os.environ["RAZORSNN_GRAPH"])), os.environ.get("RAZORSNN_STREAMING") == "1"
    return make_plan(graph, lanes, taps=taps, engines=engines, inputs=inputs, streaming=streaming)


class Block:
    """A block with a clock: inputs by name without `_i`, outputs without `_o`."""

    def __init__(self, dut: Any) -> None:
        self.dut, self.time = dut, 0
        self.rng = random.Random(cocotb.RANDOM_SEED)

    def put(self, **inputs: int) -> None:
        for name, value in inputs.items():
            getattr(self.dut, f"{name}_i").value = value

    def get(self, name: str) -> int:
        return int(getattr(self.dut, f"{name}_o").value)

    def require(self, **state: int) -> None:
        """Outputs have these values."""
        assert {output: self.get(output) for output in state} == state

    async def settle(self) -> None:
        """Until outputs follow from this cycle's inputs, which may then not change any more."""
        await ReadOnly()

    async def next(self, **inputs: int) -> None:
        """The next cycle, with these inputs."""
        await FallingEdge(self.dut.clk_i)
        self.time += 1
        self.put(**inputs)

    async def begin(self, **inputs: int) -> None:
        """Starts the clock and resets, if there is a reset, with these inputs; what has memories is not loaded.

        Inputs start at random values: a load that stood there at the first edge would write.
        """
        self.put(**({"load": 0} if hasattr(self.dut, "load_i") else {}), **inputs)
        await Timer(1, unit="step")
        Clock(self.dut.clk_i, PERIOD_STEPS, unit="step", impl="gpi").start()
        for reset in (0, 0, 0, 1):
            if hasattr(self.dut, "rst_ni"):
                self.dut.rst_ni.value = reset
            await self.next()


class Memory:
    """What answers a block's reads, as rsnn_store: data three cycles after."""

    def __init__(self, block: Block, words: list[int]) -> None:
        self.block, self.words, self.data, self.late, self.read = block, words, 0, 0, 0

    def sample(self) -> None:
        """In every settled cycle: takes the read that the next rising edge sees."""
        self.data, self.late = self.late, self.read
        if self.block.get("mem_re"):
            self.read = self.words[self.block.get("mem_addr")]
