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
WINDOWS = "RAZORSNN_WINDOWS"


def build(hls: Path, windows: Path | None = None, **steps: bool) -> dict[str, Any]:
    """Runs hls4ml's Vitis flow in the folder build/hls and gives `reports`.

    `steps`: those of hls4ml's VitisBackend.build (csim, synth, cosim, validation, export, reset); `windows`: file of
    windows for the simulations (targets/csim.py, write_windows). UserError: no Vitis, or it failed.
    """
    from hls4ml.backends import get_backend

    found = {"csim": False, "cosim": False} | steps
    if (found["csim"] or found["cosim"]) and windows is None:
        raise UserError("a simulation needs windows; accepted: a file of windows, or csim and cosim False")
    names = {"get_output_dir": lambda: str(hls), "get_project_name": lambda: PROJECT}
    with _environment(WINDOWS, windows):
        try:
            get_backend("Vitis").build(SimpleNamespace(config=SimpleNamespace(**names)), **found)
        except Exception as error:  # hls4ml raises nothing more specific
            raise UserError(f"{hls}: hls4ml's Vitis flow did not come to its end ({error})") from error
    result = reports(hls)
    if result is None:
        raise UserError(f"{hls}: Vitis left no project {PROJECT}_prj; its log says why")
    return result


@contextmanager
def _environment(name: str, value: Path | None) -> Iterator[None]:
    before = os.environ.get(name)
    if value is not None:
        os.environ[name] = str(value.resolve())
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


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
