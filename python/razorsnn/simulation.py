"""Proofs: a generated accelerator on recordings, compared with the reference. Results stay in build/results."""

import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from razorsnn import evaluation
from razorsnn.builds import Build
from razorsnn.contents import load_writes
from razorsnn.errors import UserError
from razorsnn.files import atomic_path, read_json, write_json
from razorsnn.loads import Load
from razorsnn.plan import Plan
from razorsnn.progress import followed
from razorsnn.samples import Samples
from razorsnn.targets import TARGETS
from razorsnn.targets.outcome import BackendRun, Outcome
from razorsnn.targets.reference import run_windows

SCHEMA = 3
"""Of the stored results; what older ones lack, `compared` computes anew."""
EXAMPLE = "example.npz"
"""The first window: its events [N] x, y, t, p, frame, and its frames [T, C, H, W]."""


def reference(plan: Plan, samples: Samples) -> BackendRun:
    """The reference on every window, cycles included."""
    return run_windows(plan, samples.frames(), samples.beats())


def compared(build: Build, samples: Samples, target: str) -> dict[str, Any]:
    """What `target` gave on the samples, beside the reference; both are run unless their results are there."""
    expected = _kept(build, samples, "reference", lambda: None, lambda: reference(build.plan, samples))
    found = _kept(build, samples, target, lambda: _compile(build, target), lambda: _execute(build, samples, target))
    facts = stored_facts(build, target)
    result = evaluation.comparison(found, expected)
    result |= {"accuracy": evaluation.accuracy(samples.labels, found.outcome.scores), "seconds": facts["seconds"]}
    if found.outcome.cycles is not None:
        total = int(found.counters["cycles"].sum())
        result |= {"cycles": total, "cycles_per_second": total / facts["seconds"]}
    return result | {"results": build.results / f"{target}.npz"}


def require_equal(found: dict[str, dict[str, Any]]) -> None:
    """RuntimeError, with the figures, if a back end differs from the reference."""
    for name, result in found.items():
        if result["differences"] or any(result["counter_differences"].values()):
            raise RuntimeError(f"{name} differs from the reference: {result}")


def _compile(build: Build, target: str) -> None:
    build.cache.mkdir(exist_ok=True)
    with followed(f"compiling {target}"):
        TARGETS[target].compile(build.path, build.cache)


def loaded(build: Build, load: Load, samples: Samples, target: str) -> dict[str, dict[str, Any]]:
    """What `target` gave in one run, beside the reference: the build's own net, the loaded one, the own one again."""
    _compile(build, target)
    words = samples.words()
    plans, names = (build.plan, load.plan, build.plan), ("own", "loaded", "own again")
    loads = (load.writes, load_writes(build.plan))
    found = TARGETS[target].run_loads(plans, build.path, build.cache, [words] * len(plans), loads)
    expected = {id(plan): reference(plan, samples) for plan in plans[:2]}
    return {
        name: evaluation.comparison(run, expected[id(plan)])
        for name, plan, run in zip(names, plans, found, strict=True)
    }


def run_backend(build: Build, samples: Samples, target: str) -> BackendRun:
    """Compiles a target's sources, unless that was done before, and runs the samples through it."""
    _compile(build, target)
    return _execute(build, samples, target)


def _execute(build: Build, samples: Samples, target: str) -> BackendRun:
    return TARGETS[target].run(build.plan, build.path, build.cache, samples.words())


def _kept(
    build: Build, samples: Samples, name: str, prepare: Callable[[], None], run: Callable[[], BackendRun]
) -> BackendRun:
    """The results in build/results/<name>.json and .npz, if they are of this build and these windows."""
    made_from = {
        "schema": SCHEMA,
        "build": build.identity,
        "data": samples.fingerprint,
        "windows": samples.names,
    }
    facts, arrays = build.results / f"{name}.json", build.results / f"{name}.npz"
    with suppress(UserError):  # what a broken disk left is made anew
        if facts.exists() and arrays.exists() and stored_facts(build, name).get("made_from") == made_from:
            return load_run(build, name)
    prepare()
    started = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - started
    facts.unlink(missing_ok=True)
    _save_run(build, samples, name, result)
    write_json(facts, {"made_from": made_from, "source": samples.source, "seconds": seconds})
    return result


def _save_run(build: Build, samples: Samples, name: str, run: BackendRun) -> None:
    cycles = {} if run.outcome.cycles is None else {"cycles": run.outcome.cycles}
    counters = {f"counter_{key}": value for key, value in run.counters.items()}
    with atomic_path(build.results / f"{name}.npz") as path, path.open("wb") as stream:
        np.savez_compressed(
            stream,
            allow_pickle=False,
            names=np.array(samples.names),
            labels=samples.labels,
            scores=run.outcome.scores,
            keep=run.outcome.keep,
            **cycles,
            **counters,
        )
    _save_example(build, samples)


def _save_example(build: Build, samples: Samples) -> None:
    window = next(samples.windows())
    events = {axis: window.events[axis] for axis in "txyp"}
    with atomic_path(build.results / EXAMPLE) as path, path.open("wb") as stream:
        name, label = np.array(window.name), np.array(window.label)
        frames = samples.chosen([0]).frames()[0]
        np.savez_compressed(
            stream, allow_pickle=False, name=name, label=label, frame=window.frame, frames=frames, **events
        )


def load_run(build: Build, name: str) -> BackendRun:
    """The stored results of a back end, or of the reference."""
    stored = stored_arrays(build, f"{name}.npz")
    counters = {key.removeprefix("counter_"): value for key, value in stored.items() if key.startswith("counter_")}
    return BackendRun(Outcome(stored["scores"], stored["keep"], stored.get("cycles")), counters)


def stored_arrays(build: Build, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file of results; UserError if it cannot be read."""
    path = build.results / name
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise UserError(f"{path}: cannot be read ({error}); {_again(path)}") from None


def stored_facts(build: Build, name: str) -> dict[str, Any]:
    """Of what the results of a back end are; UserError if that cannot be read."""
    path = build.results / f"{name}.json"
    try:
        return read_json(path)
    except UserError as error:
        raise UserError(f"{error}; {_again(path)}") from None


def _again(path: Path) -> str:
    return f"delete {path.parent} and run `razorsnn simulate` again"
