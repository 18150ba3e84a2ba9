"""A chain of QKeras layers as a graph: its layers sorted into blocks, each block an operation."""

from dataclasses import replace

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.interop.qkeras_file import KerasLayer, KerasModel
from razorsnn.interop.qkeras_layers import (
    ACTIVATIONS,
    AVERAGES,
    CONVOLUTIONS,
    IDLE,
    NORMALISATIONS,
    SYNAPSES,
    Block,
    Spiking,
    activation_format,
    input_format,
    operation,
    pool_size,
)
from razorsnn.ir import Graph, Op, Source, Tensor
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense

PARTS = (("normalisation", NORMALISATIONS), ("average", AVERAGES), ("activation", ACTIVATIONS))
"""What may follow a layer of weights, in this order."""
ACCEPTED = (*SYNAPSES, *NORMALISATIONS, *AVERAGES, *ACTIVATIONS, "Flatten", *IDLE)
READOUTS = {"linear": "sum", "softmax": "sum", "relu": "liaf"}
"""The last layer's activation, and the readout in its place. A softmax changes no order of scores."""


def to_graph(
    model: KerasModel, frames: int, input_bits: int, spiking: Spiking, source: Source, classes: tuple[str, ...]
) -> Graph:
    """The verified graph. `input_bits`: of a model that does not quantise its input. UserError: what we lack."""
    first, blocks = _blocks(model)
    form = input_format(first) if first else Format(False, input_bits, 0)
    x = start = Tensor(frames, *_grid(model), form)
    ops: list[Op] = []
    for block in blocks:
        readout = _readout(block) if block is blocks[-1] else None
        ops.append(operation(block, x, spiking, readout))
        x = ops[-1].infer(x)
    names = classes or tuple(str(index) for index in range(x.channels))
    return Graph(model.name, source, start, tuple(ops), names).verified()


def notation(graph: Graph) -> str:
    """The graph's layers as settings write them."""
    parts = []
    for op in graph.ops[:-1]:
        if isinstance(op, Conv):
            parts.append(f"{len(op.weights)}C{op.weights.shape[-1]}")
            parts += [f"AP{op.pool}"] if op.pool > 1 else []
        elif isinstance(op, Dense):
            parts.append(f"{len(op.weights)}FC")
    return "-".join([*parts, str(len(graph.class_names))])


def grid(model: KerasModel) -> tuple[int, int]:
    """(height, width) that the model reads."""
    return _grid(model)[1:]


def _grid(model: KerasModel) -> tuple[int, int, int]:
    """(channels, height, width). A model of n inputs reads one row of n pixels."""
    shape = model.input_shape
    if len(shape) == 1:
        return 1, 1, shape[0]
    if len(shape) != 3 or shape[2] > 2:
        raise UserError(f"input {shape}; accepted: (height, width, channels) with 1 or 2 channels, or (inputs,)")
    return shape[2], shape[0], shape[1]


def _blocks(model: KerasModel) -> tuple[KerasLayer | None, list[Block]]:
    """The input's quantizer, if there is one, and the blocks in order."""
    first, blocks, rank = None, list[Block](), 0
    shape: tuple[int | None, ...] = (None, *model.input_shape)
    for layer in model.layers:
        if layer.kind in SYNAPSES:
            blocks.append(_opened(layer, shape, blocks))
            rank = len(PARTS) if blocks[-1].activation else 0
        elif layer.kind == "Flatten":
            layer.require_setting("data_format", ("channels_last",))
            rank = max(rank, len(PARTS) - 1)  # a normalisation or a pool of what is flat would be another one
        elif layer.kind not in IDLE and not blocks:
            layer.require(layer.kind == "QActivation" and first is None, f"before any weights; accepted: {ACCEPTED[0]}")
            first = layer
        elif layer.kind not in IDLE:
            blocks[-1], rank = _followed(blocks[-1], layer, rank)
        shape = layer.output_shape
    if not blocks:
        raise UserError(f"no layer of weights; accepted: {', '.join(SYNAPSES)}")
    return first, blocks


def _opened(layer: KerasLayer, shape: tuple[int | None, ...], before: list[Block]) -> Block:
    if before:
        activation = before[-1].activation
        hidden = activation is not None and activation_format(activation) is not None
        layer.require(hidden, f"no activation between {before[-1].synapse.name} and it; accepted: quantized_relu")
    if layer.kind in CONVOLUTIONS:
        layer.require(len(shape) == 4, f"reads {shape[1:]}; accepted: (height, width, channels)")
    else:
        layer.require(len(shape) == 2, f"reads {shape[1:]}, place by place; accepted: after Flatten")
    return Block(layer, activation=layer if _acts(layer) else None)


def _followed(block: Block, layer: KerasLayer, rank: int) -> tuple[Block, int]:
    """The block with `layer`, and how many of PARTS are behind it."""
    for index, (part, kinds) in enumerate(PARTS):
        if layer.kind in kinds:
            order = ", ".join(name for name, _ in PARTS)
            layer.require(index >= rank, f"follows what must come after it; accepted after weights: {order}, each once")
            if part == "average":
                pool_size(layer)
                acts = _acts(layer)
                return replace(block, average=layer, activation=layer if acts else None), 3 if acts else 2
            return replace(block, **{part: layer}), index + 1
    raise layer.refusal(f"no such layer here; accepted: {', '.join(ACCEPTED)}")


def _acts(layer: KerasLayer) -> bool:
    return layer.activation is not None and layer.activation["class"] != "linear"


def _readout(block: Block) -> str:
    last = block.activation
    if last is None:
        return "sum"
    name = "softmax" if last.kind == "Softmax" else (last.activation or {"class": "linear"})["class"]
    accepted = ", ".join(READOUTS)
    last.require(name in READOUTS, f"{name} at the end; scores are summed unrounded; accepted: {accepted}")
    return READOUTS[name]
