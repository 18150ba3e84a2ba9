"""rsnn_taps: every output that an event reaches, one a cycle, from four cycles after it was taken on."""

from typing import Any

import cocotb
from blocks import Block

LATENCY = 4


def reached(at: int, layer: dict[str, int], valid: int) -> list[int]:
    """Outputs along one axis whose kernel covers input `at`."""
    firsts = [(output << layer["step_log2"]) - layer["reach"] for output in range(valid)]
    return [output for output, first in enumerate(firsts) if first <= at <= first + layer["span"]]


def expected(event: dict[str, int], layer: dict[str, int]) -> list[tuple[int, int, int]]:
    """(value, weight, membrane) of each output."""
    pool, groups, step = layer["pool_log2"], layer["groups"], layer["step_log2"]
    y, x = event["event_y"] + layer["reach"], event["event_x"] + layer["reach"]
    found = []
    for row in reached(event["event_y"], layer, layer["rows"]):
        for column in reached(event["event_x"], layer, layer["columns"]):
            tap = (y - (row << step)) * (layer["span"] + 1) + x - (column << step)
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
        pool, groups, reach, folded = rng.randint(0, 2), rng.randint(1, 3), rng.randint(0, 1), rng.random() < 0.5
        height, width = rng.randint(4, 9), rng.randint(4, 9)
        stride, rest = (pool, 0) if folded else (0, pool)
        rows, columns = height >> pool << rest, width >> pool << rest
        layer = {"reach": reach, "span": 2 * reach + (1 << stride) - 1, "step_log2": stride, "pool_log2": rest}
        layer |= {"rows": rows, "columns": columns, "groups": groups, "pitch": (columns >> rest) * groups}
        wanted: dict[int, tuple[int, int, int]] = {}
        free = block.time
        await step(block, wanted, event_valid=0, **layer)
        for _ in range(30):
            while rng.random() < gap:
                await step(block, wanted, event_valid=0)
            event = {"event_value": rng.randint(1, 15), "event_weight": rng.randint(0, 900)}
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


async def step(block: Block, wanted: dict[int, tuple[int, int, int]], **inputs: int) -> bool:
    """One cycle, whose output must be the wanted one; gives event_ready_o."""
    await block.next(**inputs)
    await block.settle()
    expects = wanted.pop(block.time, None)
    assert block.get("valid") == (expects is not None)
    if expects is not None:
        assert (block.get("value"), block.get("weight"), block.get("membrane")) == expects
    return bool(block.get("event_ready"))
