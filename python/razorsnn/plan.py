"""The plan: a graph laid out on the engine. Widths with their proofs, memories, layer table, contents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from razorsnn.errors import UserError
from razorsnn.fixed import Ints
from razorsnn.ir import Graph
from razorsnn.layers import Layer, Stage, bias_words, engine_layers, stages, weight_words
from razorsnn.layertable import LAYER_FIELDS, layer_table, weight_bases
from razorsnn.memories import Memory, memories
from razorsnn.ops.razor import exp_table, sigmoid_table
from razorsnn.ops.static import Static
from razorsnn.ops.words import INPUTS, TAPS
from razorsnn.registers import MOST_ENGINES, MOST_KEEP_WORDS, MOST_LAYERS, keep_words
from razorsnn.settings import SETTINGS, VARIES
from razorsnn.shape import HEADROOM_SUMS, HEADROOM_WORDS, SIZES, WORD_BITS, Shape, own_shape, staged_shape
from razorsnn.stream import POLARITY_BITS, X_BITS, Y_BITS

ASSUMED_ACTIVITY = 0.1
"""Share of non-zero activations by which engines get their layers: a plan does not know the windows."""
AXES = {"taps": 1, "inputs": 1, "engines": 1, "streaming": False}
"""What `make_plan` takes beside the lanes, as it is if nobody says."""
HEADROOM = HEADROOM_WORDS + HEADROOM_SUMS
"""Of a shape class, what `generate --headroom` widens."""
MORE, ANY_NEURON = " (more with `generate --headroom`)", " (any with `generate --any-neuron`)"
MULTIPLIER_BITS = 18
"""Of a multiplier's operand: to leak, a wider membrane takes a second one a lane and tap (rtl/rsnn_mac.sv)."""
ADDRESS_MULTIPLIERS = 8
"""At most, of one input: frame builder 2 (two bins; a power of two takes none), scanner 1, taps 5."""
THIRDS_MULTIPLIERS = 4
"""Of addresses in tiles of 3 x 3: two further bins, and rows and columns of tiles."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A graph, its layers, the shape class it runs on, the layer table and the memories' contents."""

    graph: Graph
    layers: tuple[Layer, ...]
    shape: Shape
    table: tuple[dict[str, int], ...]
    weights: Ints
    """[weight_depth used, taps * lanes]"""
    bias: Ints
    """[bias_depth used, taps * lanes], as z holds it"""
    embeddings: Ints
    """[gates * T * K]"""
    affine: Ints
    """[gates * T * K]"""
    offset: Ints
    """[gates * K]"""
    tables: dict[str, Ints]
    """exp [256], sigmoid [256]"""
    behind: Layer | None = None
    """Of a stage: the layer whose gate it scores, in the next one."""
    stages: "tuple[Plan, ...]" = ()
    """Of several engines, what each runs, layers counted from 0; the contents above are those of one engine alone."""

    @property
    def parts(self) -> "tuple[Plan, ...]":
        """What each engine runs; of one alone, all."""
        return self.stages or (self,)

    @property
    def engines(self) -> list[int]:
        """How many layers each engine runs."""
        return [len(part.layers) for part in self.parts]

    @property
    def single(self) -> "Plan":
        """The same on one engine."""
        return replace(self, shape=replace(self.shape, stages=()), stages=())

    @property
    def lower_weights(self) -> Ints:
        """[weight_depth used, taps * lanes]: the bits that every word has, read as signed."""
        half = 1 << (self.shape.lower_bits - 1)
        lower: Ints = (self.weights + half) % (2 * half) - half
        return lower

    @property
    def upper_weights(self) -> Ints:
        """[upper_depth used, taps * lanes]: the bits above those; nothing where all weights are as wide."""
        upper: Ints = self.weights[: self.shape.upper_depth if self.shape.upper_bits else 0] >> self.shape.lower_bits
        return upper

    @property
    def gates(self) -> list[Layer]:
        return [layer for layer in self.layers if layer.gate]

    @property
    def fixed_keep(self) -> Ints:
        """[rows, T]: the keep bits of static gates, 1 where no such gate stands before the layer."""
        every, rows = np.ones(self.shape.frames, dtype=np.int64), Stage(self.layers, self.behind).rows
        return np.array([layer.gate.keep if isinstance(layer.gate, Static) else every for layer in rows])

    def multipliers(self) -> dict[str, int]:
        """Multipliers by use: the engine's a lane, tap and input, the razor's a lane and tap, addresses, affine map.

        Products of an activation by an embedding or a mask are sums of shifts, in LUTs: K + 1 a lane.
        tests/test_synthesis.py holds it against Yosys.
        """
        if self.stages:
            parts = [stage.multipliers() for stage in self.stages]
            return {name: sum(part.get(name, 0) for part in parts) for name in dict.fromkeys(chain(*parts))}
        others = (self.shape.inputs - 1) * int(self._valued)
        found = {"engine": self.shape.slots * (self._products + others), "addresses": self._addresses}
        gate = {"razor": self.shape.slots, "weighting": self.shape.embeddings}
        gate |= {"relative threshold": 1} if self.shape.relatives else {}
        return found | (gate if self.shape.razors else {})

    @property
    def _valued(self) -> bool:
        """Whether an event has a value, and is no spike."""
        return max(self.shape.input_bits, self.shape.activation_bits) > 1

    @property
    def _products(self) -> int:
        """Multipliers of a lane and tap, for the first input and the leak: a constant leak takes shifts and adds."""
        if self.shape.alpha != VARIES:
            return int(self._valued)
        return 1 + int(max(self.shape.membrane_bits, self.shape.weight_bits) > MULTIPLIER_BITS)

    @property
    def _addresses(self) -> int:
        thirds = THIRDS_MULTIPLIERS if self.shape.taps == 9 else 0
        return ADDRESS_MULTIPLIERS + thirds + self.shape.inputs - 1

    def memories(self) -> tuple[Memory, ...]:
        return memories(self.shape, sum(width for _, width, _ in LAYER_FIELDS))


