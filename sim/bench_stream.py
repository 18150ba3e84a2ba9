"""Bench of windows back to back: the source never waits for a result, so a window's first beat waits at tready.

The job is that of bench_windows.py. Stored: scores [N, classes], and cycles [N, classes] from the window's first
accepted beat.
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
    cycles = [[cycle - accepted[first[index]] for cycle in row[1]] for index, row in enumerate(found)]
    jobs.store(scores=np.array([row[0] for row in found]), cycles=np.array(cycles))
