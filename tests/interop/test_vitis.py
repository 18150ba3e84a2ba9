"""Our HLS project in hls4ml's Vitis flow, a stand-in for the tool, and the reports that the tool leaves."""

import json
import os
import sys
from pathlib import Path

import pytest

from razorsnn import flow
from razorsnn.datasets.simulated import CLASS_NAMES
from razorsnn.errors import UserError
from razorsnn.interop import vitis
from razorsnn.interop.qkeras import Choices
from razorsnn.plan import make_plan
from razorsnn.targets import hls
from tests.interop.neutral import layer, save, weighted
from tests.interop.vitis_files import write_cosim, write_synthesis
from tests.nets import NetClass, random_graph
from tests.tiny_flow import flow_config

SYNTHESIS = {
    "clock_ns": 5.0,
    "estimated_ns": 3.644,
    "latency": [1234.0, 98765.0],
    "interval": [1235.0, 98766.0],
    "resources": {
        "BRAM_18K": [61, 624], "DSP": [27, 1728], "FF": [5120, 460800], "LUT": [11234, 230400], "URAM": [0, 96],
    },
}  # fmt: skip
COSIM = {"status": "Pass", "latency": [4321.0, 6543.0], "interval": [4330.0, 6550.0]}
TOOL = """#!{python}
import json, os, re, sys
sys.path.insert(0, {top!r})
from pathlib import Path
from tests.interop.neutral import layer, save, weighted
from tests.interop.vitis_files import write_cosim, write_synthesis
assert sys.argv[1:] == ["--tcl", "build_prj.tcl", "--mode", "hls"], sys.argv
steps = dict(re.findall(r"(\\w+) +([01])", Path("build_opt.tcl").read_text()))
if {fails}:
    sys.exit(3)
if steps["synth"] == "1":
    write_synthesis(Path.cwd())
if steps["cosim"] == "1":
    assert Path(os.environ["RAZORSNN_WINDOWS"]).is_absolute()
    write_cosim(Path.cwd())
told = {{name: value for name, value in os.environ.items() if name.startswith("RAZORSNN_")}}
Path("told.json").write_text(json.dumps(told))
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The HLS folder of a small net."""
    net = NetClass()
    return hls.emit(make_plan(random_graph(net, 1), net.lanes), tmp_path)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build of an imported net that reads the simulated gestures."""
    model = {"flat": layer("flat", "Flatten", (512,)), "scores": weighted("scores", "QDense", (8,), 512, 1)}
    file = save(tmp_path / "model.npz", model, (16, 16, 2))
    flow.import_qkeras(file, tmp_path / "run", flow_config(), Choices(frames=2, classes=CLASS_NAMES))
    flow.generate(tmp_path / "run", tmp_path / "run" / "build", "hls", None)
    return tmp_path / "run" / "build"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, fails: bool = False) -> None:
    """A `vitis-run` on PATH that writes reports where the tool would, as the steps ask."""
    tool = folder / "vitis-run"
    top = str(Path(__file__).parents[2])
    tool.write_text(TOOL.format(python=sys.executable, top=top, fails=fails))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_hls4mls_flow_builds_our_project_and_reads_its_reports(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stand_in(tmp_path, monkeypatch)
    before = dict(os.environ)
    found = flow.synthesise_vitis(built, None, None, None)
    assert found == {"synthesis": SYNTHESIS, "cosim": None, "project": built / "hls"}
    found = flow.synthesise_vitis(built, "simulated", 2, "xc7")
    assert found == {"synthesis": SYNTHESIS, "cosim": COSIM, "project": built / "hls"}
    assert dict(os.environ) == before and flow.show(built)
    told = json.loads((built / "hls" / "told.json").read_text())
    assert told["RAZORSNN_CLOCK"] == "10" and told["RAZORSNN_PART"] == "xc7"
    assert Path(told["RAZORSNN_WINDOWS"]).read_bytes()


def test_the_project_is_what_its_own_script_opens(sources: Path):
    """The names that hls4ml's parser looks for are those that the Tcl makes."""
    script = (sources / "build_prj.tcl").read_text()
    assert "open_project -reset ${project_name}_prj" in script and "open_solution solution1" in script
    assert 'set project_name "razorsnn_top"' in (sources / "project.tcl").read_text()
    assert "set_top $project_name" in script and f"{vitis.PROJECT}(" in (sources / "razorsnn_top.cpp").read_text()


def test_what_the_flow_lacks_is_told(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(UserError, match=r"did not come to its end .*Vitis installation not found"):
        flow.synthesise_vitis(built, None, None, None)
    stand_in(tmp_path, monkeypatch, fails=True)
    with pytest.raises(UserError, match=r"did not come to its end .*Build failed"):
        flow.synthesise_vitis(built, None, None, None)
    flow.generate(built.parent, built, "rtl", None)
    with pytest.raises(UserError, match=r"holds no hls sources, only rtl; generate them first"):
        flow.synthesise_vitis(built, None, None, None)


def test_latencies_that_the_tool_cannot_tell_are_none(sources: Path):
    write_synthesis(sources, best="?", worst="undef")
    found = vitis.reports(sources)
    assert found is not None and found["synthesis"]["latency"] == [None, None]


def test_no_report_and_half_a_report(sources: Path):
    assert vitis.reports(sources) is None
    write_cosim(sources)
    write_synthesis(sources)
    assert vitis.reports(sources) == {"synthesis": SYNTHESIS, "cosim": COSIM}
    file = sources / "razorsnn_top_prj/solution1/syn/report/razorsnn_top_csynth.xml"
    file.write_text(file.read_text()[:900])
    with pytest.raises(UserError, match=r"reports of another form, or half written .*run Vitis again"):
        vitis.reports(sources)
