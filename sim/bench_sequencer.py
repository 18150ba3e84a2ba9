"""rsnn_sequencer: every pulse of random windows in its cycle and in no other, for the layer table of a stage."""

import os
from typing import Any

import cocotb
from blocks import PARAMETERS, Block, layer_word, pack, planned, unpack

from razorsnn.ops.timeline import DRAIN_CYCLES
from razorsnn.plan import Plan

PULSES = ("razor_start", "scan_start", "pass", "pass_init", "emit", "kept", "pruned")
FETCH_CYCLES = 2
KNOWN_CHANCE = 0.2
"""Of another keep bit in a cycle."""


class Sequencer(Block):
    """The block; what it starts is done after a random time, and keep bits are known after a random time each."""

    def open_layer(
        self, bits: list[int], words_in: int, gated: bool, tallied: bool = False, first: bool = False
    ) -> None:
        """Keep bits of a layer; those of a gate are known one by one. Nothing is decided before its first pass."""
        self.bits, self.words_in, self.first = bits, words_in, first
        self.known = self.given = self.seen = 0 if gated else len(bits)
        self.decided, self.scans, self.puts = len(bits), 0, 0
        self.tallied = tallied

    async def quiet(self, cycles: int) -> None:
        for _ in range(cycles):
            await self.expect()

    async def step(self, **inputs: int) -> None:
        """The next cycle, in which the block sees what was known in the one before. A pass that another one follows is
        put out at any time."""
        self.seen, self.given = self.given, self.known
        hidden = self.rng.getrandbits(len(self.bits)) >> self.known << self.known
        known, put = (1 << self.known) - 1, int(self.puts == 3 or (self.puts == 2 and self.rng.random() < 0.5))
        quiet = dict.fromkeys(("scan_done", "pass_done", "emit_done", "begun", "held"), 0)
        quiet |= {"room": self.rng.getrandbits(1)}
        given = quiet | {"pass_put": put, "scan_free": self.rng.getrandbits(1), "pass_free": 0} | inputs
        self.puts -= given["pass_put"]
        self.scan_free = given["scan_free"]
        await self.next(**given, known=known, keep=pack(self.bits, 1) ^ hidden, tally=self.tally())
        await self.settle()

    def tally(self) -> int:
        """Of other layers it is of no interest."""
        return pack(self.bits, 1) if self.tallied else self.rng.getrandbits(len(self.bits))

    def check(self, *pulses: str) -> None:
        """Exactly these, and a scan where the next frame is known and kept, the scanner free, and one ahead at most."""
        wanted = set(pulses)
        if "pass_init" in wanted and not self.first:
            self.decided = 0
        self.puts += "pass" in wanted and "pass_init" not in wanted
        if self.decided < min(self.seen, len(self.bits)):
            if not self.bits[self.decided]:
                self.decided += 1
            elif self.scan_free and self.scans < 2:
                assert self.get("read_base") == self.decided * self.words_in
                wanted |= {"scan_start"}
                self.decided, self.scans = self.decided + 1, self.scans + 1
        assert {name for name in PULSES if self.get(name)} == wanted
        if self.known < len(self.bits) and self.rng.random() < KNOWN_CHANCE:
            self.known += 1

    async def expect(self, *pulses: str, **inputs: int) -> None:
        """In the next cycle exactly these pulses."""
        await self.step(**inputs)
        self.check(*pulses)

    async def done(self, name: str, **state: int) -> None:
        """`name` is done after a while, in which the outputs hold `state`."""
        for _ in range(self.rng.randint(0, 6)):
            await self.expect()
            self.require(**state)
        await self.step(**{f"{name}_done": 1})
        self.check()

    async def hold(self, **state: int) -> None:
        """The first layer's first pass ends, and its window is held, in any order: frames are decided from then on."""
        for _ in range(self.rng.randint(0, 6)):
            held = self.rng.getrandbits(1)
            await self.expect(held=held, pass_free=1 - held, pass_done=self.rng.getrandbits(1))
            self.require(**state)
        await self.expect(held=1, pass_free=1)
        self.decided = 0

    async def scan(self, frame: int, state: dict[str, int]) -> None:
        """The frame's events are taken; its scan has begun by then."""
        while self.decided <= frame:
            await self.expect()
        await self.done("scan", **state)
        self.scans -= 1

    async def emptied(self, state: dict[str, int]) -> None:
        """The last pass of the layer is put out, after those before it."""
        while self.puts > 1:
            await self.expect()
        for _ in range(self.rng.randint(0, 4)):
            await self.expect()
            self.require(**state)
        await self.expect(pass_put=1)


