"""rsnn_few: the bits that are set, of 3 at most, from none to all."""

import random
from typing import Any

import cocotb
from blocks import PARAMETERS
from cocotb.triggers import Timer


@cocotb.test()
async def counts(dut: Any) -> None:
    rng, width = random.Random(cocotb.RANDOM_SEED), PARAMETERS["Width"]
    for _ in range(400):
        share = rng.choice([0.0, 1 / width, 3 / width, 1.0])
        bits = sum(1 << at for at in range(width) if rng.random() < share)
        dut.bits_i.value = bits
        await Timer(1, unit="step")
        assert int(dut.count_o.value) == min(3, bits.bit_count())
