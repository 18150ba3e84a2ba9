"""What convolution and dense layers share: weights, bias, neuron, readout, widths, and their cycles.

Contract (HLS hls/razorsnn/engine.hpp; RTL rtl/rsnn_scanner.sv and rtl/rsnn_engine.sv compute the same):
    equation   z = sum over pool x pool outputs of (bias + sum w*x); then the neuron (ops/neuron.py)
    shapes     x [T, C, H, W]; z, u, y [T, C_out, H_out, W_out]; score [C_out]
    widths     x unsigned; w signed; bias at frac x + w; z at frac x + w + 2 log2 pool: exact, nothing rounds
    order      words as in ops/words.py, in a word lane 0 first; an event's outputs row by row, column by
               column, channel group by channel group, those only that exist and that a pool uses. RTL: up to
               `inputs` events that follow each other in a position come together (`Events.together`)
    latency    `Synapse.cycles`: exact
    handshake  a pruned frame is not scanned: no weight read, no multiply; its neuron pass runs all the same
"""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from razorsnn.compiled import compiled
from razorsnn.fixed import Format, Ints, bits_signed
from razorsnn.ir import Op, Tensor, Trace
from razorsnn.ops.neuron import READOUTS, Neuron
from razorsnn.ops.synapse_cycles import SynapseCycles, synapse_cycles
from razorsnn.ops.timeline import Timing
from razorsnn.ops.words import Words, channels_last

Weights = NDArray[np.int32]
"""For products of 32 bits, whose sums have 64: twice as fast as products of 64."""


@compiled()
def event_sums(x: Ints, weights: Weights, z: Ints, reach: int, step_log2: int, pool_log2: int) -> None:
    """Adds the products of each event of x [T, H, W * C] to the outputs z [T, rows, columns, C_out] that it reaches.

    weights [C, span + 1, span + 1, C_out]: of outputs in steps of 2**step_log2 inputs. A pool of 2**pool_log2 of them
    is summed in one of z; what does not fill it is dropped.
    """
    channels, span, ahead = len(weights), weights.shape[1] - 1, (1 << step_log2) - 1
    rows, columns = z.shape[1] << pool_log2, z.shape[2] << pool_log2
    for t in range(x.shape[0]):
        for y in range(x.shape[1]):
            top, bottom = max(0, (y + reach - span + ahead) >> step_log2), min(rows, ((y + reach) >> step_log2) + 1)
            row = x[t, y]
            for index in range(len(row)):
                if row[index] == 0:
                    continue
                value, at = np.int32(row[index]), index // channels
                left = max(0, (at + reach - span + ahead) >> step_log2)
                right = min(columns, ((at + reach) >> step_log2) + 1)
                kernel = weights[index - at * channels]
                for i in range(top, bottom):
                    for j in range(left, right):
                        taps = kernel[y + reach - (i << step_log2), at + reach - (j << step_log2)]
                        sums = z[t, i >> pool_log2, j >> pool_log2]
                        for o in range(len(taps)):
                            sums[o] += value * taps[o]


