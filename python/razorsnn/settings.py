"""Settings of neurons that sources may hold as constants: those fields of the layer table that all layers have alike.

A setting of a shape class is the value of all layers that use it, 0 where none does, or VARIES: then sources take it
from the layer table. What training finds (thresholds, biases, shifts of casts) is no setting: a retrained net may have
others.
"""

from collections.abc import Sequence

from razorsnn.layers import Layer

VARIES = -1
SETTINGS = ("alpha", "reset", "spike", "ties_even", "out_max")
"""Names of fields of the layer table and of the shape class."""


def settings(layers: Sequence[Layer]) -> dict[str, int]:
    """Each of SETTINGS, as the layers have it."""
    rows = [_used(layer) for layer in layers]
    found = {name: {row[name] for row in rows if name in row} for name in SETTINGS}
    return {name: VARIES if len(values) > 1 else max(values, default=0) for name, values in found.items()}


def _used(layer: Layer) -> dict[str, int]:
    """What the layer's membranes and outputs depend on: a sum has no leak, and no readout has a y."""
    neuron, readout = layer.synapse.neuron, layer.synapse.readout
    used = {
        "alpha": readout != "sum",
        "reset": neuron.alpha_q > 0,
        "spike": not readout,
        "ties_even": not readout and neuron.mode == "liaf",
        "out_max": not readout and neuron.mode == "liaf",
    }
    return {name: neuron.fields[name] for name, is_used in used.items() if is_used}


def joined(mine: int, other: int) -> int:
    """The setting of sources that serve both."""
    return mine if mine == other else VARIES
