"""csim: compiles the emitted HLS C++ (targets/hls.py) with plain g++ and runs windows through it.

Warnings are errors, a testbench that fails is an error, and so are results that are not whole.
"""

import hashlib
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from razorsnn.contents import Writes
from razorsnn.errors import UserError
from razorsnn.files import atomic_path, hash_file
from razorsnn.fixed import Ints
from razorsnn.progress import progress_bar
from razorsnn.stream import Beats, with_last
from razorsnn.targets.outcome import BackendRun, Outcome
from razorsnn.tools import TOOLS, ap_types_include, require

FLAGS = (
    "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror",
    "-Wno-uninitialized", "-Wno-maybe-uninitialized",  # of the ap_types headers
    "-Wno-unknown-pragmas",  # those of Vitis HLS
)  # fmt: skip
SANITIZE = ("-fsanitize=undefined,address", "-fno-sanitize-recover")
PER_LAYER = ("kept", "pruned")
"""Counters that have a column a layer."""
SOURCES = ("images.cpp", "razorsnn_top.cpp", "main.cpp")


def run_csim(build: Path, windows: Sequence[Beats], cache: Path | None = None, sanitize: bool = False) -> BackendRun:
    """Runs the windows, one after the other, through the sources in build/hls, with a progress bar.

    `cache`: folder of compiled objects, build/csim if None; builds of one shape class may share it.
    UserError: a tool is missing. RuntimeError: compiler, testbench or results are not as they must be.
    """
    return run_loads(build, [windows], [], cache, sanitize)[0]


def run_loads(
    build: Path,
    windows: Sequence[Sequence[Beats]],
    loads: Sequence[Writes],
    cache: Path | None = None,
    sanitize: bool = False,
) -> list[BackendRun]:
    """The same for windows[0], then for each load (`contents.load_writes`) and the windows that follow it."""
    program = compile_csim(build, cache, sanitize)
    counts = [len(some) for some in windows]
    with tempfile.TemporaryDirectory(prefix="razorsnn-csim-") as folder:
        beats, results = Path(folder) / "windows.bin", Path(folder) / "results.txt"
        write_windows(beats, windows[0])
        for load, some in zip(loads, windows[1:], strict=True):
            write_load(beats, load)
            write_windows(beats, some)
        _run(program, beats, results, sum(counts))
        return read_results(results, counts)


def compile_csim(build: Path, cache: Path | None = None, sanitize: bool = False) -> Path:
    """The executable of build/hls; what was compiled before from the same contents is taken from `cache`."""
    require("g++", "hls4ml")
    sources, objects = build / "hls", cache or build / "csim"
    flags = (*FLAGS, *(SANITIZE if sanitize else ()))
    include = ("-I", str(sources), "-isystem", str(ap_types_include()))
    common = _digest(str(flags), *map(_version, ("g++", "hls4ml")), *_headers(sources))
    parts = []
    for source in (sources / name for name in SOURCES):
        part = objects / f"{source.stem}-{_digest(common, hash_file(source))}.o"
        _make(part, (*flags, *include, "-c", str(source)))
        parts.append(part)
    program = objects / f"csim-{_digest(*(part.name for part in parts))}"
    _make(program, (*flags, *map(str, parts)))
    return program


def _version(tool: str) -> str:
    return str(TOOLS[tool].probe())


def _headers(sources: Path) -> list[str]:
    return [f"{path.relative_to(sources)} {hash_file(path)}" for path in sorted(sources.rglob("*.hpp"))]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _make(target: Path, arguments: Sequence[str]) -> None:
    if target.exists():
        return
    with atomic_path(target) as path:
        done = subprocess.run(["g++", *arguments, "-o", str(path)], capture_output=True, text=True)
        if done.returncode:
            _tell_if_killed("g++", done.returncode, done.stderr)
            raise RuntimeError(f"g++ {' '.join(arguments)} failed:\n{done.stderr}")


