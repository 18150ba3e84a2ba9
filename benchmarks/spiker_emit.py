"""Runs in .venv-spiker (`make setup-spiker`): writes Spiker+'s VHDL of a net of ours.

    .venv-spiker/bin/python benchmarks/spiker_emit.py net.npz FOLDER

net.npz: weights0, weights1, ... [outputs, inputs] and thresholds [layers], integers; facts: T, weight bits, membrane bits.
It writes three of its forms: FOLDER/model, whose ROMs have contents and whose readout's membranes are ports, to be
simulated; FOLDER/core, which its authors synthesise, and FOLDER/full, the same behind an interface, both with ROMs apart.
Its neurons leak v >> 4. The readout has reset "none" and a threshold that it never exceeds: it integrates.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from spikerplus import NetBuilder, VhdlGenerator
from spikerplus.vhdl.vhdl import write_file_all

BETA = 1 - 2**-4
FORMS: dict[str, dict[str, bool]] = {
    "model": {"functional": True, "interface": False},
    "core": {"functional": False, "interface": False},
    "full": {"functional": False, "interface": True},
}


def main() -> None:
    path, out = map(Path, sys.argv[1:])
    with np.load(path) as given:
        arrays = dict(given)
    weights = [arrays[f"weights{index}"] for index in range(len(arrays["thresholds"]))]
    frames, weight_bits, membrane_bits = arrays["facts"].tolist()
    widths = {"weights_bw": weight_bits, "neurons_bw": membrane_bits, "fp_dec": 0}
    for form, options in FORMS.items():
        net = built(weights, arrays["thresholds"].tolist(), frames)
        write_file_all(VhdlGenerator(net, widths).generate(**options), output_dir=str(out / form))


def built(weights: list[Any], thresholds: list[int], frames: int) -> Any:
    """The net with our integers as its weights and thresholds."""
    last = len(weights) - 1
    layers = {
        f"layer_{index}": {
            "neuron_model": "lif",
            "n_neurons": len(matrix),
            "beta": BETA,
            "learn_beta": False,
            "threshold": float(threshold),
            "learn_threshold": False,
            "reset_mechanism": "none" if index == last else "subtract",
        }
        for index, (matrix, threshold) in enumerate(zip(weights, thresholds, strict=True))
    }
    net = NetBuilder({"n_cycles": frames, "n_inputs": weights[0].shape[1], **layers}).build()
    linear = [layer for name, layer in net.layers.items() if name.startswith("fc")]
    for layer, matrix in zip(linear, weights, strict=True):
        layer.weight.data = torch.tensor(matrix, dtype=torch.float32)
    return net


if __name__ == "__main__":
    main()
