"""rsnn_neuron against ops/neuron.py: every reset, mode and shift, at and around the threshold."""

import random
from typing import Any

import cocotb
import numpy as np
from blocks import PARAMETERS
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge
from drivers import PERIOD_STEPS

from razorsnn.fixed import TIES, Format
from razorsnn.ops.neuron import MODES, RESETS, Neuron


def drawn(rng: random.Random, high: int) -> tuple[Neuron, int, int]:
    """A neuron, its shift, and a membrane."""
    shift, v_th = rng.randrange(32), rng.randint(1, high)
    out = Format(False, rng.randint(1, PARAMETERS["OutBits"]), -shift)
    half = (2 * rng.randint(0, high) + 1 << shift >> 1) % (high + 1)
    u = rng.choice([half, v_th, v_th - 1, -1, 0, high, -high - 1, rng.randint(-high, high) >> rng.randrange(16)])
    return Neuron(rng.choice(MODES), rng.choice(RESETS), 0, v_th, out, rng.choice(TIES)), shift, u


@cocotb.test()
async def neurons(dut: Any) -> None:
    rng, high = random.Random(cocotb.RANDOM_SEED), (1 << (PARAMETERS["MembraneBits"] - 1)) - 1
    Clock(dut.clk_i, PERIOD_STEPS, unit="step", impl="gpi").start()
    await FallingEdge(dut.clk_i)
    for _ in range(6000):
        neuron, shift, u = drawn(rng, high)
        dut.u_i.value, dut.v_th_i.value, dut.out_shift_i.value = u, neuron.v_th, shift
        dut.reset_i.value, dut.spike_i.value = RESETS.index(neuron.reset), int(neuron.mode == "lif")
        dut.out_max_i.value, dut.ties_even_i.value = neuron.out.high, int(neuron.ties == "even")
        membrane = np.array([u])
        await FallingEdge(dut.clk_i)
        dut.u_i.value = rng.randint(-high, high)
        assert dut.reset_u_o.value.to_signed() == neuron.reset_value(membrane)[0], (neuron, u)
        await FallingEdge(dut.clk_i)
        assert int(dut.y_o.value) == neuron.output(membrane, 0)[0], (neuron, u)
        assert int(dut.saturated_o.value) == neuron.saturations(membrane, 0), (neuron, u)
