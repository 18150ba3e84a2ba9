"""rsnn_loader: words of all memories, chunk by chunk, and every write that must be refused; nothing is written then."""

from collections.abc import Iterator
from typing import Any

import cocotb
from blocks import PARAMETERS, Block

from razorsnn.contents import CHUNK_BITS, checksum
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.ops import razor
from razorsnn.registers import REGISTERS, memory_address

BEGIN, ADDRESS, DATA, COMMIT = range(4)
WRITE_CYCLES = 3
"""From a word's last chunk to the memory."""
NAMES = ("load_begin", "load_address", "load_data", "load_commit")
GIVEN = {
    "Stages": 1,
    "Frames": 4,
    "Gated": 1,
    "Embeddings": 2,
    "WeightDepth": 64,
    "UpperDepth": 0,
    "BiasDepth": 4,
    "GateRows": 4,
    "OffsetDepth": 2,
    "ClassIdentity": 1,
} | PARAMETERS


def memories(stage: int) -> list[tuple[int, int]]:
    """Words and bits a word of a stage's; no words: the class has none."""
    given = {name: value[stage] if isinstance(value, list) else value for name, value in GIVEN.items()}
    slots, count, gates = given["Slots"], given["Embeddings"], given["Gated"]
    gate = [
        (given["GateRows"], count * razor.EMBEDDING_BITS),
        (given["GateRows"], count * razor.AFFINE_BITS),
        (given["OffsetDepth"], razor.OFFSET_BITS),
        (256, razor.EXP.width),
        (256, razor.SIGMOID.width),
    ]
    return [
        (given["Rows"], sum(width for _, width, _ in LAYER_FIELDS)),
        (given["WeightDepth"], slots * given["LowerBits"]),
        (given["UpperDepth"], slots * max(1, given["WeightBits"] - given["LowerBits"])),
        (given["BiasDepth"], slots * given["MembraneBits"]),
        (given["Rows"], given["Frames"]),
        *((depth if gates else 0, width) for depth, width in gate),
    ]


COUNT = len(memories(0))
MEMORIES = [memory for stage in range(GIVEN["Stages"]) for memory in memories(stage)]
"""Those of all stages, one stage after the other."""
EXISTING = [number for number, (depth, _) in enumerate(MEMORIES) if depth]


