"""csim: compiles the emitted HLS C++ (targets/hls.py) with plain g++ and runs windows through it.

Warnings are errors, a testbench that fails is an error, and so are results that are not whole.
"""

import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from razorsnn.files import atomic_path, hash_file
from razorsnn.fixed import Ints
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
    program = compile_csim(build, cache, sanitize)
    with tempfile.TemporaryDirectory(prefix="razorsnn-csim-") as folder:
        beats, results = Path(folder) / "windows.bin", Path(folder) / "results.txt"
        write_windows(beats, windows)
        _run(program, beats, results, len(windows))
        return read_results(results, len(windows))


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
            raise RuntimeError(f"g++ {' '.join(arguments)} failed:\n{done.stderr}")


def write_windows(path: Path, windows: Sequence[Beats]) -> None:
    """The testbench's input: of each window the count of its beats, then the beats, as 64-bit words."""
    with path.open("wb") as file:
        for window in windows:
            beats = with_last(window).astype("<u8")
            file.write(np.uint64(len(beats)).astype("<u8").tobytes() + beats.tobytes())


def _run(program: Path, beats: Path, results: Path, count: int) -> None:
    """Prints nothing but the bar: the testbench tells each window's number, and everything else is a complaint."""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen([program, beats, results], stdout=subprocess.PIPE, stderr=errors, text=True) as process,
        tqdm(total=count, desc="csim", unit="window", delay=1) as bar,
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
            raise RuntimeError(f"csim ended with {process.returncode}: {''.join(complaints)}{errors.read()}")


def read_results(path: Path, count: int) -> BackendRun:
    """The testbench's results for `count` windows. RuntimeError: they are not whole."""
    head, *lines = path.read_text().splitlines()
    if not lines or lines[-1] != f"end {count}" or len(lines) != count + 1:
        raise RuntimeError(f"{path}: not the results of {count} windows")
    words = head.split()
    sizes = dict(zip(words[0::2], map(int, words[1::2]), strict=True))
    frames = sizes.pop("frames")
    columns = _columns(lines[:-1], sizes)
    keep = columns.pop("keep").reshape(count, sizes["keep"] // frames, frames).astype(np.bool_)
    outcome = Outcome(columns.pop("scores"), keep)
    return BackendRun(outcome, {name: columns[name] if name in PER_LAYER else columns[name][:, 0] for name in columns})


def _columns(lines: Sequence[str], sizes: dict[str, int]) -> dict[str, Ints]:
    """[N, size] by name; a row of another length or with something else than integers is an error."""
    width = sum(sizes.values())
    rows = [[int(word) for word in line.split()] for line in lines]
    if any(len(row) != width for row in rows):
        raise RuntimeError(f"csim results: a row has not the {width} columns that it must have")
    table = np.array(rows, dtype=np.int64).reshape(len(rows), width)
    ends = np.cumsum(list(sizes.values()))[:-1]
    return dict(zip(sizes, np.split(table, ends, axis=1), strict=True))