def _tell_if_killed(what: str, code: int, said: str = "") -> None:
    """UserError if the process, or one that the compiler calls and tells of, was ended from outside."""
    if code in (-signal.SIGKILL, -signal.SIGTERM) or "signal terminated program" in said:
        raise UserError(f"{what} was killed, as systems do where memory is short; nothing half-made is left: try again")


def write_windows(path: Path, windows: Sequence[Beats]) -> None:
    """Appends to the testbench's input: of each window the count of its beats, then the beats, as 64-bit words."""
    with path.open("ab") as file:
        for window in windows:
            beats = with_last(window).astype("<u8")
            file.write(np.uint64(len(beats)).astype("<u8").tobytes() + beats.tobytes())


def write_load(path: Path, writes: Writes) -> None:
    """Appends a load: the count of its writes, marked by the highest bit, then value and address of each."""
    with path.open("ab") as file:
        words = writes.astype("<u8")
        file.write(np.array([len(words) | 1 << 63], "<u8").tobytes() + (words[:, 0] << 32 | words[:, 1]).tobytes())


def _run(program: Path, beats: Path, results: Path, count: int) -> None:
    """Prints nothing but the bar: the testbench tells each window's number, and everything else is a complaint."""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen([program, beats, results], stdout=subprocess.PIPE, stderr=errors, text=True) as process,
        progress_bar(total=count, desc="csim", unit="window", delay=1) as bar,
    ):
        assert process.stdout is not None, "it is a pipe"
        complaints = []
        for line in process.stdout:
            if line.strip() == str(bar.n + 1):
                bar.update()
            else:
                complaints.append(line)
        if process.wait() or complaints:
            errors.seek(0)
            _tell_if_killed("csim", process.returncode)
            raise RuntimeError(f"csim ended with {process.returncode}: {''.join(complaints)}{errors.read()}")


def read_results(path: Path, counts: Sequence[int]) -> list[BackendRun]:
    """The testbench's results: for the first counts[0] windows, for the next counts[1] after a load, and so on.

    RuntimeError: they are not whole.
    """
    count = sum(counts)
    head, *lines = path.read_text().splitlines()
    if not lines or lines[-1] != f"end {count}" or len(lines) != count + 1:
        raise RuntimeError(f"{path}: not the results of {count} windows")
    words = head.split()
    sizes = dict(zip(words[0::2], map(int, words[1::2]), strict=True))
    frames = sizes.pop("frames")
    columns = _columns(lines[:-1], sizes)
    ends = np.cumsum(counts).tolist()
    parts = [slice(end - some, end) for end, some in zip(ends, counts, strict=True)]
    return [_backend_run({name: values[part] for name, values in columns.items()}, frames) for part in parts]


def _backend_run(columns: dict[str, Ints], frames: int) -> BackendRun:
    """Of the class's layers and gates those that the net has."""
    layers, gates = (int(columns.pop(name)[0, 0]) for name in ("layers", "gates"))
    keep = columns.pop("keep")
    outcome = Outcome(columns.pop("scores"), keep.reshape(len(keep), -1, frames)[:, :gates].astype(np.bool_))
    counters = {name: values[:, :layers] if name in PER_LAYER else values[:, 0] for name, values in columns.items()}
    return BackendRun(outcome, counters)


def _columns(lines: Sequence[str], sizes: dict[str, int]) -> dict[str, Ints]:
    """[N, size] by name; a row of another length or with something else than integers is an error."""
    width = sum(sizes.values())
    rows = [[int(word) for word in line.split()] for line in lines]
    if any(len(row) != width for row in rows):
        raise RuntimeError(f"csim results: a row has not the {width} columns that it must have")
    table = np.array(rows, dtype=np.int64).reshape(len(rows), width)
    ends = np.cumsum(list(sizes.values()))[:-1]
    return dict(zip(sizes, np.split(table, ends, axis=1), strict=True))
