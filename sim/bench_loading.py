"""Bench of loads that meet windows and resets. Window 0 of the job is played, its "window" 1 is a whole load.

The load brings the contents that are there already, so all scores must be equal; they are stored, the rest is asserted.
"""

from typing import Any

import cocotb
import jobs
import numpy as np
from bench_windows import Bench
from cocotb.triggers import FallingEdge
from drivers import reset, start

from razorsnn.registers import (
    CONTROL_ABORT,
    CONTROL_START,
    REGISTERS,
    STATUS_BUSY,
    STATUS_CLEARING,
    STATUS_DONE,
    STATUS_LOADING,
    STATUS_PARTIAL,
    STATUS_REFUSED,
)

SCORES: list[list[int]] = []
"""Of every window of every test."""


async def window(bench: Bench, beats: list[tuple[int, int]]) -> None:
    """Sends (the rest of) a window; takes and stores its scores."""
    sending = cocotb.start_soon(bench.source.send(beats))
    SCORES.append((await bench.sink.receive())[0])
    await sending
    jobs.store(scores=np.array(SCORES))
    await bench.registers.write(REGISTERS["status"], STATUS_REFUSED | STATUS_DONE)
    assert await status(bench) == 0


async def status(bench: Bench) -> int:
    """When the input memory is clear."""
    found = STATUS_CLEARING
    while found & STATUS_CLEARING:
        found = await bench.registers.read(REGISTERS["status"])
    return found


async def load(bench: Bench, part: slice = slice(None)) -> None:
    for value, address in jobs.beats(bench.job, 1)[part]:
        await bench.registers.write(address, value)


async def input_waits(bench: Bench) -> None:
    """A beat that is offered is not taken."""
    bench.dut.s_axis_tvalid_i.value = 1
    for _ in range(20):
        assert bench.dut.s_axis_tready_o.value == 0
        await FallingEdge(bench.dut.clk_i)
    bench.dut.s_axis_tvalid_i.value = 0


@cocotb.test()
async def a_load_within_a_window_is_refused(dut: Any) -> None:
    """From the first beat to the last score, every write of it; the window is as if there had been none."""
    await start(dut)
    bench = Bench(dut, jobs.load())
    beats = jobs.beats(bench.job, 0)
    for before in (1, len(beats)):
        dut.m_axis_tready_i.value = 0  # the last score is not taken before the load is over
        assert not await status(bench)
        await bench.source.send(beats[:before])
        await load(bench)
        assert await status(bench) == STATUS_BUSY | STATUS_REFUSED
        await window(bench, beats[before:])


@cocotb.test()
async def a_refusal_stays_where_other_bits_are_cleared(dut: Any) -> None:
    await start(dut)
    bench = Bench(dut, jobs.load())
    await bench.registers.write(REGISTERS["load_data"], 0)
    await bench.registers.write(REGISTERS["status"], STATUS_DONE)
    assert await status(bench) == STATUS_REFUSED


@cocotb.test()
async def no_window_starts_on_part_of_a_load(dut: Any) -> None:
    """Neither while it goes on, nor after a reset or an abort, until a load was committed; the host may stop before."""
    await start(dut)
    bench = Bench(dut, jobs.load())
    for end in (reset, aborted):
        await load(bench, slice(0, -1))
        assert await status(bench) == STATUS_LOADING | STATUS_PARTIAL
        await input_waits(bench)
        await end(dut)
        assert await status(bench) == STATUS_PARTIAL | (STATUS_LOADING if end is aborted else 0)
        await input_waits(bench)
        await load(bench)
        assert await status(bench) == 0
        await window(bench, jobs.beats(bench.job, 0))


async def aborted(dut: Any) -> None:
    bench = Bench(dut, jobs.load())
    await bench.registers.write(REGISTERS["control"], CONTROL_ABORT)
    await bench.registers.write(REGISTERS["control"], CONTROL_START)
