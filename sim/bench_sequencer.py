"""rsnn_sequencer: every pulse of random windows in its cycle and in no other, for the layer table of a plan."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block, layer_word, planned

from razorsnn.ops.synapse import DRAIN_CYCLES

PULSES = ("razor_start", "scan_start", "pass", "pass_init", "emit", "kept", "pruned")
FETCH_CYCLES = 2


class Sequencer(Block):
    """The block; what it starts is done after a random time."""

    async def quiet(self, cycles: int) -> None:
        for _ in range(cycles):
            await self.expect()

    async def expect(self, *pulses: str, **inputs: int) -> None:
        """In the next cycle exactly these pulses."""
        quiet = dict.fromkeys(("razor_done", "scan_done", "pass_done", "pass_put", "emit_done", "start"), 0)
        await self.next(**quiet | inputs)
        await self.settle()
        assert {name for name in PULSES if self.get(name)} == set(pulses)

    async def done(self, name: str, **state: int) -> None:
        """`name` is done after a while, in which the outputs hold `state`; outputs of the pass before end anywhere."""
        for _ in range(self.rng.randint(0, 6)):
            await self.expect(pass_put=0 if name == "put" else self.rng.getrandbits(1))
            assert {output: self.get(output) for output in state} == state
        await self.next(**{"pass_put" if name == "put" else f"{name}_done": 1})
        await self.settle()
        assert not any(self.get(pulse) for pulse in PULSES)


async def layer(block: Sequencer, index: int, row: dict[str, int], frames: int) -> int:
    """Plays one layer from its fetch on; gives its keep bits."""
    await block.quiet(FETCH_CYCLES)
    keep = block.rng.getrandbits(frames)
    if row["gated"]:
        await block.expect("razor_start")
        assert not block.get("gating")
        await block.done("razor", gating=1, read_base=0, index=index)
    kept = [not row["gated"] or bool(keep >> frame & 1) for frame in range(frames)]
    ahead = [{"scan_start"} if scanned else set[str]() for scanned in [*kept, False]]
    await block.expect("pass_init", "pass", *ahead[0], keep=keep)
    assert block.get("read_base") == 0
    await block.done("pass", layer=layer_word(row), index=index, gating=0, take=0)
    for frame in range(frames):
        state = {"write_base": frame * row["words_out"], "first_frame": int(frame == 0)}
        state |= {"layer": layer_word(row), "index": index}
        if kept[frame]:
            await block.expect("kept")
            assert block.get("take")
            await block.done("scan", **state, take=1)
            await block.quiet(DRAIN_CYCLES - 1)
        await block.expect("pass", *ahead[frame + 1], *(() if kept[frame] else ("pruned",)))
        assert block.get("read_base") == (frame + 1) * row["words_in"]
        await block.done("pass", **state, take=0)
    await block.done("put", **state, take=0)
    return keep


@cocotb.test()
async def windows(dut: Any) -> None:
    plan, block, frames = planned(), Sequencer(dut), PARAMETERS["Frames"]
    await block.begin(start=0, keep=0, razor_done=0, scan_done=0, pass_done=0, pass_put=0, emit_done=0)
    before = 0
    for _ in range(20):
        await block.quiet(block.rng.randint(1, 3))
        assert block.get("idle") and block.get("keep") == before
        await block.next(start=1)
        kept = [await layer(block, index, row, frames) for index, row in enumerate(plan.table)]
        assert block.get("keep") == before
        await block.expect("emit")
        await block.done("emit", idle=0)
        gated = [keep for keep, row in zip(kept, plan.table, strict=True) if row["gated"]]
        before = sum(keep << (gate * frames) for gate, keep in enumerate(gated))
