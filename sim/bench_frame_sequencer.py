"""rsnn_frame_sequencer: every pulse of random windows in its cycle and in no other, for the layer table of a net."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block, layer_word, planned

from razorsnn.ops.timeline import DRAIN_CYCLES
from razorsnn.plan import Plan

PULSES = ("scan_start", "pass", "pass_init", "emit", "kept", "pruned", "free")
FETCH_CYCLES = 2


class Sequencer(Block):
    """The block; what it starts is done after a random time, and frames are there after a random time."""

    held = 0
    """Cycles since a frame is there, and was not freed."""

    async def expect(self, *pulses: str, **inputs: int) -> None:
        """The next cycle, in which exactly these pulses are seen."""
        quiet = dict.fromkeys(("scan_done", "pass_free", "pass_put", "emit_done", "begun"), 0)
        await self.next(**quiet | {"held": int(self.held > 0), "tally": self.rng.getrandbits(1)} | inputs)
        await self.settle()
        assert {name for name in PULSES if self.get(name)} == set(pulses)
        self.held += bool(self.held)

    async def quiet(self, most: int, least: int = 0) -> None:
        for _ in range(self.rng.randint(least, most)):
            await self.expect()

    async def present(self) -> None:
        """Waits for a frame, which may be taken from the second cycle on."""
        if not self.held:
            await self.quiet(4)
            self.held = 1
            await self.expect()


async def layer(block: Sequencer, plan: Plan, index: int, frame: int, turn: int) -> tuple[bool | None, int]:
    """One frame in one layer, from the fetch of its row on. Gives the bit of its gate, if it has one, and the turn."""
    row = plan.table[index]
    await block.quiet(FETCH_CYCLES, FETCH_CYCLES)
    if index == 0 and block.held < 2:
        await block.present()
    tallied = bool(block.rng.getrandbits(1))
    kept = tallied if row["tallied"] else bool(plan.fixed_keep[index][frame])
    state = {"layer": layer_word(row), "row": index, "first_frame": int(frame == 0)}
    await block.expect(*(("kept", "scan_start") if kept else ("pruned", "pass")), tally=int(tallied))
    block.require(**state, take=int(kept), turn=turn)
    if kept:
        for _ in range(block.rng.randint(0, 4)):
            await block.expect()
            block.require(**state, take=1, turn=turn)
        await block.expect(*(["free"] if index == 0 else []), scan_done=1)
        turn = 1 - turn
        if index == 0:
            block.held = block.rng.randint(0, 1)
        await block.quiet(DRAIN_CYCLES - 1, DRAIN_CYCLES - 1)
        await block.expect("pass")
    block.require(**state, take=0)
    await block.quiet(5)
    await block.expect(pass_put=1)
    return kept if row["tallied"] or row["fixed"] else None, turn


@cocotb.test()
async def windows(dut: Any) -> None:
    plan, block, frames = planned(), Sequencer(dut), PARAMETERS["Frames"]
    quiet = dict.fromkeys(("held", "tally", "scan_done", "pass_free", "pass_put", "emit_done"), 0)
    await block.begin(begun=0, **quiet)
    turn = 0
    for _ in range(20):
        block.held = 0
        await block.quiet(3, 1)
        assert not block.get("running")
        await block.expect(begun=1)
        for index, row in enumerate(plan.table):
            await block.quiet(FETCH_CYCLES, FETCH_CYCLES)
            await block.expect("pass", "pass_init")
            block.require(layer=layer_word(row), row=index)
            await block.quiet(4)
            await block.expect(pass_free=1)
        keep = 0
        for frame in range(frames):
            bits = list[bool]()
            for index in range(len(plan.layers)):
                bit, turn = await layer(block, plan, index, frame, turn)
                bits += [] if bit is None else [bit]
            keep |= sum(bit << (gate * frames + frame) for gate, bit in enumerate(bits))
        await block.expect("emit")
        assert block.get("running") and block.get("keep") == keep
        await block.quiet(3)
        await block.expect(emit_done=1)
        assert block.get("keep") == keep
