"""One operation as a layer of an hls4ml project: its plan, and its part of firmware/parameters.h.

The kernels are those of the accelerator (hls/razorsnn/), each in a shape class of its own: the engine runs one layer.
"""

from dataclasses import replace

import numpy as np

from razorsnn.fixed import Format, bits_signed
from razorsnn.ir import Graph, Op, Source, Tensor
from razorsnn.layers import Gate, Layer, Stage, bias_words, input_layout, input_words, output_words, weight_words
from razorsnn.layertable import layer_table
from razorsnn.ops.conv import Conv
from razorsnn.ops.neuron import Neuron
from razorsnn.ops.razor import Razor
from razorsnn.ops.static import Static
from razorsnn.ops.synapse import Synapse
from razorsnn.ops.tally import Tally
from razorsnn.ops.words import Words
from razorsnn.plan import Plan, gate_contents
from razorsnn.shape import own_shape
from razorsnn.targets.hls import constants, images
from razorsnn.targets.templates import render

SYNAPSE = ("layer_table", "weights", "upper", "bias")
GATES: dict[type[Op], tuple[str, ...]] = {
    Razor: ("layer_table", "embeddings", "affine", "offset", "exp", "sigmoid"),
    Static: ("keep",),
    Tally: (),
}
"""Images that each kind of gate reads, as SYNAPSE those of all other layers."""


def layer_plan(op: Op, x: Tensor, lanes: int) -> Plan:
    """The plan of `op` alone on `x`. It is the plan of no net: nothing may follow, so its output is stored as well."""
    layer = _layer(op, x, lanes)
    names = ("",) * (output(op, x).channels if getattr(op, "readout", None) else 1)
    graph = Graph(op.kind, Source((x.height, x.width)), x, (op,), names)
    own = own_shape(graph, Stage((layer,)))
    words = input_words(layer) if layer.gate else output_words(layer)
    widest = max(x.format.width if layer.gate else 1, output(op, x).format.width)
    shape = replace(own, activation_bits=widest, store_depth_even=x.frames * words)
    weights = weight_words(layer)
    table = layer_table(Stage((layer,)), shape)
    return Plan(graph, (layer,), shape, table, weights, bias_words(layer), *gate_contents((layer,)))


def _layer(op: Op, x: Tensor, lanes: int) -> Layer:
    """A synapse reads the input memory, as layer 0 does; a gate reads a store. On one tap."""
    writes = Words(lanes)
    if isinstance(op, Gate):
        return Layer(1, op, _reader(op.infer(x)), x, op.infer(x), writes, writes)
    assert isinstance(op, Synapse), "the engine has no other"
    return Layer(0, None, op, x, x, input_layout(x, lanes, 1), writes)


def _reader(x: Tensor) -> Synapse:
    """A row of the layer table wants a layer behind the gate; the kernel of the gate reads nothing of it."""
    weights = np.zeros((1, x.channels, 1, 1), dtype=np.int64)
    neuron = Neuron("liaf", "zero", 0, 1, Format(False, 1, x.format.frac))
    return Conv(weights, Format(True, 2, 0), np.zeros(1, dtype=np.int64), neuron, None)


def output(op: Op, x: Tensor) -> Tensor:
    """Shape and format of what the layer gives; of a readout one signed score a class, [1, classes, 1, 1]."""
    found = op.infer(x)
    if not (isinstance(op, Synapse) and op.readout):
        return found
    low, high = op.membrane_range(x)
    bits = bits_signed(x.frames * low, x.frames * high)
    return Tensor(1, found.channels, 1, 1, Format(True, bits, op.z_frac(x, op.geometry(x))))


def config_source(name: str, op: Op, x: Tensor, lanes: int) -> str:
    """C++ of the struct `name` and the arrays that it hands out."""
    plan, out = layer_plan(op, x, lanes), output(op, x)
    contents = images(plan)
    wanted = GATES.get(type(op), SYNAPSE)
    own = {
        "n_in": x.frames * x.positions,
        "n_out": out.frames * out.positions,
        "out_channels": out.channels,
        "out_positions": out.height * out.width,
        "is_readout": int(getattr(op, "readout", None) is not None),
    }
    if isinstance(op, Tally):
        own |= {"tally_peak": int(op.measure == "peak"), "tally_limit": op.threshold}
    return render(
        "hls4ml/config.h.j2",
        name=name,
        constants=constants(plan.shape) | own,
        images=[image for image in contents if image.name in wanted],
        types={image.name: image.type for image in contents},
        input_type=f"ap_ufixed<{x.format.width}, {x.format.width - x.format.frac}>",
    )