def make_plan(
    graph: Graph,
    lanes: int,
    shape: Shape | None = None,
    taps: int = 1,
    engines: int | Sequence[int] = 1,
    inputs: int = 1,
    streaming: bool = False,
) -> Plan:
    """Lays `graph` out on engines of `lanes` lanes, `taps` taps and `inputs` inputs, in a shape class of its own.

    Or in the class `shape`, which has its own taps, inputs, engines and order. `engines`: how many, or how many layers
    each of them runs. `streaming`: each frame goes through all layers as soon as it is there. UserError if it does not
    fit.
    """
    taps, inputs, streaming = (shape.taps, shape.inputs, bool(shape.streaming)) if shape else (taps, inputs, streaming)
    _require_axes(lanes, taps, inputs, streaming)
    layers = engine_layers(graph, lanes, taps, inputs)
    engines = [part.layers for part in shape.parts] if shape and shape.stages else engines
    counts = split(layers, engines) if isinstance(engines, int) else list(engines)
    if min(counts) < 1 or sum(counts) != len(layers):
        told = ",".join(map(str, counts))
        raise UserError(f"engines of {told} layers, accepted: one layer or more for each, {len(layers)} in all")
    firsts = set(accumulate(counts[:-1], initial=0))
    layers = tuple(replace(layer, begins=layer.index in firsts, streams=streaming) for layer in layers)
    if streaming:
        _require_streaming(layers, counts)
    parts = stages(layers, counts) if len(counts) > 1 else ()
    own = staged_shape(graph, layers, parts) if parts else own_shape(graph, Stage(layers))
    _require_room(graph, own)
    if shape is not None and (lacking := _lacking(shape, own)):
        raise UserError(f"graph {graph.name} does not fit the shape class: {', '.join(lacking)}")
    used = shape or own
    laid = (_laid(graph, stage, part) for stage, part in zip(parts, used.stages, strict=True))
    return replace(_laid(graph, Stage(layers), used), stages=tuple(laid))


def _require_axes(lanes: int, taps: int, inputs: int, streaming: bool) -> None:
    if not 1 <= lanes <= 128 or lanes & (lanes - 1):
        raise UserError(f"lanes {lanes}, accepted: a power of two from 1 to 128")
    if taps not in TAPS:
        raise UserError(f"taps {taps}, accepted: {', '.join(map(str, TAPS))}")
    if not isinstance(streaming, bool):
        raise UserError(f"streaming {streaming}, accepted: true or false")
    if inputs not in INPUTS:
        raise UserError(f"inputs {inputs}, accepted: {', '.join(map(str, INPUTS))}")


def _require_streaming(layers: tuple[Layer, ...], counts: Sequence[int]) -> None:
    """UserError for what needs the whole window, or a window in each engine."""
    if len(counts) > 1:
        raise UserError(f"{len(counts)} engines, streaming; accepted: one engine, or no streaming")
    for layer in layers:
        if layer.razor:
            raise UserError(
                f"the gate before layer {layer.name} weighs its embeddings by the whole window: no frame can stream; "
                "accepted: gates of kind peak, events or uniform, a static threshold, no gates, or no streaming"
            )


def _laid(graph: Graph, stage: Stage, shape: Shape) -> Plan:
    by_index = {layer.index: layer for layer in stage.layers}
    weights = np.concatenate([weight_words(by_index[index]) for index in weight_bases(stage.layers, shape)])
    bias, table = np.concatenate([bias_words(layer) for layer in stage.layers]), layer_table(stage, shape)
    return Plan(graph, stage.layers, shape, table, weights, bias, *gate_contents(stage.gated), stage.behind)