@dataclass(frozen=True)
class Geometry:
    """What addresses and loops need. `rows`, `columns`: outputs that an event may reach.

    Without `folded` those are outputs before pooling, as far as some pool uses them. With it, kernel and pool are
    one kernel of a step as large as the pool, and the outputs are the pooled ones.
    """

    dense: bool
    reach: int
    pool_log2: int
    rows: int
    columns: int
    output: Tensor
    folded: bool = False

    @property
    def step_log2(self) -> int:
        """log2 of the inputs from one output to the next."""
        return self.pool_log2 if self.folded else 0

    @property
    def span(self) -> int:
        """Size of the kernel as stored, less 1."""
        return 2 * self.reach + (1 << self.step_log2) - 1

    def blocks(self, side: int) -> int:
        """Blocks of side x side weights that a kernel is stored in, along an axis: those of each phase of the step."""
        in_phase = (self.span >> self.step_log2) + 1
        return self.span + 1 if side == 1 else -(-in_phase // side) << self.step_log2

    def steps(self, height: int, width: int, side: int = 1) -> Ints:
        """[height, width]: blocks of side x side outputs, of `rows` x `columns`, that each input position reaches."""
        if self.dense:
            return np.ones((height, width), dtype=np.int64)
        return np.outer(self._steps(height, self.rows, side), self._steps(width, self.columns, side))

    def _steps(self, length: int, valid: int, side: int) -> Ints:
        """Along one axis, for outputs o with 0 <= at + reach - (o << step) <= span.

        Blocks begin with the first such o, which may lie before the map: their weights are one word. Alone
        (side 1) those outside take no step.
        """
        last = np.arange(length) + self.reach
        first = (last - self.span + (1 << self.step_log2) - 1) >> self.step_log2
        first = np.maximum(first, 0) if side == 1 else first
        count: Ints = np.minimum(last >> self.step_log2, valid - 1) - first + side
        return np.maximum(count, 0) // side


@dataclass(frozen=True, eq=False)
class Synapse(Op):
    """One layer of weights and neurons. weights: integers, first axis C_out; bias: [C_out] at frac x + w."""

    weights: Ints
    weight_format: Format
    bias: Ints
    neuron: Neuron
    readout: str | None

    @abstractmethod
    def geometry(self, x: Tensor) -> Geometry:
        """How the layer lies over input x; raises UserError where the weights do not fit it."""

    @abstractmethod
    def sums(self, x: Ints) -> Ints:
        """z [T, C_out, H_out, W_out] without the bias, exact, from x [T, C, H, W]."""

    @abstractmethod
    def weight_rows(self, reads: Words) -> Ints:
        """[rows, span + 1, span + 1, C_out]: the weights an event needs, a row a channel of the input's words.

        Of a dense layer a row a place in the input's words.
        """

    @property
    def stored_weight_bits(self) -> int:
        """Width of a weight as the engine stores it."""
        return self.weight_format.width

    def infer(self, x: Tensor) -> Tensor:
        geometry = self.geometry(x)
        low, high = self.weight_format.low, self.weight_format.high
        fits = bool(np.all((self.weights >= low) & (self.weights <= high)))
        self.require(fits, f"weights beyond {self.weight_format}, accepted: {low}..{high}")
        self.require(self.bias.shape == (len(self.weights),), f"bias of shape {self.bias.shape}")
        self.require(not x.format.signed, f"input format {x.format}, accepted: unsigned")
        self.require(self.readout in (None, *READOUTS), f"readout {self.readout!r}, accepted: {', '.join(READOUTS)}")
        self.require(self.readout != "sum" or self.neuron.alpha_q == 0, "a sum readout has no leak, alpha_q must be 0")
        self.neuron.check(self.z_frac(x, geometry))
        return geometry.output

    def z_frac(self, x: Tensor, geometry: Geometry) -> int:
        return x.format.frac + self.weight_format.frac + 2 * geometry.pool_log2

    def pooled_bias(self, geometry: Geometry) -> Ints:
        """The bias as z holds it: pool * pool times."""
        return self.bias << (2 * geometry.pool_log2)

    def laid(self, x: Tensor) -> Geometry:
        """`geometry`, found once for each input."""
        if x not in self._laid:
            self._laid[x] = self.geometry(x)
        return self._laid[x]

    @cached_property
    def _laid(self) -> dict[Tensor, Geometry]:
        return {}

    def execute(self, x: Ints, tensor: Tensor) -> Trace:
        geometry = self.laid(tensor)
        rows = channels_last(self.sums(x))
        rows += self.pooled_bias(geometry)
        z = rows.transpose(0, 3, 1, 2)
        u = self.neuron.membranes(rows.reshape(len(x), -1)).reshape(rows.shape).transpose(0, 3, 1, 2)
        values = {"z": z, "u": u}
        if self.readout:
            part = u if self.readout == "sum" else np.maximum(u, 0)
            return Trace(part.sum(axis=(0, 2, 3)), values)
        y, saturations = self.neuron.output_counted(u, self.z_frac(tensor, geometry))
        return Trace(y, values, saturations)

    def membrane_range(self, x: Tensor) -> tuple[int, int]:
        """Lowest and highest membrane, part sums included, that these weights can reach."""
        geometry = self.geometry(x)
        area, top = 1 << (2 * geometry.pool_log2), x.format.high
        flat = self.weights.reshape(len(self.weights), -1)
        bias = self.pooled_bias(geometry)
        low = bias + area * top * np.minimum(flat, 0).sum(axis=1)
        high = bias + area * top * np.maximum(flat, 0).sum(axis=1)
        return self.neuron.membrane_range(low, high, x.frames)

    def score_bits(self, x: Tensor) -> int:
        """Width of a signed score: T times the widest membrane."""
        low, high = self.membrane_range(x)
        return bits_signed(x.frames * low, x.frames * high)

    def deep(self, x: Tensor, lanes: int, taps: int) -> bool:
        """Whether taps serve as further channel lanes: where a pool is not folded, or else no more cycles are needed.

        First those of an event at every position, then those of a neuron pass. So it is for a dense layer, where an
        event reaches one output alone of more channels than lanes, and for a plain 3x3 whose channels fill four taps.
        """
        geometry = self.geometry(x)
        if taps == 1 or geometry.pool_log2 > geometry.step_log2:
            return taps > 1
        tile, deep = (self._effort(geometry, x, Words(lanes, taps, deep)) for deep in (False, True))
        return deep <= tile

    def _effort(self, geometry: Geometry, x: Tensor, writes: Words) -> tuple[int, int]:
        steps = np.maximum(geometry.steps(x.height, x.width, writes.side), 1).sum()
        return int(steps) * writes.groups(len(self.weights)), writes.count(*geometry.output.shape[1:])

    def cycles(
        self,
        x: Ints,
        keep: NDArray[np.bool_],
        tensor: Tensor,
        reads: Words,
        writes: Words,
        known: Ints | None = None,
        opened: bool = False,
        inputs: int = 1,
    ) -> SynapseCycles:
        """Of one window: x [T, C, H, W] as the layer reads it, keep [T], how words of input and output lie.

        `known` [T]: when each keep bit is, counted from the start of the first membranes; None: before that. `opened`:
        the first membranes are set already, and cycles count from the first frame's turn.
        """
        return synapse_cycles(self.timing(tensor, reads, writes, opened, inputs), reads.events(x), keep, known)

    def timing(
        self, x: Tensor, reads: Words, writes: Words, opened: bool, inputs: int, streams: bool = False
    ) -> Timing:
        geometry = self.geometry(x)
        steps = geometry.steps(x.height, x.width, writes.side) * writes.groups(geometry.output.channels)
        cost = reads.pack(np.broadcast_to(steps, (1, *x.shape[1:])))[0]
        position = reads.size if geometry.dense else reads.channels
        return Timing(cost, writes.count(*geometry.output.shape[1:]), opened, position, inputs, streams)
