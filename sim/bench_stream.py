"""Bench of windows back to back: the source never waits for a result, so a window's first beat may wait at tready.

The job is that of bench_windows.py. Stored: scores [N, classes], cycles [N, classes] of their beats and begins [N] of
the windows' first accepted ones, all counted from the very first.
"""

from typing import Any

import cocotb
import jobs
import numpy as np
from bench_windows import Bench
from drivers import start


@cocotb.test()
async def back_to_back(dut: Any) -> None:
    """Sends all windows in one go."""
    job = jobs.load()
    await start(dut)
    bench = Bench(dut, job)
    windows = [jobs.beats(job, index) for index in range(len(job["ends"]))]
    sending = cocotb.start_soon(bench.source.send([beat for window in windows for beat in window]))
    found = [await bench.sink.receive() for _ in windows]
    accepted, first = await sending, [0, *job["ends"].tolist()]
    begins = np.array([accepted[at] for at in first[:-1]])
    cycles = np.array([row[1] for row in found])
    jobs.store(scores=np.array([row[0] for row in found]), cycles=cycles - begins[0], begins=begins - begins[0])
