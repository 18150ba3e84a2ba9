"""Our HLS project in hls4ml's Vitis flow, a stand-in for the tool, and the reports that the tool leaves."""

import os
import sys
from pathlib import Path

import pytest

from razorsnn.errors import UserError
from razorsnn.interop import vitis
from razorsnn.plan import make_plan
from razorsnn.targets import hls
from tests.interop.vitis_files import write_cosim, write_synthesis
from tests.nets import NetClass, random_graph

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
import os, re, sys
sys.path.insert(0, {top!r})
from pathlib import Path
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
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The HLS folder of a small net."""
    net = NetClass()
    return hls.emit(make_plan(random_graph(net, 1), net.lanes), tmp_path)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, fails: bool = False) -> None:
    """A `vitis-run` on PATH that writes reports where the tool would, as the steps ask."""
    tool = folder / "vitis-run"
    top = str(Path(__file__).parents[2])
    tool.write_text(TOOL.format(python=sys.executable, top=top, fails=fails))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_hls4mls_flow_builds_our_project_and_reads_its_reports(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stand_in(tmp_path, monkeypatch)
    (tmp_path / "windows.bin").write_bytes(b"")
    assert vitis.build(sources) == {"synthesis": SYNTHESIS, "cosim": None}
    found = vitis.build(sources, tmp_path / "windows.bin", csim=True, cosim=True)
    assert found == {"synthesis": SYNTHESIS, "cosim": COSIM}
    assert "RAZORSNN_WINDOWS" not in os.environ


def test_the_project_is_what_its_own_script_opens(sources: Path):
    """The names that hls4ml's parser looks for are those that the Tcl makes."""
    script = (sources / "build_prj.tcl").read_text()
    assert "open_project -reset ${project_name}_prj" in script and "open_solution solution1" in script
    assert 'set project_name "razorsnn_top"' in (sources / "project.tcl").read_text()
    assert "set_top $project_name" in script and f"{vitis.PROJECT}(" in (sources / "razorsnn_top.cpp").read_text()


def test_what_the_flow_lacks_is_told(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UserError, match="a simulation needs windows; accepted: a file of windows"):
        vitis.build(sources, cosim=True)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(UserError, match=r"did not come to its end .*Vitis installation not found"):
        vitis.build(sources)
    stand_in(tmp_path, monkeypatch, fails=True)
    with pytest.raises(UserError, match=r"did not come to its end .*Build failed"):
        vitis.build(sources)


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
