"""Drivers of the benches. They act at falling edges: what they read then is what the next rising edge sees.

A handshake's cycle is therefore the time of the falling edge before it; only differences count.
"""

import random
from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer
from cocotb.utils import get_sim_time

PERIOD_STEPS = 2
"""Clock period in simulator steps; nothing in the design has a delay."""


def now() -> int:
    """The current cycle, counted from the start of the simulation."""
    return int(get_sim_time("step")) // PERIOD_STEPS


async def start(dut: Any) -> None:
    """The clock runs, and the design was reset, from the first edge that a bench can give: memories have contents."""
    dut.rst_ni.value = 0
    await Timer(1, unit="step")
    Clock(dut.clk_i, PERIOD_STEPS, unit="step", impl="gpi").start()
    await reset(dut)


async def reset(dut: Any, cycles: int = 2) -> None:
    """Idle inputs, then a synchronous reset."""
    for name in ("s_axis_tvalid_i", "s_axil_awvalid_i", "s_axil_wvalid_i", "s_axil_arvalid_i"):
        getattr(dut, name).value = 0
    for name in ("m_axis_tready_i", "s_axil_bready_i", "s_axil_rready_i"):
        getattr(dut, name).value = 1
    dut.rst_ni.value = 0
    for _ in range(cycles + 1):
        await FallingEdge(dut.clk_i)
    dut.rst_ni.value = 1


class Source:
    """AXI4-Stream source: puts a beat a cycle, or idles with probability `idle` before one."""

    def __init__(self, dut: Any, idle: float, rng: random.Random) -> None:
        self.dut, self.idle, self.rng = dut, idle, rng

    async def send(self, beats: list[tuple[int, int]]) -> list[int]:
        """Sends (data, last) beats; gives the cycle in which each was accepted.

        Nearly all of a bench's Python runs here, once a beat: what does not change is not written, nor asked again.
        """
        dut, cycles, at = self.dut, list[int](), now()
        valid, data, last, ready = dut.s_axis_tvalid_i, dut.s_axis_tdata_i, dut.s_axis_tlast_i, dut.s_axis_tready_o
        edge, shown, marked = FallingEdge(dut.clk_i), 0, None
        for word, mark in beats:
            while self.idle and self.rng.random() < self.idle:
                valid.value, shown = 0, 0
                await edge
                at += 1
            if not shown:
                valid.value, shown = 1, 1
            if mark != marked:
                last.value, marked = mark, mark
            data.value = word
            if not ready.value:
                await RisingEdge(ready)
                await edge
                at = now()
            cycles.append(at)
            await edge
            at += 1
        valid.value = 0
        return cycles


class Sink:
    """AXI4-Stream sink: takes a beat a cycle, or stalls with probability `stall` before one."""

    def __init__(self, dut: Any, stall: float, rng: random.Random) -> None:
        self.dut, self.stall, self.rng = dut, stall, rng

    async def receive(self) -> tuple[list[int], list[int]]:
        """One packet: its signed values, and the cycle of each beat."""
        dut, values, cycles = self.dut, [], []
        while True:
            dut.m_axis_tready_i.value = 0 if self.stall else 1
            if not dut.m_axis_tvalid_o.value:
                await RisingEdge(dut.m_axis_tvalid_o)
                await FallingEdge(dut.clk_i)
            while self.stall and self.rng.random() < self.stall:
                await FallingEdge(dut.clk_i)
            dut.m_axis_tready_i.value = 1
            values.append(dut.m_axis_tdata_o.value.to_signed())
            cycles.append(now())
            last = bool(dut.m_axis_tlast_o.value)
            await FallingEdge(dut.clk_i)
            if last:
                return values, cycles


class Registers:
    """AXI4-Lite master."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut

    async def read(self, address: int) -> int:
        dut = self.dut
        dut.s_axil_araddr_i.value = address
        dut.s_axil_arvalid_i.value = 1
        await FallingEdge(dut.clk_i)
        dut.s_axil_arvalid_i.value = 0
        while not dut.s_axil_rvalid_o.value:
            await FallingEdge(dut.clk_i)
        value = int(dut.s_axil_rdata_o.value)
        await FallingEdge(dut.clk_i)
        return value

    async def write(self, address: int, value: int) -> None:
        dut = self.dut
        dut.s_axil_awaddr_i.value = address
        dut.s_axil_wdata_i.value = value
        dut.s_axil_awvalid_i.value = 1
        dut.s_axil_wvalid_i.value = 1
        await FallingEdge(dut.clk_i)
        dut.s_axil_awvalid_i.value = 0
        dut.s_axil_wvalid_i.value = 0
        while not dut.s_axil_bvalid_o.value:
            await FallingEdge(dut.clk_i)
        await FallingEdge(dut.clk_i)
