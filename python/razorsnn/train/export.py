"""A trained net as the integer graph: the numbers are those of the exact stage, only written down."""

import numpy as np
import torch

from razorsnn.fixed import Format, Ints
from razorsnn.ir import Graph, Op, Source, Tensor
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import Neuron
from razorsnn.ops.razor import Razor, exp_table, sigmoid_table
from razorsnn.ops.static import Static
from razorsnn.ops.tally import Tally
from razorsnn.train.choices import EventsGate, PeakGate, UniformGate
from razorsnn.train.conv import ConvLayer
from razorsnn.train.gate import Gate
from razorsnn.train.model import RazorNet
from razorsnn.train.quantisers import integers
from razorsnn.train.razor import RazorGate
from razorsnn.train.synapse import SpikingLayer
from razorsnn.train.thresholds import RelativeGate, StaticGate


def to_graph(model: RazorNet, name: str, class_names: tuple[str, ...], source: Source, notes: dict[str, str]) -> Graph:
    """The verified graph of `model`. Raises UserError where its widths do not fit a rule of the graph."""
    ops: list[Op] = []
    start = x = Tensor(*model.input_shape, model.input)
    for op in model.ops:
        ops.append(_gate(op, x) if isinstance(op, Gate) else _synapse(op))
        x = ops[-1].infer(x)
    return Graph(name, source, start, tuple(ops), tuple(class_names), notes).verified()


def _synapse(layer: torch.nn.Module) -> Op:
    assert isinstance(layer, SpikingLayer)
    used = layer.exact()
    assert used.z_frac is not None
    settings = layer.neuron
    v_th = settings.v_th_integer(used.z_frac)
    neuron = Neuron(settings.mode, settings.reset, settings.alpha_q, v_th, settings.out, settings.ties)
    weights = _numpy(used.weight, used.weight_frac)
    bias = _numpy(used.bias, layer.x_format.frac + used.weight_frac)
    form = Format(True, layer.weight_bits, used.weight_frac)
    if isinstance(layer, ConvLayer):
        return Conv(weights, form, bias, neuron, layer.readout, layer.pool)
    return Dense(weights, form, bias, neuron, layer.readout)


def _gate(gate: Gate, x: Tensor) -> Op:
    if isinstance(gate, StaticGate):
        return Static(gate.bits().numpy().astype(np.int64))
    if isinstance(gate, UniformGate):
        return Static(gate.bits(x.frames).numpy().astype(np.int64))
    if isinstance(gate, PeakGate | EventsGate):
        return Tally(gate.measure, gate.threshold_integer(x.format.frac))
    assert isinstance(gate, RazorGate), "baselines have no graph"
    embeddings, embedding_format = gate.exact_embeddings()
    affine, affine_format, offset = gate.exact_affine()
    return Razor(
        embeddings=_numpy(embeddings, embedding_format.frac),
        embedding_format=embedding_format,
        affine=_numpy(affine, affine_format.frac),
        affine_format=affine_format,
        offset=_numpy(offset, affine_format.frac + gate.x_format.frac),
        exp=exp_table(),
        sigmoid=sigmoid_table(),
        threshold=gate.threshold_integer(),
        operand=gate.settings.operand,
        refined=gate.settings.refined,
        rule="relative" if isinstance(gate, RelativeGate) else "absolute",
    )


def _numpy(value: torch.Tensor, frac: int) -> Ints:
    result: Ints = integers(value, frac).numpy()
    return result
