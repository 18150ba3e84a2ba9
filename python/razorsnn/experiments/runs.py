"""Trainings that are kept: each in a folder under a hash of its settings, its seed and its windows."""

import hashlib
import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from tqdm import tqdm

from razorsnn import ops, simulation, targets, training
from razorsnn.builds import as_set
from razorsnn.config import Config
from razorsnn.errors import UserError
from razorsnn.files import read_json, write_json
from razorsnn.samples import Samples, read_samples, split
from razorsnn.targets import reference

RESULT = "result.json"
CYCLE_WINDOWS = 32
"""Unseen windows, spread evenly, on which cycles are counted."""


@dataclass
class Runs:
    """Runs on `data`, in `folder`; of its recordings at most `recordings`, spread evenly over classes."""

    folder: Path
    data: str
    recordings: int | None = None
    _read: dict[str, Samples] = field(default_factory=dict)

    def samples(self, config: Config) -> Samples:
        """The windows that `config` trains and measures with; read once for all settings that make the same."""
        parts = config.model_dump(mode="json")
        seed = config.seed if self.data == "simulated" else None
        key = json.dumps([parts["data"], parts["simulated"], config.quantisation.input_bits, seed])
        if key not in self._read:
            self._read[key] = some_recordings(read_samples(self.data, config), self.recordings)
        return self._read[key]

    def path(self, config: Config) -> Path:
        samples = self.samples(config)
        parts = [config.fingerprint(), samples.fingerprint, samples.names]
        return self.folder / hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def result(self, config: Config) -> dict[str, Any]:
        """What the run of these settings measured: it is taken from its folder, gone on with, or begun.

        Where the model of cycles changed since, it is measured anew.

        accuracy (by vote where windows vote), pruned [gates], activity [layers], and cycles: of a window, the mean
        over some; None without an accelerator. All as integers, on windows that training did not see.
        """
        path = self.path(config) / RESULT
        if not path.exists() or read_json(path).get("measured_with") != measuring_code():
            write_json(path, self._measured(config, path.parent))
        return read_json(path)

    def held(self, config: Config) -> Samples:
        return split(self.samples(config), config)[1]

    def _measured(self, config: Config, path: Path) -> dict[str, Any]:
        metrics = training.train_on(self.samples(config), path, config, resume=True)
        return {
            "accuracy": metrics.get("accuracy_by_vote", metrics["accuracy"]),
            "pruned": metrics["pruned"],
            "activity": metrics["activity"],
            "cycles": None if config.gate.baseline else mean_cycles(path, config, self.held(config)),
            "windows": metrics["windows"],
            "measured_with": measuring_code(),
        }


@cache
def measuring_code() -> str:
    """SHA-256 over the code that counts cycles: where it changed, a run is measured anew, but not trained anew."""
    files = [Path(reference.__file__), Path(targets.cycles.__file__), *sorted(Path(ops.__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def made(runs: Runs, configs: Sequence[Config], jobs: int) -> Iterator[None]:
    """Makes the result of each of `configs`, which differ, `jobs` at once; yields after each.

    Side by side they run in processes of their own, whose bars are not shown. The first error ends all; what others
    had trained until then is gone on with the next time. UserError: a process was killed.
    """
    if jobs == 1:
        for config in configs:
            runs.result(config)
            yield
        return
    processes = ProcessPoolExecutor(min(jobs, len(configs)), get_context("spawn"), _begin_worker)
    try:
        futures = [processes.submit(_silently, runs.folder, runs.data, runs.recordings, one) for one in configs]
        yield from (future.result() for future in as_completed(futures))
    except BaseException as error:
        for child in active_children():
            child.terminate()
        if isinstance(error, BrokenProcessPool):
            told = f"--jobs {jobs}: a process was killed, perhaps for want of memory; accepted: fewer"
            raise UserError(told) from None
        raise
    finally:
        processes.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """It ends with its parent, whatever ends that; a bar's lock between processes would outlive one that is killed."""
    tqdm.set_lock(threading.RLock())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _silently(folder: Path, data: str, recordings: int | None, config: Config) -> None:
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        _same(folder, data, recordings).result(config)


_same = cache(Runs)
"""In each process windows are read once."""


def figures(result: Mapping[str, Any]) -> dict[str, Any]:
    """Of a run's result: accuracy, pruned (the mean over gates) and activity (the mean over the layers behind the
    first) in percent; cycles of a window."""
    return {
        "accuracy": 100 * result["accuracy"],
        "pruned": 100 * fmean(result["pruned"] or [0.0]),
        "activity": 100 * fmean(result["activity"][1:] or result["activity"]),
        "cycles": result["cycles"],
    }


def mean_cycles(run: Path, config: Config, held: Samples) -> float:
    """Of a window, from its first input beat to its last score, as the reference's cycle model counts."""
    chosen = held.chosen(sorted({int(i) for i in np.linspace(0, len(held.slots) - 1, CYCLE_WINDOWS)}))
    cycles = simulation.reference(as_set(run, config.hardware), chosen).outcome.cycles
    assert cycles is not None, "the reference has the cycles of each beat"
    return float((cycles[:, -1] + 1).mean())


def some_recordings(samples: Samples, most: int | None) -> Samples:
    """All windows of `most` recordings, in equal numbers from each class and each side of a given split."""
    groups: dict[tuple[int, str], list[str]] = defaultdict(list)
    for start in samples.starts:
        slot = samples.slots[start]
        groups[slot.label, str(slot.part)].append(slot.recording)
    if most is None or len(samples.starts) <= most:
        return samples
    each = max(2, most // len(groups))
    wanted = {names[i * len(names) // each] for names in groups.values() for i in range(each)}
    return samples.chosen([i for i, slot in enumerate(samples.slots) if slot.recording in wanted])
