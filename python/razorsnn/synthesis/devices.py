"""Devices that the RTL is synthesised for: the tools' options, and what their cells count as."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from razorsnn.errors import UserError


@dataclass(frozen=True)
class Device:
    """`synth`: Yosys' command. `place`: nextpnr-ecp5's options, None where only the area is told."""

    name: str
    synth: str
    resources: Mapping[str, Mapping[str, int]]
    """LUT, FF, DSP, BRAM: patterns of cell types, and how many of the resource one such cell takes."""
    block_rams: tuple[str, ...]
    place: tuple[str, ...] | None = None

    def count(self, cells: Mapping[str, int]) -> dict[str, int]:
        """Of each resource, from the number of cells of each type."""
        return {
            resource: sum(
                number * weight
                for cell, number in cells.items()
                for pattern, weight in types.items()
                if fnmatchcase(cell, pattern)
            )
            for resource, types in self.resources.items()
        }


# A carry cell is two LUT4; a 16 x 4 RAM is four that store, in a slice whose two others write.
ECP5 = {
    "LUT": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
    "FF": {"TRELLIS_FF": 1},
    "DSP": {"MULT18X18D": 1},
    "BRAM": {"DP16KD": 1},
}
# BRAM in blocks of 18 kbit. A RAM32M16 is eight LUTs, a RAM32M or RAM64M four; other LUT RAMs count as one.
ULTRASCALE = {
    "LUT": {"LUT[1-6]": 1, "SRL*": 1, "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8, "RAM*X1[DS]": 1},
    "FF": {"FD[CPRS]E": 1},
    "DSP": {"DSP48E2": 1},
    "BRAM": {"RAMB18E2": 1, "RAMB36E2": 2},
}


def _ecp5(size: str) -> Device:
    place = (f"--{size}", "--package", "CABGA756" if size == "85k" else "CABGA381", "--speed", "6")
    return Device(f"ecp5-{size}", "synth_ecp5", ECP5, ("DP16KD",), place)


DEVICES = {
    device.name: device
    for device in (
        _ecp5("85k"),
        _ecp5("45k"),
        _ecp5("25k"),
        Device("ultrascale+", "synth_xilinx -family xcup", ULTRASCALE, ("RAMB18E2", "RAMB36E2", "URAM288")),
    )
}
"""ECP5s of speed grade 6, the slowest; the first is the default."""


def device_of(name: str) -> Device:
    """UserError: no such device."""
    if name not in DEVICES:
        raise UserError(f"device {name}: unknown; accepted: {', '.join(DEVICES)}")
    return DEVICES[name]