def gate_bits(block: Sequencer, plan: Plan, index: int, handed: int) -> list[int]:
    """A row's keep bits: of the stage before, if it has scored the first one's gate; or fixed, or any."""
    frames, row = PARAMETERS["Frames"], plan.table[index]
    if index == 0 and plan.shape.link_gated:
        return unpack(handed >> (frames * (PARAMETERS["GatesBefore"] - 1)), 1, frames)
    drawn = row["gated"] or row["tallied"]
    return unpack(block.rng.getrandbits(frames), 1, frames) if drawn else plan.fixed_keep[index].tolist()


async def scored(block: Sequencer, plan: Plan, handed: int) -> int:
    """Plays the row of the gate behind the layers, whose bits are known one by one; gives them."""
    index, row, frames = len(plan.layers), plan.table[-1], PARAMETERS["Frames"]
    await block.quiet(FETCH_CYCLES)
    bits = gate_bits(block, plan, index, handed)
    block.open_layer(bits, row["words_in"], bool(row["gated"]), bool(row["tallied"]))
    await block.expect(*(("razor_start",) if row["gated"] else ()))
    assert block.get("row") == index and block.get("layer") == layer_word(row)
    while block.known < frames:
        await block.expect()
    await block.quiet(1 if not row["gated"] else 3)
    return pack(bits, 1)


async def layer(block: Sequencer, plan: Plan, index: int, kept: int, handed: int) -> tuple[int, int]:
    """Plays one layer from its fetch on; `kept`: frames before. Gives its keep bits, and that with its own."""
    row, frames = plan.table[index], PARAMETERS["Frames"]
    await block.quiet(FETCH_CYCLES)
    bits = gate_bits(block, plan, index, handed)
    block.open_layer(bits, row["words_in"], bool(row["gated"]), bool(row["tallied"]), first=index == 0)
    started = ("razor_start",) if row["gated"] else ()
    await block.expect("pass_init", "pass", *started)
    opened = {"layer": layer_word(row), "row": index, "take": 0}
    await (block.hold(**opened) if index == 0 else block.done("pass", **opened))
    for frame in range(frames):
        state = {"write_base": frame * row["words_out"], "first_frame": int(frame == 0)}
        state |= {"layer": layer_word(row), "row": index, "turn": kept % 2}
        while block.given <= frame:
            await block.expect(pass_free=block.rng.getrandbits(1))
            assert not block.get("take")
        if bits[frame]:
            await block.expect("kept")
            assert block.get("take")
            await block.scan(frame, state | {"take": 1})
            await block.quiet(DRAIN_CYCLES - 1)
            await block.expect("pass")
            kept += 1
        else:
            await block.quiet(block.rng.randint(0, 3))
            await block.expect("pass", "pruned", pass_free=1)
        await block.done("pass", **state | {"take": 0, "turn": kept % 2})
    await block.emptied(state | {"take": 0, "turn": kept % 2})
    return pack(bits, 1), kept


@cocotb.test()
async def windows(dut: Any) -> None:
    whole, block, frames, gates = planned(), Sequencer(dut), PARAMETERS["Frames"], PARAMETERS["Gates"]
    plan = whole.parts[int(os.environ.get("RAZORSNN_STAGE", "0"))]
    quiet = dict.fromkeys(("scan_done", "scan_free", "pass_done", "pass_free", "pass_put", "emit_done"), 0)
    await block.begin(begun=0, held=0, room=1, keep_before=0, keep=0, known=0, tally=0, **quiet)
    turn = 0
    for _ in range(20):
        block.open_layer([1] * frames, 0, gated=False)
        await block.quiet(block.rng.randint(1, 3))
        for _ in range(block.rng.randint(0, 2)):
            await block.expect(begun=1, room=0)
        assert not block.get("running")
        handed = block.rng.getrandbits(gates * frames)
        await block.next(begun=1, room=1, keep_before=handed)
        rows = []
        for index in range(len(plan.layers)):
            bits, turn = await layer(block, plan, index, turn, handed)
            rows.append(bits)
        rows += [await scored(block, plan, handed)] if plan.behind else []
        await block.expect("emit")
        assert block.get("running") and block.get("keep") == collected(plan, rows, handed)
        await block.done("emit")
        assert block.get("keep") == collected(plan, rows, handed)


def collected(plan: Plan, rows: list[int], handed: int) -> int:
    """Keep bits of the gates of the stages before, of this one's, and of those behind it what was handed on."""
    frames, at = PARAMETERS["Frames"], PARAMETERS["GatesBefore"]
    for bits, row in zip(rows, plan.table, strict=True):
        if row["gated"] or row["fixed"] or row["tallied"]:
            mask = ((1 << frames) - 1) << (frames * at)
            handed, at = (handed & ~mask) | bits << (frames * at), at + 1
    return handed