def address(number: int, index: int) -> int:
    """Value of load_address for one of MEMORIES."""
    return memory_address(number % COUNT, index, number // COUNT)


def chunked(word: int, width: int) -> Iterator[int]:
    for at in range(0, width, CHUNK_BITS):
        yield word >> at & 0xFFFF_FFFF


class Host(Block):
    """Writes registers, and sees what the loader writes to the memories."""

    def __init__(self, dut: Any) -> None:
        super().__init__(dut)
        self.found: list[tuple[int, int, int]] = []
        self.taken: list[tuple[int, int]] = []
        self.refused = 0

    async def write(self, register: int, value: int, refused: int = 0) -> None:
        while self.rng.random() < 0.3:
            await self.step(write=0, register=self.rng.randrange(4), value=self.rng.getrandbits(32))
        await self.step(write=1, register=register, value=value)
        self.refused = refused
        if register in (ADDRESS, DATA) and not refused:
            self.taken.append((REGISTERS[NAMES[register]], value))

    async def step(self, **inputs: int) -> None:
        """The next cycle, which answers the write of the one before; takes down what is written in it."""
        await self.next(**inputs)
        await self.settle()
        assert self.get("refused") == self.refused
        self.refused = 0
        loads = self.get("load")
        if loads:
            assert loads & (loads - 1) == 0
            number = loads.bit_length() - 1
            self.found.append((number, self.get("addr"), self.get("data") & ((1 << MEMORIES[number][1]) - 1)))

    async def begin_load(self) -> None:
        await self.write(BEGIN, GIVEN["ClassIdentity"])
        self.taken, self.found = [], []
        await self.state(loading=1, whole=0)

    async def state(self, **wanted: int) -> None:
        for _ in range(2):
            await self.step(write=0)
        assert {name: self.get(name) for name in wanted} == wanted

    async def words(self, number: int, index: int, count: int) -> list[tuple[int, int, int]]:
        """Writes random words one after the other; gives them."""
        width, wanted = MEMORIES[number][1], []
        await self.write(ADDRESS, address(number, index))
        for at in range(index, index + count):
            wanted.append((number, at, self.rng.getrandbits(width)))
            for chunk in chunked(wanted[-1][2], width):
                await self.write(DATA, chunk)
        for _ in range(WRITE_CYCLES):
            await self.step(write=0)
        return wanted

    async def commit(self, refused: int = 0) -> None:
        await self.write(COMMIT, checksum(self.taken), refused)


async def started(dut: Any) -> Host:
    host = Host(dut)
    await host.begin(busy=0, write=0, register=0, value=0)
    return host


async def reset(host: Host) -> None:
    for level in (0, 1):
        await host.next(write=0)
        host.dut.rst_ni.value = level


@cocotb.test()
async def configured_contents_are_whole(dut: Any) -> None:
    host = await started(dut)
    await host.state(loading=0, whole=1)
    await reset(host)
    await host.state(loading=0, whole=1)


@cocotb.test()
async def words_of_every_memory(dut: Any) -> None:
    host = await started(dut)
    for _ in range(5):
        await host.begin_load()
        wanted = []
        for number in host.rng.sample(EXISTING, len(EXISTING)):
            depth = MEMORIES[number][0]
            index = host.rng.randrange(depth)
            wanted += await host.words(number, index, min(depth - index, 4))
        assert host.found == wanted
        await host.commit()
        await host.state(loading=0, whole=1)


@cocotb.test()
async def refused_without_a_load(dut: Any) -> None:
    host = await started(dut)
    for register in (ADDRESS, DATA, COMMIT):
        await host.write(register, 0, refused=1)
    await host.write(BEGIN, GIVEN["ClassIdentity"] ^ 1, refused=1)
    await host.step(busy=1, write=0)
    await host.write(BEGIN, GIVEN["ClassIdentity"], refused=1)
    await host.step(write=0)
    await host.step(busy=0, write=0)
    await host.write(BEGIN, GIVEN["ClassIdentity"], refused=1)
    await host.step(busy=1, write=0)  # what counts is whether it is busy when it answers
    await host.step(busy=0)
    await host.state(loading=0, whole=1)
    assert not host.found


@cocotb.test()
async def a_load_begins_when_the_window_ends(dut: Any) -> None:
    host = await started(dut)
    await host.step(busy=1)
    await host.write(BEGIN, GIVEN["ClassIdentity"])
    await host.step(busy=0, write=0)
    await host.state(loading=1, whole=0)


@cocotb.test()
async def refused_within_a_load(dut: Any) -> None:
    host = await started(dut)
    await host.begin_load()
    await host.write(DATA, 0, refused=1)
    for number, (depth, _) in enumerate(MEMORIES):
        await host.write(ADDRESS, address(number, depth), refused=1)
        await host.write(DATA, 0, refused=1)
    for beyond in (memory_address(COUNT, 0), memory_address(0, 0, GIVEN["Stages"]), memory_address(15, 0, 15)):
        await host.write(ADDRESS, beyond, refused=1)
    for number in EXISTING:
        depth, width = MEMORIES[number]
        await host.words(number, depth - 1, 1)
        for chunk in chunked(0, width):
            await host.write(DATA, chunk, refused=1)
    assert [found[:2] for found in host.found] == [(at, MEMORIES[at][0] - 1) for at in EXISTING]
    await host.write(COMMIT, checksum(host.taken) ^ 1 << host.rng.randrange(32), refused=1)
    await host.state(loading=1, whole=0)
    await host.commit()
    await host.state(loading=0, whole=1)


@cocotb.test()
async def half_a_word_is_not_committed(dut: Any) -> None:
    host = await started(dut)
    await host.begin_load()
    await host.write(ADDRESS, address(0, 0))
    await host.write(DATA, 1)
    await host.commit(refused=1)
    wanted = await host.words(0, 0, 1)
    assert host.found == wanted
    await host.commit()
    await host.state(loading=0, whole=1)


@cocotb.test()
async def a_load_left_unfinished(dut: Any) -> None:
    """A reset ends the load, not what it has begun; a new load is what makes the contents whole."""
    host = await started(dut)
    await host.begin_load()
    await host.words(0, 0, 1)
    await reset(host)
    await host.state(loading=0, whole=0)
    await host.write(DATA, 0, refused=1)
    await host.commit(refused=1)
    await host.begin_load()
    await host.words(0, 0, 1)
    await host.begin_load()
    await host.words(1, 0, 1)
    await host.commit()
    await host.state(loading=0, whole=1)
