"""rsnn_taps: every output that an event reaches, one a cycle, two cycles after it is presented."""

from typing import Any

import cocotb
from blocks import Block


def reached(at: int, reach: int, valid: int) -> range:
    return range(max(at - reach, 0), min(at + reach, valid - 1) + 1)


def expected(event: dict[str, int], layer: dict[str, int]) -> list[tuple[int, int, int]]:
    """(value, weight, membrane) of each output."""
    y, x, reach, pool, groups = event["event_y"], event["event_x"], layer["reach"], layer["pool_log2"], layer["groups"]
    found = []
    for row in reached(y, reach, layer["rows"]):
        for column in reached(x, reach, layer["columns"]):
            tap = (y - row + 1) * 3 + x - column + 1 if reach else 0
            for group in range(groups):
                membrane = (row >> pool) * layer["pitch"] + (column >> pool) * groups + group
                found.append((event["event_value"], event["event_weight"] + tap * groups + group, membrane))
    return found


@cocotb.test()
@cocotb.parametrize(gap=[0.0, 0.5])
async def events(dut: Any, gap: float) -> None:
    block = Block(dut)
    rng = block.rng
    await block.begin(event_valid=0)
    for _ in range(40):
        pool, groups = rng.randint(0, 1), rng.randint(1, 3)
        height, width = rng.randint(2, 6), rng.randint(2, 6)
        rows, columns = height >> pool << pool, width >> pool << pool
        layer = {"reach": rng.randint(0, 1), "pool_log2": pool, "rows": rows, "columns": columns, "groups": groups}
        layer["pitch"] = (columns >> pool) * groups
        wanted: dict[int, tuple[int, int, int]] = {}
        await step(block, wanted, event_valid=0, **layer)
        for _ in range(30):
            while rng.random() < gap:
                await step(block, wanted, event_valid=0)
            event = {"event_value": rng.randint(1, 15), "event_weight": rng.randint(0, 900)}
            event |= {"event_y": rng.randrange(height), "event_x": rng.randrange(width)}
            outputs = expected(event, layer)
            for index in range(max(1, len(outputs))):
                if outputs:
                    wanted[block.time + 3] = outputs[index]
                ready = await step(block, wanted, event_valid=1, **event)
                assert ready == (index >= len(outputs) - 1)
        for _ in range(3):
            await step(block, wanted, event_valid=0)
        assert not wanted


async def step(block: Block, wanted: dict[int, tuple[int, int, int]], **inputs: int) -> bool:
    """One cycle, whose output must be the wanted one; gives event_ready_o."""
    await block.next(**inputs)
    await block.settle()
    expects = wanted.pop(block.time, None)
    assert block.get("valid") == (expects is not None)
    if expects is not None:
        assert (block.get("value"), block.get("weight"), block.get("membrane")) == expects
    return bool(block.get("event_ready"))
