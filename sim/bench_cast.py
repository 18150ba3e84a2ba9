"""rsnn_cast against fixed.py: corners, halves and random values at every shift."""

import random
from typing import Any

import cocotb
from blocks import PARAMETERS
from cocotb.triggers import Timer

from razorsnn.fixed import Format, cast


@cocotb.test()
async def casts(dut: Any) -> None:
    rng, width = random.Random(cocotb.RANDOM_SEED), PARAMETERS["InBits"]
    source, to = Format(True, width, 0), Format(True, PARAMETERS["OutBits"], 0)
    for shift in range(32):
        half = 1 << max(0, shift - 1)
        corners = [0, 1, -1, half, half - 1, -half, -half - 1, 3 * half, source.low, source.high]
        edges = [(bound << shift) + step * half for bound in (to.low, to.high) for step in (-1, 0, 1, 2)]
        drawn = [rng.randint(source.low, source.high) >> rng.randrange(width) for _ in range(60)]
        for value in corners + edges + drawn:
            if source.low <= value <= source.high:
                dut.value_i.value, dut.shift_i.value = value, shift
                await Timer(1, "step")
                assert dut.value_o.value.to_signed() == int(cast(value, shift, to)), (value, shift)
