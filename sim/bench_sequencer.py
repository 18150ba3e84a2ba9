"""rsnn_sequencer: every pulse of random windows in its cycle and in no other, for the layer table of a plan."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block, layer_word, pack, planned, unpack

from razorsnn.ops.synapse import DRAIN_CYCLES

PULSES = ("razor_start", "scan_start", "pass", "pass_init", "emit", "kept", "pruned")
FETCH_CYCLES = 2
KNOWN_CHANCE = 0.2
"""Of another keep bit in a cycle."""


class Sequencer(Block):
    """The block; what it starts is done after a random time, and keep bits are known after a random time each."""

    def open_layer(self, bits: list[int], words_in: int, gated: bool, tallied: bool = False) -> None:
        """Keep bits of a layer; those of a gate are known one by one."""
        self.bits, self.words_in = bits, words_in
        self.waiting: int | None = None
        self.known = 0 if gated else len(bits)
        self.tallied = tallied
        self.decided = 0

    async def quiet(self, cycles: int) -> None:
        for _ in range(cycles):
            await self.expect()

    async def step(self, **inputs: int) -> None:
        hidden = self.rng.getrandbits(len(self.bits)) >> self.known << self.known
        known = (1 << self.known) - 1
        quiet = dict.fromkeys(("scan_done", "pass_done", "pass_put", "emit_done", "start"), 0)
        await self.next(**quiet | inputs, known=known, keep=pack(self.bits, 1) ^ hidden, tally=self.tally())
        await self.settle()

    def tally(self) -> int:
        """Of other layers it is of no interest."""
        return pack(self.bits, 1) if self.tallied else self.rng.getrandbits(len(self.bits))

    def check(self, *pulses: str) -> None:
        """Exactly these, and a scan where the frame that waits for it has become known."""
        wanted = set(pulses)
        if self.waiting is not None and self.known > self.waiting:
            assert self.get("read_base") == self.waiting * self.words_in
            wanted |= {"scan_start"} if self.bits[self.waiting] else set()
            self.waiting = None
        assert {name for name in PULSES if self.get(name)} == wanted
        if self.known < len(self.bits) and self.rng.random() < KNOWN_CHANCE:
            self.known += 1

    async def expect(self, *pulses: str, opens: int | None = None, **inputs: int) -> None:
        """In the next cycle exactly these pulses; with it frame `opens` may be scanned."""
        await self.step(**inputs)
        self.waiting = opens if opens is not None else self.waiting
        self.check(*pulses)

    async def done(self, name: str, **state: int) -> None:
        """`name` is done after a while, in which the outputs hold `state`; outputs of the pass before end anywhere."""
        for _ in range(self.rng.randint(0, 6)):
            await self.expect(pass_put=0 if name == "put" else self.rng.getrandbits(1))
            assert {output: self.get(output) for output in state} == state
        await self.step(**{"pass_put" if name == "put" else f"{name}_done": 1})
        self.check()


async def layer(block: Sequencer, index: int, row: dict[str, int], frames: int) -> int:
    """Plays one layer from its fetch on; gives its keep bits."""
    await block.quiet(FETCH_CYCLES)
    fixed = planned().fixed_keep[index].tolist()
    bits = unpack(block.rng.getrandbits(frames), 1, frames) if row["gated"] or row["tallied"] else fixed
    block.open_layer(bits, row["words_in"], bool(row["gated"]), bool(row["tallied"]))
    started = ("razor_start",) if row["gated"] else ()
    await block.expect("pass_init", "pass", *started, opens=0)
    await block.done("pass", layer=layer_word(row), index=index, take=0)
    for frame in range(frames):
        state = {"write_base": frame * row["words_out"], "first_frame": int(frame == 0)}
        state |= {"layer": layer_word(row), "index": index}
        while block.known <= frame:
            await block.expect()
            assert not block.get("take")
        following = frame + 1 if frame + 1 < frames else None
        if bits[frame]:
            await block.expect("kept")
            assert block.get("take")
            await block.done("scan", **state, take=1)
            await block.quiet(DRAIN_CYCLES - 1)
            await block.expect("pass", opens=following)
        else:
            await block.expect("pass", "pruned", opens=following)
        await block.done("pass", **state, take=0)
    await block.done("put", **state, take=0)
    return pack(bits, 1)


@cocotb.test()
async def windows(dut: Any) -> None:
    plan, block, frames = planned(), Sequencer(dut), PARAMETERS["Frames"]
    await block.begin(start=0, keep=0, known=0, tally=0, scan_done=0, pass_done=0, pass_put=0, emit_done=0)
    before = 0
    for _ in range(20):
        block.open_layer([1] * frames, 0, gated=False)
        await block.quiet(block.rng.randint(1, 3))
        assert block.get("keep") == before
        await block.next(start=1)
        kept = [await layer(block, index, row, frames) for index, row in enumerate(plan.table)]
        assert block.get("keep") == before
        await block.expect("emit")
        await block.done("emit")
        gated = [
            keep for keep, row in zip(kept, plan.table, strict=True) if row["gated"] or row["fixed"] or row["tallied"]
        ]
        before = sum(keep << (gate * frames) for gate, keep in enumerate(gated))
