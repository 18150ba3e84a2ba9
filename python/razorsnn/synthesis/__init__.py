"""Yosys and nextpnr on the generated RTL: area, where memories and multiplies end up, and the clock.

devices.py   what is synthesised for, and how its cells are counted
tools.py     one run of Yosys, one of nextpnr; each leaves a file that is not made twice
summary.py   both for the top and for each block, beside the plan
"""

from razorsnn.synthesis.devices import DEVICES
from razorsnn.synthesis.summary import SYNTHESIS, stored, synthesise, table

__all__ = ["DEVICES", "SYNTHESIS", "stored", "synthesise", "table"]
