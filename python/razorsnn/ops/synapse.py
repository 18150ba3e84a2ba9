"""What convolution and dense layers share: weights, bias, neuron, readout, widths, and their cycles.

Contract (HLS hls/razorsnn/engine.hpp; RTL rtl/rsnn_scanner.sv and rtl/rsnn_engine.sv compute the same):
    equation   z = sum over pool x pool outputs of (bias + sum w*x); then the neuron (ops/neuron.py)
    shapes     x [T, C, H, W]; z, u, y [T, C_out, H_out, W_out]; score [C_out]
    widths     x unsigned; w signed; bias at frac x + w; z at frac x + w + 2 log2 pool: exact, nothing rounds
    order      words as in ops/words.py, in a word lane 0 first; an event's outputs row by row, column by
               column, channel group by channel group, those only that exist and that a pool uses
    latency    `Synapse.cycles`: exact
    handshake  a pruned frame is not scanned: no weight read, no multiply; its neuron pass runs all the same
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from razorsnn.fixed import Format, Ints, bits_signed
from razorsnn.ir import Op, Tensor, Trace
from razorsnn.ops.neuron import READOUTS, Neuron
from razorsnn.ops.words import groups, pack

FIND_CYCLES = 5
"""From the scanner's start to the first event."""
EVENT_CYCLES = 2
"""Of these, from the word to the event: its weight's address, and the FIFO."""
EVENT_DEPTH = 16
"""Events that wait between scanner and engine, beside the one that is offered and the one in work."""
DRAIN_CYCLES = 4
"""From the end of a frame's events to the pass, which follows the last one: the engine's address and weight stages."""
SCAN_CYCLES = FIND_CYCLES + DRAIN_CYCLES
"""Of a scanned frame, beyond its events, were they not sought ahead."""
LEAST_SCAN_CYCLES = 1 + DRAIN_CYCLES
"""Of a scanned frame without an event: it starts, the scanner is seen to be done, and the drain."""
NEURON_CYCLES = 5
"""From the cycle in which a pass presents a membrane's address to its output: the engine's depth."""
PASS_CYCLES = 2
"""Of a neuron pass, beyond one a word: 1 to start, and 1 until the next frame does. Its outputs come meanwhile."""
LEAST_PASS_CYCLES = NEURON_CYCLES - 2
"""Words that a pass takes the time of, at least: the next one must find its membranes written."""
LAST_CYCLES = NEURON_CYCLES + 1
"""Of the last pass of a layer, beyond one a word: it starts, and its last output is put out."""
LAYER_CYCLES = 2
"""Of a layer: its row of the layer table is read, and the next one is chosen."""


FLOAT32_WHOLE = 1 << 24
"""Up to which every whole number is one."""


def exact_float(x: Ints, weights: Ints) -> type[np.floating]:
    """Of two kinds of floats the smaller one that holds every part of the sums of weights [C_out, ...] times x >= 0.

    Doubles hold all that there are: widths stay far below 2**53.
    """
    largest = int(x.max(initial=0)) * int(np.abs(weights).reshape(len(weights), -1).sum(axis=1).max())
    return np.float32 if largest < FLOAT32_WHOLE else np.float64


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

    @property
    def taps(self) -> int:
        """Weights from one input to one output channel, as stored."""
        return (self.span + 1) ** 2

    def outputs_reached(self, height: int, width: int) -> Ints:
        """[height, width]: how many of the `rows` x `columns` outputs each input position reaches."""
        if self.dense:
            return np.ones((height, width), dtype=np.int64)
        return np.outer(self._reached(height, self.rows), self._reached(width, self.columns))

    def _reached(self, length: int, valid: int) -> Ints:
        """Along one axis: outputs o with 0 <= at + reach - (o << step) <= span."""
        last = np.arange(length) + self.reach
        first = np.maximum(last - self.span + (1 << self.step_log2) - 1, 0) >> self.step_log2
        count: Ints = np.minimum(last >> self.step_log2, valid - 1) - first + 1
        return np.maximum(count, 0)