def split(layers: tuple[Layer, ...], engines: int) -> list[int]:
    """How many layers each engine runs, in turn: so that the longest takes as few cycles as may be.

    As reckoned with ASSUMED_ACTIVITY of all activations non-zero; UserError for more engines than layers.
    """
    if not 1 <= engines <= len(layers):
        raise UserError(f"engines {engines}, accepted: 1 to {len(layers)}, the layers of the net")
    effort = np.cumsum([0, *(_effort(layer) for layer in layers)])
    cuts = ((0, *inner, len(layers)) for inner in combinations(range(1, len(layers)), engines - 1))
    best = min(cuts, key=lambda cut: max(effort[end] - effort[begin] for begin, end in pairwise(cut)))
    return [end - begin for begin, end in pairwise(best)]


def _effort(layer: Layer) -> float:
    """Cycles of a layer of a window, roughly."""
    timing = layer.timing
    positions = timing.cost.reshape(-1, timing.channels)
    taken = events_together(timing.channels, timing.inputs)[np.count_nonzero(positions, axis=1)]
    return layer.operand.frames * float((taken * positions.max(axis=1)).sum() + timing.words)


def events_together(most: int, inputs: int) -> NDArray[np.float64]:
    """[most + 1]: how many times an engine of so many inputs is expected to take events of a position of 0..`most`
    channels, of which each is one with ASSUMED_ACTIVITY."""
    times, share, expected = -(-np.arange(most + 1) // inputs), np.zeros(most + 1), np.zeros(most + 1)
    share[0] = 1.0
    for channels in range(1, most + 1):
        share[1:] = share[1:] * (1 - ASSUMED_ACTIVITY) + share[:-1] * ASSUMED_ACTIVITY
        share[0] *= 1 - ASSUMED_ACTIVITY
        expected[channels] = share @ times
    return expected


def _lacking(shape: Shape, own: Shape) -> list[str]:
    """What a net's own class has and `shape` does not, each in words."""
    wanted, both = vars(own.gated_as(shape)), vars(own.covering(shape))
    found = [
        f"{name} {'varies' if wanted[name] == VARIES else wanted[name]}, accepted: {has} in all layers{ANY_NEURON}"
        if name in SETTINGS
        else f"{name} {wanted[name]} > {has}{MORE if name in HEADROOM else ''}"
        for name in SIZES
        if both[name] != (has := getattr(shape, name))
    ]
    stages = zip(shape.stages, own.stages, strict=True)
    inner = [f"stage {at}: {lack}" for at, stage in enumerate(stages) for lack in _lacking(*stage)]
    return found + inner


def _require_room(graph: Graph, shape: Shape) -> None:
    """UserError where the graph outgrows the words on the streams or in the engine, or the register map."""
    keep = shape.gates * keep_words(shape.frames)
    for what, found, most, fitting in (
        ("membrane_bits", shape.membrane_bits, WORD_BITS, "fewer frames, inputs or weight bits"),
        ("readout score_bits", shape.score_bits, WORD_BITS, "fewer frames, inputs or weight bits"),
        ("layers", shape.layers, MOST_LAYERS, "fewer layers"),
        ("engines", len(shape.parts), MOST_ENGINES, "fewer engines"),
        ("sensor_height", shape.sensor_height, 1 << Y_BITS, "a sensor binned before its events are sent"),
        ("sensor_width", shape.sensor_width, 1 << X_BITS, "a sensor binned before its events are sent"),
        ("input channels", shape.channels, 1 << POLARITY_BITS, "fewer channels"),
        ("registers of keep bits", keep, MOST_KEEP_WORDS, "fewer frames or gates"),
    ):
        if found > most:
            raise UserError(f"graph {graph.name}: {what} {found}, accepted: up to {most}; {fitting} would fit")


def gate_contents(layers: Sequence[Layer]) -> tuple[Ints, Ints, Ints, dict[str, Ints]]:
    """Coefficients of all gates, frame by frame and in it k by k, and the tables, which the gates share."""
    razors = [layer.razor for layer in layers if layer.razor]
    if not razors:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty, {"exp": exp_table(), "sigmoid": sigmoid_table()}
    tables = {"exp": razors[0].exp, "sigmoid": razors[0].sigmoid}
    for razor in razors:
        if not (np.array_equal(razor.exp, tables["exp"]) and np.array_equal(razor.sigmoid, tables["sigmoid"])):
            raise UserError("gates with tables of their own: the engine has one exp and one sigmoid table")
        found, first = len(razor.embeddings), len(razors[0].embeddings)
        if found != first:
            raise UserError(f"a gate with {found} embeddings and one with {first}; accepted: one K for all gates")
    embeddings = np.concatenate([razor.embeddings.T.ravel() for razor in razors])
    affine = np.concatenate([razor.affine.T.ravel() for razor in razors])
    return embeddings, affine, np.concatenate([razor.offset for razor in razors]), tables
