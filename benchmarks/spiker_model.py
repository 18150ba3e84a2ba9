"""Spiker+'s network in integers, and its cycles, as its VHDL has them (spikerplus 2.0.3).

A step:
    s[k] = v[k-1] > v_th                                    decided before the step's inputs are added
    v[k] = (v[k-1] - v_th where s[k], else v[k-1] - (v[k-1] >> 4)) + sum of the weights of the spikes that it takes
A layer takes the spikes that the one before it decided a step ago, so it is two steps late. All layers work at once,
an input a cycle, whether it spikes or not; a layer that spiked in the step before also takes its own outputs, whose
weights are 0 here. A window of T frames is T steps and the start of one more, at which the last membranes are read.
Prediction: the largest mean of the readout's membranes, as its own simulator has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from razorsnn.fixed import Ints

LEAK_SHIFT = 4
START_CYCLES = 6
"""From the start that is taken to the first step."""
STEP_CYCLES = 3
"""Of a step in which no layer has work, and of each beside its inputs."""
RUN_CYCLES = 2
"""Of each run over the inputs, or over the outputs: wait for the neurons, and let them go."""


@dataclass(frozen=True)
class SpikerRun:
    """membranes [T + 1, outputs] and cycles [T + 1] at the start of each step; cycles since the start."""

    membranes: Ints
    cycles: Ints

    @property
    def prediction(self) -> int:
        return int(self.membranes.sum(axis=0).argmax())


def run(weights: Sequence[Ints], thresholds: Sequence[int], frames: Ints, bits: int) -> SpikerRun:
    """One window of frames [T, inputs], each 0 or 1; weights [outputs, inputs] of each layer.

    RuntimeError: a membrane might leave `bits` bits, where Spiker+ saturates after each weight. It is not modelled.
    """
    v = [np.zeros(len(matrix), np.int64) for matrix in weights]
    spikes = [np.zeros(len(matrix), np.int64) for matrix in weights]
    membranes, cycles = [v[-1]], [START_CYCLES]
    for frame in frames:
        taken = [frame, *spikes[:-1]]
        cycles.append(cycles[-1] + step_cycles(taken, spikes))
        spikes = [(u > v_th).astype(np.int64) for u, v_th in zip(v, thresholds, strict=True)]
        v = [_step(*layer) for layer in zip(v, spikes, thresholds, weights, taken, strict=True)]
        _require_room(v, weights, taken, bits)
        membranes.append(v[-1])
    return SpikerRun(np.array(membranes), np.array(cycles))


def _step(v: Ints, spikes: Ints, v_th: int, weights: Ints, taken: Ints) -> Ints:
    after: Ints = np.where(spikes == 1, v - v_th, v - (v >> LEAK_SHIFT)) + weights @ taken
    return after


def _require_room(v: Sequence[Ints], weights: Sequence[Ints], taken: Sequence[Ints], bits: int) -> None:
    """Whatever the order of the weights, a part sum is at most this far from the membrane after the step."""
    far = [int((np.abs(u) + np.abs(w) @ x).max()) for u, w, x in zip(v, weights, taken, strict=True)]
    if max(far) >= 1 << (bits - 1):
        raise RuntimeError(f"Spiker+'s membranes of {bits} bits might saturate: {max(far)}")


def step_cycles(taken: Sequence[Ints], spikes: Sequence[Ints]) -> int:
    """Of the slowest layer; spikes: its outputs in the step before."""
    runs = [[x for x in layer if x.any()] for layer in zip(taken, spikes, strict=True)]
    return STEP_CYCLES + max(sum(len(x) + RUN_CYCLES for x in layer) for layer in runs)
