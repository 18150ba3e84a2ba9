"""rsnn_mac against fixed.py: events and passes in any order, one a cycle, at the ends of every range."""

from operator import mul
from typing import Any

import cocotb
from blocks import PARAMETERS, Block, pack

from razorsnn.fixed import leak

INPUTS, WEIGHT, VALUE, MEMBRANE = (PARAMETERS[name] for name in ("Inputs", "WeightBits", "ValueBits", "MembraneBits"))
MASK = (1 << MEMBRANE) - 1


def signed(block: Block, bits: int) -> int:
    half = 1 << (bits - 1)
    return block.rng.choice([0, 1, -1, half - 1, -half, block.rng.randrange(-half, half) >> block.rng.randrange(bits)])


def drawn(block: Block) -> tuple[dict[str, int], dict[str, int], dict[str, int], int]:
    """Inputs of the first cycle, of the second and of the third, and the sum."""
    weights, membrane = [signed(block, WEIGHT) for _ in range(INPUTS)], signed(block, MEMBRANE)
    # The first one is an event, the others may be missing.
    values = [block.rng.randrange(int(n == 0), 1 << VALUE) for n in range(INPUTS)]
    event, wipe, alpha = (block.rng.randrange(high) for high in (2, 2, 256))
    third = {name: block.rng.getrandbits(MEMBRANE) for name in ("word", "bias")}
    # What all layers have counts, and not what comes of a row.
    used = alpha if PARAMETERS["Alpha"] < 0 else PARAMETERS["Alpha"]
    part = sum(map(mul, weights, values)) if event else 0 if wipe else int(leak(membrane, used))
    first = {
        "event": event,
        "weight": pack(weights, WEIGHT),
        "value": pack(values, VALUE),
        "membrane": membrane,
        "alpha": alpha,
    }
    base = third["word" if event else "bias"]
    return first, {"leak": 1 - event, "wipe": wipe & (1 - event)}, third, (base + part) & MASK


@cocotb.test()
async def sums(dut: Any) -> None:
    block = Block(dut)
    first, second, third, _ = drawn(block)
    await block.begin(**first, **second, **third)
    under_way = [drawn(block) for _ in range(2)]
    for _ in range(4000):
        under_way.append(drawn(block))
        (_, _, third, wanted), (_, second, _, _), (first, _, _, _) = under_way[-3:]
        await block.next(**first, **second, **third)
        await block.settle()
        if len(under_way) > 4:
            assert block.get("sum") == wanted, under_way[-3]
