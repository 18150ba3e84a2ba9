"""Bench of the whole accelerator: plays the windows of a job file, stores what came out.

The job (numpy .npz, path in RAZORSNN_JOB): beats uint64 (bit 32: TLAST), ends [windows] (beats up to each window's
end), gates, layers, frames, idle, stall, seed, and per window an action: 0 run it, 1 reset `wait` cycles after its
beats and expect nothing, 2 abort likewise, 3: no window but a load, whose beats are register writes (the value, its
address from bit 32 on). The result lies in RAZORSNN_RESULT, a count of windows meanwhile in
RAZORSNN_PROGRESS.
"""

import os
import random
from pathlib import Path
from typing import Any

import cocotb
import jobs
import numpy as np
from cocotb.triggers import FallingEdge
from drivers import Registers, Sink, Source, reset, start

from razorsnn.registers import (
    CONTROL_ABORT,
    CONTROL_START,
    COUNTERS,
    REGISTERS,
    STATUS_DONE,
    STATUS_UNENDED,
    keep_register,
    layer_registers,
)

RUN, RESET, ABORT, LOAD = 0, 1, 2, 3
RESULTS = ("scores", "cycles", "keep", "counters", "layers", "status")


class Bench:
    """One run of one job."""

    def __init__(self, dut: Any, job: dict[str, Any]) -> None:
        rng = random.Random(int(job["seed"]))
        self.dut, self.job = dut, job
        self.source = Source(dut, float(job["idle"]), random.Random(rng.random()))
        self.sink = Sink(dut, float(job["stall"]), random.Random(rng.random()))
        self.registers = Registers(dut)
        self.rows: dict[str, list[Any]] = {name: [] for name in RESULTS}

    async def interrupt(self, action: int) -> None:
        """Reset or abort in the middle of a window, wherever it is."""
        wait = int(self.job["wait"])
        for _ in range(wait):
            await FallingEdge(self.dut.clk_i)
        if action == RESET:
            await reset(self.dut)
            return
        await self.registers.write(REGISTERS["control"], CONTROL_ABORT)
        await self.registers.write(REGISTERS["control"], CONTROL_START)

    async def window(self, index: int) -> None:
        sending = cocotb.start_soon(self.source.send(jobs.beats(self.job, index)))
        scores, cycles = await self.sink.receive()
        accepted = await sending
        self.rows["scores"].append(scores)
        self.rows["cycles"].append([cycle - accepted[0] for cycle in cycles])
        self.rows["keep"].append(await self.keep_bits())
        self.rows["counters"].append([await self.registers.read(REGISTERS[name]) for name in COUNTERS])
        self.rows["status"].append(await self.registers.read(REGISTERS["status"]))
        await self.registers.write(REGISTERS["status"], STATUS_DONE | STATUS_UNENDED)
        layers = [layer_registers(layer) for layer in range(int(self.job["layers"]))]
        self.rows["layers"].append([[await self.registers.read(at) for at in pair] for pair in layers])

    async def keep_bits(self) -> list[list[int]]:
        frames, found = int(self.job["frames"]), []
        for gate in range(int(self.job["gates"])):
            words = [await self.registers.read(keep_register(gate, frames, at)) for at in range(0, frames, 32)]
            found.append([words[frame // 32] >> (frame % 32) & 1 for frame in range(frames)])
        return found

    async def play(self) -> None:
        progress = Path(os.environ["RAZORSNN_PROGRESS"])
        for index, action in enumerate(self.job["actions"].tolist()):
            if action == RUN:
                await self.window(index)
            elif action == LOAD:
                for value, address in jobs.beats(self.job, index):
                    await self.registers.write(address, value)
            else:
                await self.source.send(jobs.beats(self.job, index))
                await self.interrupt(action)
            progress.write_text(str(index + 1))


@cocotb.test()
async def windows(dut: Any) -> None:
    """Plays the job."""
    job = jobs.load()
    await start(dut)
    bench = Bench(dut, job)
    await bench.play()
    arrays = {name: np.array(rows, dtype=np.int64) for name, rows in bench.rows.items()}
    identity = await bench.registers.read(REGISTERS["identification"])
    jobs.store(identification=np.int64(identity), **arrays)
