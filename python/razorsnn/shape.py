"""The shape class: what generated sources are specialised by. One set of sources serves every net that fits it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

from razorsnn.errors import UserError
from razorsnn.fixed import bits_signed, bits_unsigned
from razorsnn.ir import Graph
from razorsnn.layers import Layer, Stage, bias_words, input_layout, input_words, output_words, weight_count
from razorsnn.ops.razor import OCCUPANCY_BITS, OFFSET_BITS
from razorsnn.ops.static import Static
from razorsnn.ops.tally import Tally
from razorsnn.ops.words import Words, groups
from razorsnn.settings import SETTINGS, VARIES, joined, settings


@dataclass(frozen=True)
class Shape:
    """The shape class: what the sources are specialised by. Depths in words, widths in bits."""

    lanes: int
    taps: int
    inputs: int
    frames: int
    channels: int
    height: int
    width: int
    sensor_height: int
    sensor_width: int
    classes: int
    layers: int
    gates: int
    razors: int
    statics: int
    tallies: int
    relatives: int
    embeddings: int
    input_lanes: int
    input_bits: int
    activation_bits: int
    weight_bits: int
    lower_bits: int
    membrane_bits: int
    sums_bits: int
    frame_sum_bits: int
    logit_bits: int
    score_bits: int
    weight_depth: int
    upper_depth: int
    bias_depth: int
    membrane_depth: int
    store_depth_even: int
    store_depth_odd: int
    sums_depth_even: int
    sums_depth_odd: int
    alpha: int
    reset: int
    spike: int
    ties_even: int
    out_max: int
    streaming: int = 0
    """Whether each frame goes through all layers before the next one, instead of a window through each layer."""
    link_depth: int = 0
    sink_depth: int = 0
    """Words of a window that the stage before hands on to this one, and that this one hands on."""
    link_gated: int = 0
    """Whether what is handed on to this one was scored."""
    stages: "tuple[Shape, ...]" = ()
    """Of several engines, each stage's own: what the stages differ in holds there."""

    @property
    def parts(self) -> "tuple[Shape, ...]":
        """Of each engine; of one alone, itself."""
        return self.stages or (self,)

    @property
    def staged(self) -> bool:
        """Whether it is one of several engines."""
        return bool(self.link_depth or self.sink_depth)

    @property
    def rows(self) -> int:
        """Of the layer table: behind the layers, one for what is handed on."""
        return self.layers + (1 if self.sink_depth else 0)

    @property
    def slots(self) -> int:
        """Activations of a word: of all banks."""
        return self.lanes * self.taps

    @property
    def engine(self) -> str:
        """How wide it is, in words."""
        width = f"{self.lanes} lanes" + (f" x {self.taps} taps" if self.taps > 1 else "")
        width += f" x {self.inputs} inputs" if self.inputs > 1 else ""
        width += ", streaming" if self.streaming else ""
        return f"{len(self.stages)} engines of {width}" if self.stages else width

    @property
    def held_frames(self) -> int:
        """Frames of a layer's input that are stored at once."""
        return 1 if self.streaming else self.frames

    @property
    def input_layout(self) -> Words:
        return Words(self.lanes, self.taps, lanes_in=self.input_lanes)

    @property
    def input_depth(self) -> int:
        return self.link_depth or self.held_frames * self.input_layout.count(self.channels, self.height, self.width)

    @property
    def score_depth(self) -> int:
        return groups(self.classes, self.slots)

    @property
    def mask_depth(self) -> int:
        """Words of the largest gated frame."""
        return max(1, self.sums_depth_even, self.sums_depth_odd)

    @property
    def occupancy_depth(self) -> int:
        """Rows of occupancy bits, of all frames of two gates."""
        return 2 * self.frames * -(-self.mask_depth // OCCUPANCY_BITS)

    @property
    def frame_score_bits(self) -> int:
        """Width of S[t]."""
        return 8 + (self.embeddings - 1).bit_length() + max(self.input_bits, self.activation_bits)

    @property
    def sums_depth(self) -> int:
        return self.mask_depth * self.embeddings

    @property
    def gate_rows(self) -> int:
        """Rows of K coefficients: one a razor and frame."""
        return max(1, self.razors) * self.frames

    @property
    def gate_depth(self) -> int:
        return self.gate_rows * self.embeddings

    @property
    def offset_depth(self) -> int:
        return max(1, self.razors) * self.embeddings

    @property
    def upper_bits(self) -> int:
        """Bits of a weight beyond the lower ones, in the first `upper_depth` words; of the others they are the sign."""
        return self.weight_bits - self.lower_bits if self.upper_depth else 0

    def widened(self, bits: int) -> Self:
        """With sums wider by `bits`, as far as words go: room for nets whose weights are larger or more."""
        wider = {name: min(getattr(self, name) + bits, WORD_BITS) for name in HEADROOM_WORDS}
        wider |= {name: getattr(self, name) + bits for name in HEADROOM_SUMS if self.razors}
        return replace(self, **wider, stages=tuple(stage.widened(bits) for stage in self.stages))

    def varied(self) -> Self:
        """With every setting in the layer table: room for nets of other neurons."""
        return replace(self, **dict.fromkeys(SETTINGS, VARIES), stages=tuple(stage.varied() for stage in self.stages))

    def gated_as(self, other: Self) -> Self:
        """A net without gates that score has those memories and widths of them that `other` has, and uses none."""
        return self if self.razors else replace(self, **{name: getattr(other, name) for name in GATE_FIELDS})

    def covering(self, other: Self) -> Self:
        """The smallest shape that serves both; UserError where a field must be equal and is not."""
        if len(self.stages) != len(other.stages):
            raise UserError(f"shape class: {self.engine} and {other.engine}, accepted: as many engines")
        merged, exact = {}, EXACT + (EXACT_STAGE if self.staged else ())
        for name in SIZES:
            mine, theirs = getattr(self.gated_as(other), name), getattr(other.gated_as(self), name)
            if name in exact and mine != theirs:
                raise UserError(f"shape class: {name} differs ({mine} and {theirs}) and must be equal")
            merged[name] = joined(mine, theirs) if name in SETTINGS else max(mine, theirs)
        stages = (mine.covering(theirs) for mine, theirs in zip(self.stages, other.stages, strict=True))
        return type(self)(**merged, stages=tuple(stages))


SIZES = tuple(field.name for field in fields(Shape) if field.name != "stages")
"""Numbers of a shape class."""
STAGE_SIZES = ("link_depth", "sink_depth", "link_gated")
"""Of them, those that stages alone have."""
EXACT = (
    "lanes", "taps", "inputs", "frames", "channels", "height", "width", "sensor_height", "sensor_width", "classes",
    "embeddings", "input_lanes", "input_bits", "streaming",
)  # fmt: skip
"""Fields of a shape class in which its nets may not differ at all; in all others but SETTINGS smaller nets fit."""
EXACT_STAGE = ("layers", "gates", "link_gated")
"""Likewise, of a stage of several: what lies in which engine is wired."""
GATE_FIELDS = ("embeddings", "sums_bits", "frame_sum_bits", "logit_bits", "sums_depth_even", "sums_depth_odd")
"""What only gates need."""
HEADROOM_WORDS, HEADROOM_SUMS = ("membrane_bits", "score_bits"), ("sums_bits", "logit_bits")
"""What `widened` widens: as far as words go, and of gates that score."""
WORD_BITS = 32
"""Of a score on the output stream, and the most that a membrane may have."""


def staged_shape(graph: Graph, layers: tuple[Layer, ...], stages: Sequence[Stage]) -> Shape:
    """The smallest shape class that serves the graph on several engines."""
    whole = own_shape(graph, Stage(layers))
    parts = (own_shape(graph, stage) for stage in stages)
    return replace(whole, stages=tuple(replace(part, activation_bits=whole.activation_bits) for part in parts))


NO_INPUT = dict.fromkeys(
    ("channels", "height", "width", "sensor_height", "sensor_width", "input_lanes", "input_bits"), 1
)
"""Of a stage that reads a link: its depth alone counts."""


def own_shape(graph: Graph, stage: Stage) -> Shape:
    """The smallest shape class that serves a stage of the graph, or all of it."""
    x, sensor, layers = graph.input, graph.source.sensor, stage.layers
    lanes, taps = layers[0].reads.lanes, layers[0].reads.taps
    gates = [layer.gate for layer in stage.gated]
    gated = [(layer.razor, layer.input) for layer in stage.gated if layer.razor]
    streaming, words = layers[0].streams, [output_words(layer) for layer in layers]
    stored = [count * (1 if streaming else x.frames) for count in words[:-1]]
    ranges = [layer.synapse.membrane_range(layer.operand) for layer in layers]
    embeddings = max((len(razor.embeddings) for razor, _ in gated), default=1)
    scored = [[input_words(x) for x in stage.rows[at::2] if x.razor] for at in (1, 0)]
    activations = [tensor.format.width for layer in layers[1:] for tensor in (layer.input, layer.operand)]
    lower, upper = _weight_split(layers)
    last = layers[-1]
    found = Shape(
        lanes=lanes, taps=taps, inputs=layers[0].inputs, frames=x.frames, channels=x.channels, height=x.height,
        width=x.width, sensor_height=sensor[0], sensor_width=sensor[1], classes=len(graph.class_names),
        layers=len(layers),
        gates=len(gates), razors=len(gated), statics=sum(isinstance(gate, Static) for gate in gates),
        tallies=sum(isinstance(gate, Tally) for gate in gates),
        relatives=sum(razor.rule == "relative" for razor, _ in gated), embeddings=embeddings,
        input_lanes=input_layout(x, lanes, taps).lanes_in, input_bits=x.format.width,
        activation_bits=max(activations, default=1),
        weight_bits=max(layer.synapse.stored_weight_bits for layer in layers), lower_bits=lower, upper_depth=upper,
        membrane_bits=max(_membrane_bits(layer, low, high) for layer, (low, high) in zip(layers, ranges, strict=True)),
        sums_bits=max((razor.sums_bits(t) for razor, t in gated), default=2),
        frame_sum_bits=max((bits_unsigned(t.positions * t.format.high) for _, t in gated), default=1),
        logit_bits=max((razor.logit_bits(t) for razor, t in gated), default=OFFSET_BITS),
        score_bits=last.synapse.score_bits(last.operand) if last.synapse.readout else 1,
        weight_depth=sum(weight_count(layer) for layer in layers),
        bias_depth=sum(len(bias_words(layer)) for layer in layers),
        membrane_depth=sum(words) if streaming else max(words),
        store_depth_even=max(stored[0::2], default=1), store_depth_odd=max(stored[1::2], default=1),
        sums_depth_even=max(scored[0], default=0), sums_depth_odd=max(scored[1], default=0), **settings(layers),
        link_depth=x.frames * input_words(layers[0]) if stage.linked else 0,
        streaming=int(streaming), sink_depth=x.frames * output_words(last) if stage.behind else 0,
        link_gated=int(stage.link_gated), stages=(),
    )  # fmt: skip
    return replace(found, stages=(), **NO_INPUT) if stage.linked else found


def _weight_split(layers: tuple[Layer, ...]) -> tuple[int, int]:
    """(lower_bits, upper_depth) that take the fewest bits of memory."""
    words = [(layer.synapse.stored_weight_bits, weight_count(layer)) for layer in layers]
    widest, depth = max(bits for bits, _ in words), sum(count for _, count in words)
    splits = [(lower, sum(count for bits, count in words if bits > lower)) for lower in {bits for bits, _ in words}]
    return min(splits, key=lambda split: (depth * split[0] + split[1] * (widest - split[0]), split))


def _membrane_bits(layer: Layer, low: int, high: int) -> int:
    return bits_signed(low, max(high, layer.synapse.neuron.v_th))
