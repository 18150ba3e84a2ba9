"""What a device has, and whether a plan fits: multipliers, and memories in whole blocks. A new device is a line here.

Bits of memory are a hard limit. Blocks are counted as if each memory could take any kind, which flatters a device with
URAM: the sources ask for block RAM, and URAM has no contents after configuration, so weights there are to be loaded.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

from razorsnn.errors import UserError
from razorsnn.memories import Memory
from razorsnn.ops.words import INPUTS
from razorsnn.plan import Plan, make_plan

Ways = tuple[tuple[int, int], ...]
"""(words, bits a word) that one block can be."""
EBR: Ways = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
BRAM36: Ways = ((32768, 1), (16384, 2), (8192, 4), (4096, 9), (2048, 18), (1024, 36), (512, 72))
URAM: Ways = ((4096, 72),)
LARGEST = 3
"""Memories that a refusal names."""


@dataclass(frozen=True)
class Blocks:
    """One kind of memory block: its name, how many there are, what one can be."""

    name: str
    count: int
    ways: Ways
    widest: int
    """Bits of a word that both ports read."""

    def needed(self, memory: Memory) -> int:
        ways = [way for way in self.ways if not memory.two_ports or way[1] <= self.widest]
        bits = memory.width // memory.parts
        bank = (min(-(-words // depth) * -(-bits // width) for depth, width in ways) for words in memory.banks)
        return memory.parts * sum(bank)

    @property
    def bits(self) -> int:
        """Of all of them."""
        return self.count * max(depth * width for depth, width in self.ways)


@dataclass(frozen=True)
class Device:
    """18 x 18 multipliers or DSPs, and memory blocks by kind."""

    multipliers: int
    blocks: tuple[Blocks, ...]


DEVICES: Mapping[str, Device] = {
    "ecp5-85k": Device(156, (Blocks("EBR", 208, EBR, 18),)),
    "ecp5-45k": Device(72, (Blocks("EBR", 108, EBR, 18),)),
    "ecp5-25k": Device(28, (Blocks("EBR", 56, EBR, 18),)),
    "zcu104": Device(1728, (Blocks("BRAM36", 312, BRAM36, 36), Blocks("URAM", 96, URAM, 72))),
}
"""From the vendors' tables: LFE5U-85F, -45F, -25F; the XCZU7EV of the ZCU104."""


@dataclass(frozen=True)
class Need:
    """Of one resource, what a plan needs and what the device has."""

    resource: str
    needs: int
    has: int

    def __str__(self) -> str:
        return f"{self.resource} {self.needs:,} of {self.has:,}"


def needs(plan: Plan, name: str) -> list[Need]:
    """Multipliers, bits of memory, blocks of each kind; memories in LUTs do not count. UserError: no such device."""
    device = _device(name)
    memories = [memory for memory in plan.memories() if memory.in_block_ram]
    used = _spread(memories, device.blocks)
    bits, has = sum(memory.bits for memory in memories), sum(kind.bits for kind in device.blocks)
    return [
        Need("multipliers", sum(plan.multipliers().values()), device.multipliers),
        Need("bits of block memory", bits, has),
        *(Need(kind.name, used[kind.name], kind.count) for kind in device.blocks),
    ]


def fits(found: Sequence[Need]) -> bool:
    return all(need.needs <= need.has for need in found)


def require_fitting(plan: Plan, name: str) -> list[Need]:
    """The needs. UserError: what is too big, and the most lanes that fit, or that none do."""
    found = needs(plan, name)
    if fits(found):
        return found
    over = "; ".join(str(need) for need in found if need.needs > need.has)
    largest = sorted(plan.memories(), key=lambda memory: -memory.bits)[:LARGEST]
    told = ", ".join(f"{memory.name} {memory.bits / 1e6:.1f} Mbit" for memory in largest)
    raise UserError(
        f"graph {plan.graph.name} on {plan.shape.engine} is too big for {name}: {over}; the largest memories, "
        f"of a whole {'frame' if plan.shape.streaming else 'window'}: {told}; accepted: {_accepted(plan, name)}"
    )


def _accepted(plan: Plan, name: str) -> str:
    shape, streams = plan.shape, not any(layer.razor for layer in plan.layers)
    orders = [(bool(shape.streaming), plan.engines)] + [(True, [len(plan.layers)])] * (streams and not shape.streaming)
    fewer = [inputs for inputs in reversed(INPUTS) if inputs <= shape.inputs]
    for (streaming, engines), inputs, log2 in product(orders, fewer, range(shape.lanes.bit_length() - 1, -1, -1)):
        with suppress(UserError):  # what has no plan does not fit either
            smaller = make_plan(plan.graph, 1 << log2, None, shape.taps, engines, inputs, streaming)
            if fits(needs(smaller, name)):
                return f"up to {smaller.shape.engine}"
    without = "" if streams else ", gates other than razors and --streaming"
    return f"no number of lanes, because no memory is external; fewer frames, channels or bits{without}"


def _device(name: str) -> Device:
    if name not in DEVICES:
        raise UserError(f"device {name}: unknown; accepted: {', '.join(DEVICES)}")
    return DEVICES[name]


def _spread(memories: Sequence[Memory], kinds: Sequence[Blocks]) -> dict[str, int]:
    """Blocks by kind, the largest memory first, each where it takes the smaller share of what is left."""
    used = dict.fromkeys((kind.name for kind in kinds), 0)
    for memory in sorted(memories, key=lambda memory: -memory.bits):
        best = min(kinds, key=lambda kind: kind.needed(memory) / max(1e-9, kind.count - used[kind.name]))
        used[best.name] += best.needed(memory)
    return used
