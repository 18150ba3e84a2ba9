"""hls4ml's Vitis flow on our own HLS project, and its report parser on what the tool leaves there."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from razorsnn.errors import UserError

PROJECT = "razorsnn_top"
"""Of templates/hls/project.tcl."""
BRAM_BITS = 18 * 1024


def build(hls: Path, clock_ns: float, part: str | None, windows: Path | None) -> dict[str, Any]:
    """Runs hls4ml's Vitis flow in the folder build/hls and gives `reports`: the synthesis, and both simulations of
    `windows` (a file that csim.write_windows wrote), whose results must be equal. UserError: no Vitis, or it failed.
    """
    from hls4ml.backends import get_backend

    names = {"get_output_dir": lambda: str(hls), "get_project_name": lambda: PROJECT}
    simulated = windows is not None
    steps = {"reset": True, "csim": simulated, "cosim": simulated, "validation": simulated}
    chosen = {"CLOCK": f"{clock_ns:g}", "PART": part, "WINDOWS": str(windows.resolve()) if windows else None}
    with _environment({f"RAZORSNN_{name}": value for name, value in chosen.items() if value is not None}):
        try:
            get_backend("Vitis").build(SimpleNamespace(config=SimpleNamespace(**names)), **steps)
        except Exception as error:  # hls4ml raises nothing more specific
            raise UserError(f"{hls}: hls4ml's Vitis flow did not come to its end ({error})") from error
    result = reports(hls)
    if result is None:
        raise UserError(f"{hls}: Vitis left no project {PROJECT}_prj; its log says why")
    return result


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """What build_prj.tcl reads, for as long as the tool runs."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def reports(hls: Path) -> dict[str, Any] | None:
    """Figures of the tool's own reports, as hls4ml.report reads them; None where nothing was synthesised.

    `synthesis`: clock_ns, estimated_ns, latency and interval (least and most cycles, None where the tool cannot
    tell), and used and available of each resource. `cosim`: status, latency and interval likewise, or None.
    UserError: reports that cannot be read.
    """
    project = hls / f"{PROJECT}_prj"
    if not any((project / name).is_file() for name in ("hls.app", "vivado_hls.app")):
        return None
    from hls4ml.report import parse_vivado_report

    try:
        with redirect_stdout(io.StringIO()):  # it tells what it does not find
            found = parse_vivado_report(str(hls))
        synthesis, cosim = found.get("CSynthesisReport"), found.get("CosimReport")
        return {
            "synthesis": _synthesis(synthesis) if synthesis else None,
            "cosim": _cosim(cosim) if cosim else None,
        }
    except Exception as error:  # of a parser that expects whole files
        said = f"{type(error).__name__}: {error}"
        raise UserError(f"{project}: reports of another form, or half written ({said}); run Vitis again") from error


def _synthesis(found: dict[str, str]) -> dict[str, Any]:
    used = [name for name in ("BRAM_18K", "DSP", "FF", "LUT", "URAM") if name in found]
    return {
        "clock_ns": float(found["TargetClockPeriod"]),
        "estimated_ns": float(found["EstimatedClockPeriod"]),
        "latency": [_cycles(found["BestLatency"]), _cycles(found["WorstLatency"])],
        "interval": [_cycles(found["IntervalMin"]), _cycles(found["IntervalMax"])],
        "resources": {name: [int(found[name]), int(found[f"Available{name}"])] for name in used},
    }


def _cosim(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": found["Status"],
        "latency": [_cycles(found["LatencyMin"]), _cycles(found["LatencyMax"])],
        "interval": [_cycles(found["IntervalMin"]), _cycles(found["IntervalMax"])],
    }


def _cycles(text: Any) -> float | None:
    """The tool says `undef` or `?` where loops end as the data say, and NA for what did not happen."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
