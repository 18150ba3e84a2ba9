"""Engine layers: each synapse of the graph with the gate before it, in the order in which the engine runs them."""

from dataclasses import dataclass

import numpy as np

from razorsnn.errors import UserError
from razorsnn.fixed import Ints
from razorsnn.ir import Graph, Tensor
from razorsnn.ops.razor import Razor
from razorsnn.ops.static import Static
from razorsnn.ops.synapse import Synapse
from razorsnn.ops.tally import Tally
from razorsnn.ops.words import columns, groups

Gate = Razor | Static | Tally
"""What may stand before a layer."""


@dataclass(frozen=True)
class Layer:
    """One engine layer: a synapse, the gate before it (or None), and what they read."""

    index: int
    gate: Gate | None
    synapse: Synapse
    input: Tensor
    operand: Tensor

    @property
    def razor(self) -> Razor | None:
        """The gate, if it is one with embeddings."""
        return self.gate if isinstance(self.gate, Razor) else None

    @property
    def tally(self) -> Tally | None:
        """The gate, if it is one that tallies."""
        return self.gate if isinstance(self.gate, Tally) else None

    @property
    def name(self) -> str:
        return f"{self.index} {self.synapse.kind}"


def engine_layers(graph: Graph) -> tuple[Layer, ...]:
    """Pairs each synapse with the gate before it; UserError for an order that the engine does not have."""
    found: list[Layer] = []
    gate: Gate | None = None
    before = graph.input
    for op, x in zip(graph.ops, graph.tensors(), strict=False):
        if isinstance(op, Gate):
            if gate or not found:
                raise UserError(f"graph {graph.name}: a gate stands between two spiking layers, one each")
            gate, before = op, x
        elif isinstance(op, Synapse):
            found.append(Layer(len(found), gate, op, before if gate else x, x))
            gate = None
        else:
            raise UserError(f"graph {graph.name}: the engine has no {op.kind} layer")
    return tuple(found)


def output_words(layer: Layer, lanes: int) -> int:
    """Words a frame of the layer's output."""
    out = layer.synapse.geometry(layer.operand).output
    return out.height * out.width * groups(out.channels, lanes)


def input_words(layer: Layer, lanes: int, lanes_in: int) -> int:
    """Words a frame of the layer's input."""
    x = layer.input
    return x.height * columns(x.width, lanes, lanes_in) * groups(x.channels, lanes_in)


def weight_words(layer: Layer, lanes: int, input_lanes: int) -> Ints:
    """[words, lanes]: row by row, tap by tap, output group by output group."""
    rows = layer.synapse.weight_rows(lanes, lanes if layer.index else input_lanes)
    count = groups(rows.shape[2], lanes)
    padded = np.zeros((*rows.shape[:2], count * lanes), dtype=np.int64)
    padded[..., : rows.shape[2]] = rows
    return padded.reshape(-1, lanes)


def bias_words(layer: Layer, lanes: int) -> Ints:
    bias = layer.synapse.pooled_bias(layer.synapse.geometry(layer.operand))
    padded = np.zeros(groups(len(bias), lanes) * lanes, dtype=np.int64)
    padded[: len(bias)] = bias
    return padded.reshape(-1, lanes)
