"""rsnn_taps: every output that an event reaches, a block a cycle, from four cycles after it was taken on."""

from itertools import product
from typing import Any

import cocotb
from blocks import PARAMETERS, Block, pack, unpack

LATENCY = 4
INPUTS, WEIGHT = PARAMETERS.get("Inputs", 1), PARAMETERS["WeightAddrWidth"]
TAPS = PARAMETERS["Taps"]
SIDE = {1: 1, 4: 2, 9: 3}[TAPS]


def reached(at: int, layer: dict[str, int], valid: int) -> list[int]:
    """Outputs along one axis whose kernel covers input `at`."""
    firsts = [(output << layer["step_log2"]) - layer["reach"] for output in range(valid)]
    return [output for output, first in enumerate(firsts) if first <= at <= first + layer["span"]]


Step = tuple[int, list[int], dict[int, tuple[int, int]]]
"""Values, weight words, and of each bank that has an output its place in the block and its membrane's address."""


def steps(at: int, layer: dict[str, int], valid: int, side: int) -> list[tuple[int, list[int]]]:
    """Along one axis: the word of each block of weights, and the outputs that its places go to."""
    far, step = at + layer["reach"], 1 << layer["step_log2"]
    firsts = [index for index in range(layer["span"] + 1) if (layer["span"] - index) // step % side == 0]
    inside = reached(at, layer, valid)
    found = []
    for first in reversed(firsts):
        output, rest = divmod(far - first, step)
        outputs = [output + place for place in range(side)]
        if rest == 0 and set(outputs) & set(inside):
            found.append((firsts.index(first), [o if o in inside else -1 for o in outputs]))
    return found


def expected(event: dict[str, int], layer: dict[str, int]) -> list[Step]:
    """Every step of an event."""
    side = 1 if layer["deep"] else SIDE
    pool, groups, step = layer["pool_log2"], layer["groups"], layer["step_log2"]
    size = sum((layer["span"] - index) // (1 << step) % side == 0 for index in range(layer["span"] + 1))
    found = []
    for down, rows in steps(event["event_y"], layer, layer["rows"], side):
        for across, columns in steps(event["event_x"], layer, layer["columns"], side):
            for group in range(groups):
                banks = {}
                for (i, row), (j, column) in product(enumerate(rows), enumerate(columns)):
                    if row >= 0 and column >= 0:
                        tile = (row >> pool) // side * layer["pitch"] + (column >> pool) // side * groups + group
                        address = (layer["base"] + tile) % (1 << PARAMETERS["MembraneAddrWidth"])
                        banks[row % side * side + column % side] = (i * side + j, address)
                if layer["deep"]:
                    banks = {bank: (bank, banks[0][1]) for bank in range(SIDE * SIDE)}
                first, weights = (down * size + across) * groups + group, unpack(event["event_weight"], WEIGHT, INPUTS)
                found.append((event["event_value"], [weight + first for weight in weights], banks))
    return found


@cocotb.test()
@cocotb.parametrize(gap=[0.0, 0.5])
async def events(dut: Any, gap: float) -> None:
    block = Block(dut)
    rng = block.rng
    await block.begin(event_valid=0)
    for _ in range(40):
        pool, groups, reach, folded = rng.randint(0, 2), rng.randint(1, 3), rng.randint(0, 1), rng.random() < 0.5
        height, width = rng.randint(4, 9), rng.randint(4, 9)
        stride, rest = (pool, 0) if folded else (0, pool)
        rows, columns = height >> pool << rest, width >> pool << rest
        layer = {"reach": reach, "span": 2 * reach + (1 << stride) - 1, "step_log2": stride, "pool_log2": rest}
        deep = int(SIDE > 1 and (rest > 0 or rng.random() < 0.3))
        tiles = -(-(columns >> rest) // (1 if deep else SIDE))
        layer |= {"rows": rows, "columns": columns, "groups": groups, "pitch": tiles * groups, "deep": deep}
        layer["base"] = rng.choice([0, rng.randint(0, 255)])
        wanted: dict[int, Step] = {}
        free = block.time
        await step(block, wanted, event_valid=0, **layer)
        for _ in range(30):
            while rng.random() < gap:
                await step(block, wanted, event_valid=0)
            event = {"event_value": pack([rng.randint(1, 15) for _ in range(INPUTS)], 4)}
            event |= {"event_weight": pack([rng.randint(0, 900) for _ in range(INPUTS)], WEIGHT)}
            event |= {"event_y": rng.randrange(height), "event_x": rng.randrange(width)}
            outputs = expected(event, layer)
            while not await step(block, wanted, event_valid=1, **event):
                assert block.time < free
            assert block.time >= free
            free = block.time + max(1, len(outputs))
            wanted |= {block.time + LATENCY + index: output for index, output in enumerate(outputs)}
        while block.time < free + LATENCY:
            await step(block, wanted, event_valid=0)
        assert not wanted and not block.get("busy")


async def step(block: Block, wanted: dict[int, Step], **inputs: int) -> bool:
    """One cycle, whose output must be the wanted one; gives event_ready_o."""
    await block.next(**inputs)
    await block.settle()
    expects = wanted.pop(block.time, None)
    assert block.get("valid") == (expects is not None)
    if expects is not None:
        value, weights, banks = expects
        assert (block.get("value"), unpack(block.get("weight"), WEIGHT, INPUTS)) == (value, weights)
        assert [bank for bank in range(TAPS) if block.get("bank") >> bank & 1] == sorted(banks)
        addresses = unpack(block.get("membrane"), PARAMETERS["MembraneAddrWidth"], TAPS)
        turns = block.get("turn_y"), block.get("turn_x")
        for bank, (place, address) in banks.items():
            turned = [(at - turn) % SIDE for at, turn in zip(divmod(bank, SIDE), turns, strict=True)]
            assert (turned[0] * SIDE + turned[1], addresses[bank]) == (place, address)
    return bool(block.get("event_ready"))
