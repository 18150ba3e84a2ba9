"""Bench of start, abort, interrupt and status: plays window 0 of the job; its scores are stored, the rest asserted."""

from typing import Any

import cocotb
import jobs
import numpy as np
from bench_windows import Bench
from cocotb.triggers import ClockCycles, FallingEdge
from drivers import start

from razorsnn.registers import (
    CONTROL_ABORT,
    CONTROL_START,
    REGISTERS,
    STATUS_BUSY,
    STATUS_CLEARING,
    STATUS_DONE,
)


async def started(dut: Any) -> Bench:
    await start(dut)
    return Bench(dut, jobs.load())


async def status(bench: Bench) -> int:
    return await bench.registers.read(REGISTERS["status"])


async def idle(bench: Bench) -> None:
    while await status(bench) & STATUS_CLEARING:
        pass


@cocotb.test()
async def stopped_input_is_not_ready(dut: Any) -> None:
    """Abort stops, start lets the next window in; a running engine is busy, an aborted one is not."""
    bench = await started(dut)
    assert await bench.registers.read(REGISTERS["control"]) == CONTROL_START
    assert await status(bench) & STATUS_CLEARING
    await idle(bench)
    assert dut.s_axis_tready_o.value == 1
    await bench.source.send(jobs.beats(bench.job, 0)[:1])
    assert await status(bench) == STATUS_BUSY
    await bench.registers.write(REGISTERS["control"], CONTROL_ABORT)
    await idle(bench)
    assert await status(bench) == 0
    dut.s_axis_tvalid_i.value = 1
    for _ in range(20):
        assert dut.s_axis_tready_o.value == 0
        await FallingEdge(dut.clk_i)
    dut.s_axis_tvalid_i.value = 0
    assert await bench.registers.read(REGISTERS["control"]) == 0
    await bench.registers.write(REGISTERS["control"], CONTROL_START)
    assert dut.s_axis_tready_o.value == 1
    sending = cocotb.start_soon(bench.source.send(jobs.beats(bench.job, 0)))
    scores, _ = await bench.sink.receive()
    await sending
    jobs.store(scores=np.array(scores))


@cocotb.test()
async def interrupt_follows_done(dut: Any) -> None:
    """Low without enable, high with it once a window is done, low when its status bit is cleared."""
    bench = await started(dut)
    for enable in (0, STATUS_DONE >> 2):
        await bench.registers.write(REGISTERS["interrupt_enable"], enable)
        assert await bench.registers.read(REGISTERS["interrupt_enable"]) == enable
        cocotb.start_soon(bench.source.send(jobs.beats(bench.job, 0)))
        await bench.sink.receive()
        await ClockCycles(dut.clk_i, 2)
        await FallingEdge(dut.clk_i)
        assert dut.irq_o.value == enable
        assert await status(bench) == STATUS_DONE
        await bench.registers.write(REGISTERS["status"], STATUS_DONE)
        assert dut.irq_o.value == 0
        assert await status(bench) == 0