@dataclass(frozen=True)
class SynapseCycles:
    """Cycles of one window in one layer, and what they were spent on."""

    scan: Ints
    """[T]: reading words and multiplying, 0 for a pruned frame."""
    neuron: int
    """All neuron passes, the one that sets the first membranes included."""
    control: int
    events: int
    multiplies: int
    """Multiply cycles; each is one multiply on every lane."""
    gate: int = 0
    """What the gate before the layer costs: waiting for its keep bits, beyond what is counted elsewhere."""

    @property
    def idle(self) -> int:
        """Cycles of the scan in which the engine waits for an event."""
        return int(self.scan.sum()) - self.multiplies

    @property
    def total(self) -> int:
        return int(self.scan.sum()) + self.neuron + self.control + self.gate


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
    def weight_rows(self, lanes: int, lanes_in: int) -> Ints:
        """[rows, taps, C_out]: the weights an event needs, in the order of the engine's addresses."""

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

    def execute(self, x: Ints, tensor: Tensor) -> Trace:
        geometry = self.geometry(tensor)
        z = self.sums(x) + self.pooled_bias(geometry)[:, None, None]
        u = self.neuron.membranes(z)
        values = {"z": z, "u": u}
        if self.readout:
            part = u if self.readout == "sum" else np.maximum(u, 0)
            return Trace(part.sum(axis=(0, 2, 3)), values)
        return Trace(self.neuron.output(u, self.z_frac(tensor, geometry)), values)

    def saturations(self, u: Ints, tensor: Tensor) -> int:
        """How many outputs `cast` saturates; a readout has no cast."""
        return 0 if self.readout else self.neuron.saturations(u, self.z_frac(tensor, self.geometry(tensor)))

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

    def cycles(
        self,
        x: Ints,
        keep: NDArray[np.bool_],
        tensor: Tensor,
        lanes: int,
        lanes_in: int,
        known: Ints | None = None,
    ) -> SynapseCycles:
        """Of one window: x [T, C, H, W] as the layer reads it, keep [T], `lanes_in` channels of a position a word.

        `known` [T]: when each keep bit is, counted from the start of the first membranes; None: before that.
        """
        geometry = self.geometry(tensor)
        out = geometry.output
        out_groups = groups(out.channels, lanes)
        reached = geometry.outputs_reached(tensor.height, tensor.width) * out_groups
        cost = pack(np.broadcast_to(reached, (1, *tensor.shape[1:])), lanes, lanes_in)[0]
        packed = pack(x, lanes, lanes_in)
        words = out.height * out.width * out_groups
        sweep = max(words, LEAST_PASS_CYCLES) + PASS_CYCLES
        scans = [scan_cycles(frame, cost, sweep) if kept else 0 for frame, kept in zip(packed, keep, strict=True)]
        counts = np.count_nonzero(packed[keep], axis=0)
        return SynapseCycles(
            scan=np.array(scans, dtype=np.int64),
            neuron=tensor.frames * sweep + words + LAST_CYCLES,
            control=LAYER_CYCLES,
            events=int(counts.sum()),
            multiplies=int((counts * cost).sum()),
            gate=0
            if known is None
            else waiting_cycles(scans, known.tolist(), sweep, lambda t, ahead: scan_cycles(packed[t], cost, ahead)),
        )


def waiting_cycles(scans: list[int], known: list[int], sweep: int, scan: Callable[[int, int], int]) -> int:
    """Cycles beyond those of a window whose keep bits are known in time; scans: of those, 0 for a pruned frame.

    A frame's turn comes with the end of the pass before it, `sweep` cycles long; it waits until it is known. Its scan
    starts with that pass, or when it is known: scan(t, ahead) are its cycles `ahead` of its turn.
    """
    turn = sweep
    for t, (least, at) in enumerate(zip(scans, known, strict=True)):
        ahead = min(sweep, max(0, turn - at))
        late = least > 0 and ahead < sweep
        turn = max(turn, at) + (scan(t, ahead) if late else least) + sweep
    return turn - sum(scans) - (len(scans) + 1) * sweep


def scan_cycles(frame: Ints, cost: Ints, ahead: int) -> int:
    """Of one frame of words [words, lanes]; cost [words, lanes]: outputs that an event there reaches.

    The scanner starts `ahead` cycles before the frame does: with the neuron pass before. It finds an event, or passes
    an empty word, a cycle, and runs ahead of the engine by EVENT_DEPTH events in a FIFO and the one that is offered.
    The engine takes an event once it was found and the one before is done, and works on it from the next cycle on; an
    event that reaches nothing still takes its cycle. Counted here from the cycle in which a scanner that starts with
    the frame offers the first word's event.
    """
    filled = frame != 0
    at = np.nonzero(filled)[0]
    if not len(at):
        return max(LEAST_SCAN_CYCLES, SCAN_CYCLES + len(frame) - 1 - EVENT_CYCLES - ahead)
    gaps = np.maximum(np.diff(at, prepend=at[0]), 1).tolist()
    taken: list[int] = []
    found, free = int(at[0]) - 1 - ahead, -FIND_CYCLES
    for event, (gap, busy) in enumerate(zip(gaps, np.maximum(cost[filled], 1).tolist(), strict=True)):
        found += gap
        if event > EVENT_DEPTH:  # one waits beside the FIFO: it is offered once the one before was taken
            found = max(found, taken[event - EVENT_DEPTH - 1] + 1 + EVENT_CYCLES)
        taken.append(max(found, free))
        free = taken[-1] + busy
    return SCAN_CYCLES + max(free + 1, found + len(frame) - 1 - EVENT_CYCLES - int(at[-1]))
