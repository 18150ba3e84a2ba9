"""Runs in .venv-spiker (`make setup-spiker`): writes Spiker+'s VHDL of a net of ours.

    .venv-spiker/bin/python benchmarks/spiker_emit.py net.npz core FOLDER

net.npz: integers; weights0, weights1, ... [outputs, inputs], thresholds [layers], facts: T, weight and membrane bits.
The form `core` is its network; `full` is the same behind its interface, registers for the input spikes. In both
("functional") the ROMs have contents, and the membranes of the readout, which its own simulator predicts from, are
ports. One form a run: its lists of such ports outlive a net.
Its neurons leak v >> 4. The readout has reset "none" and a threshold that it never exceeds: it integrates.
"""

import sys
from typing import Any

import numpy as np
import torch
from spikerplus import NetBuilder, VhdlGenerator
from spikerplus.vhdl.vhdl import write_file_all

BETA = 1 - 2**-4
FORMS = {"core": False, "full": True}
"""Folder to `interface`."""


def main() -> None:
    path, form, out = sys.argv[1:]
    with np.load(path) as given:
        arrays = dict(given)
    weights = [arrays[f"weights{index}"] for index in range(len(arrays["thresholds"]))]
    frames, weight_bits, membrane_bits = arrays["facts"].tolist()
    widths = {"weights_bw": weight_bits, "neurons_bw": membrane_bits, "fp_dec": 0}
    net = built(weights, arrays["thresholds"].tolist(), frames)
    write_file_all(VhdlGenerator(net, widths).generate(functional=True, interface=FORMS[form]), output_dir=out)


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
