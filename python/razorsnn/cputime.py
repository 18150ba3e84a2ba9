"""How long this machine's CPU takes for a window in torch: the yardstick of the report."""

import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn.builds import Build
from razorsnn.errors import UserError
from razorsnn.files import hash_file
from razorsnn.graphfile import FILES

WARM_UP, RUNS = 3, 11
CPUINFO = Path("/proc/cpuinfo")


def cpu_name() -> str:
    """The processor's model, as the system calls it."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine() or "unknown"


def torch_time(build: Build, frames: NDArray[np.uint8]) -> dict[str, Any]:
    """Median milliseconds of one window [T, C, H, W] at batch 1, or `reason`: why it was not measured.

    The trained net is no part of a build: it lies in the run folder, which is expected around the build folder.
    """
    machine = {"cpu": cpu_name(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    facts: dict[str, Any] = machine | {"measured": False, "runs": RUNS, "threads": build.config.train.threads}
    run = build.path.resolve().parent
    if not (run / "model.pt").is_file():
        return facts | {"reason": f"no model.pt in {run}: the trained net is not beside this build"}
    if not _same_net(build, run):
        return facts | {"reason": f"the model.pt in {run} is of another net than this build"}
    try:
        seconds = _seconds(build, run, frames)
    except UserError as error:
        return facts | {"reason": str(error)}
    return facts | {"measured": True, "median_ms": 1e3 * float(np.median(seconds)), "fastest_ms": 1e3 * min(seconds)}


def _same_net(build: Build, run: Path) -> bool:
    expected = build.manifest["inputs"]["run"]
    return all((run / name).is_file() and hash_file(run / name) == expected[name] for name in FILES)


def _seconds(build: Build, run: Path, frames: NDArray[np.uint8]) -> list[float]:
    """Of each run after the warm-up."""
    from razorsnn.train import float_scores, load  # torch is slow to import, and a build works without

    model, batch, found = load(run, build.config), frames[None], []
    for _ in range(WARM_UP + RUNS):
        started = time.perf_counter()
        float_scores(model, batch)
        found.append(time.perf_counter() - started)
    return found[WARM_UP:]
