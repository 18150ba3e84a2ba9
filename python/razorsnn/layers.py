"""Engine layers: each synapse of the graph with the gate before it, in the order in which the engines run them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, product

import numpy as np

from razorsnn.errors import UserError
from razorsnn.fixed import Ints
from razorsnn.ir import Graph, Tensor
from razorsnn.ops.razor import Razor
from razorsnn.ops.static import Static
from razorsnn.ops.synapse import Geometry, Synapse
from razorsnn.ops.tally import Tally
from razorsnn.ops.timeline import Timing
from razorsnn.ops.words import Words, power_of_two

Gate = Razor | Static | Tally
"""What may stand before a layer."""


@dataclass(frozen=True)
class Layer:
    """One engine layer: a synapse, the gate before it (or None), what they read, and how its words and outputs lie."""

    index: int
    gate: Gate | None
    synapse: Synapse
    input: Tensor
    operand: Tensor
    reads: Words
    writes: Words
    inputs: int = 1
    """Events of a position that its engine takes at once."""
    begins: bool = False
    """Whether it is the first of its engine: its first membranes are set, and its keep bits known, ahead of it."""
    streams: bool = False
    """Whether its engine takes each frame through all layers before the next one."""

    @property
    def razor(self) -> Razor | None:
        """The gate, if it is one with embeddings."""
        return self.gate if isinstance(self.gate, Razor) else None

    @property
    def tally(self) -> Tally | None:
        """The gate, if it is one that tallies."""
        return self.gate if isinstance(self.gate, Tally) else None

    @cached_property
    def timing(self) -> Timing:
        """Of the first layer of an engine the first membranes are set ahead."""
        return self.synapse.timing(self.operand, self.reads, self.writes, self.begins, self.inputs, self.streams)

    @property
    def name(self) -> str:
        return f"{self.index} {self.synapse.kind}"


@dataclass(frozen=True)
class Stage:
    """What one engine runs: layers counted from 0, and the layer behind them, whose gate it scores.

    Behind the readout there is none. `linked`: another stage is before it, which has scored its first layer's gate, if
    there is one (`link_gated`); so here the layer has none.
    """

    layers: tuple[Layer, ...]
    behind: Layer | None = None
    linked: bool = False
    link_gated: bool = False

    @property
    def rows(self) -> tuple[Layer, ...]:
        """A row of the layer table each: of the layer behind, its gate alone counts."""
        return (*self.layers, self.behind) if self.behind else self.layers

    @property
    def gated(self) -> list[Layer]:
        """Those whose gates it scores."""
        return [layer for layer in self.rows if layer.gate]


def stages(layers: tuple[Layer, ...], counts: Sequence[int]) -> tuple[Stage, ...]:
    """Stages of so many layers each."""
    return tuple(_stage(layers, end - count, end) for end, count in zip(accumulate(counts), counts, strict=True))


def _stage(layers: tuple[Layer, ...], begin: int, end: int) -> Stage:
    first = replace(layers[begin], gate=None, input=layers[begin].operand) if begin else layers[begin]
    rows = [replace(layer, index=index) for index, layer in enumerate((first, *layers[begin + 1 : end + 1]))]
    behind, gated = rows[-1] if end < len(layers) else None, begin > 0 and layers[begin].gate is not None
    return Stage(tuple(rows[: end - begin]), behind, begin > 0, gated)


def input_layout(x: Tensor, lanes: int, taps: int) -> Words:
    """Of the input: the least power of two that holds its channels is a position's part of a bank."""
    return Words(lanes, taps, lanes_in=min(lanes, power_of_two(x.channels)))


def engine_layers(graph: Graph, lanes: int, taps: int, inputs: int = 1) -> tuple[Layer, ...]:
    """Pairs each synapse with the gate before it; UserError for an order that the engine does not have."""
    found: list[Layer] = []
    gate: Gate | None = None
    before, reads = graph.input, input_layout(graph.input, lanes, taps)
    for op, x in zip(graph.ops, graph.tensors(), strict=False):
        if isinstance(op, Gate):
            if gate or not found:
                raise UserError(f"graph {graph.name}: a gate stands between two spiking layers, one each")
            gate, before = op, x
        elif isinstance(op, Synapse):
            writes = Words(lanes, taps, op.deep(x, lanes, taps))
            found.append(Layer(len(found), gate, op, before if gate else x, x, reads, writes, inputs))
            gate, reads = None, writes
        else:
            raise UserError(f"graph {graph.name}: the engine has no {op.kind} layer")
    return tuple(found)


def output_words(layer: Layer) -> int:
    """Words a frame of the layer's output."""
    return layer.timing.words


def input_words(layer: Layer) -> int:
    """Words a frame of the layer's input."""
    return layer.reads.count(*layer.input.shape[1:])


def weight_stride(layer: Layer) -> int:
    """Weight words from one input channel to the next."""
    geometry = layer.synapse.geometry(layer.operand)
    return geometry.blocks(layer.writes.side) ** 2 * layer.writes.groups(geometry.output.channels)


def weight_count(layer: Layer) -> int:
    """How many words `weight_words` gives."""
    dense, reads = layer.synapse.geometry(layer.operand).dense, layer.reads
    rows = input_words(layer) * reads.size if dense else reads.groups(layer.input.channels) * reads.channels
    return rows * weight_stride(layer)


def weight_words(layer: Layer) -> Ints:
    """[words, taps * lanes]: row by row, block by block, output group by output group.

    A block of n x n weights, a bank each, goes from one input to the outputs of a tile's size: weight (i, j) of it to
    output (i, j) from the block's first one. Along an axis, weights of a kernel that a step is apart are n to a block,
    those of the highest index first; blocks lie in the order of their first weights' indices. What is left is 0.
    """
    rows, geometry, writes = layer.synapse.weight_rows(layer.reads), layer.synapse.geometry(layer.operand), layer.writes
    side, channels = writes.side, writes.channels
    count, groups, *_, outputs = geometry.blocks(side), writes.groups(rows.shape[3]), *rows.shape
    padded = np.zeros((len(rows), count, side, count, side, groups * channels), dtype=np.int64)
    for (a, i, down), (b, j, across) in product(_blocks(geometry, side), repeat=2):
        padded[:, a, i, b, j, :outputs] = rows[:, down, across]
    banked = padded.reshape(*padded.shape[:5], groups, channels).transpose(0, 1, 3, 5, 2, 4, 6)
    return banked.reshape(-1, writes.size)


def _blocks(geometry: Geometry, side: int) -> Iterator[tuple[int, int, int]]:
    """(block, place in it, index in the kernel) of each weight along an axis."""
    for index in range(geometry.span + 1):
        far, phase = divmod(geometry.span - index, 1 << geometry.step_log2)
        block, place = divmod(far, side)
        yield geometry.blocks(side) - 1 - phase - (block << geometry.step_log2), place, index


def bias_words(layer: Layer) -> Ints:
    """[words, taps * lanes]: a word a channel group; every position of a tile has the same."""
    bias = layer.synapse.pooled_bias(layer.synapse.geometry(layer.operand))
    tile = np.ones((1, 1, layer.writes.side, layer.writes.side), dtype=np.int64)
    words: Ints = layer.writes.pack(bias[None, :, None, None] * tile)[0]
    return words
