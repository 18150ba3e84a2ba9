"""The tally gate: a frame is kept for what it holds, without embeddings or masks: its largest value, or their sum.

Contract (HLS hls/razorsnn/tally.hpp, RTL rtl/rsnn_tally.sv compute the same):
    equation   S[t] = max over P of X[t] ("peak") or sum over P of X[t] ("events"); keep[t] = S[t] >= threshold
               next layer reads keep[t] * X[t]
    shapes     X [T, C, H, W], P = C * H * W; S, keep [T]
    widths     S unsigned at X's frac, exact
    order      as the layer before puts its outputs out, word by word
    latency    none: a frame is decided 3 cycles after its last output, before any layer can read it
"""

from dataclasses import dataclass
from typing import ClassVar

from razorsnn.fixed import Ints
from razorsnn.ir import Op, Tensor, Trace
from razorsnn.ops.words import pruned

MEASURES = ("peak", "events")
THRESHOLD_BITS = 31


@dataclass(frozen=True, eq=False)
class Tally(Op):
    """`measure`: what of a frame is compared with `threshold`, an integer at X's frac."""

    kind: ClassVar[str] = "tally"
    measure: str
    threshold: int

    def infer(self, x: Tensor) -> Tensor:
        most = (1 << THRESHOLD_BITS) - 1
        self.require(self.measure in MEASURES, f"measure {self.measure!r}, accepted: {', '.join(MEASURES)}")
        self.require(0 <= self.threshold <= most, f"threshold {self.threshold}, accepted: 0..{most}")
        self.require(not x.format.signed, f"input format {x.format}, accepted: unsigned")
        largest = x.positions * x.format.high
        self.require(largest <= most, f"frames whose sum may be {largest}, accepted: up to {most}")
        return x

    def execute(self, x: Ints, tensor: Tensor) -> Trace:
        flat = x.reshape(len(x), -1)
        score: Ints = flat.max(axis=1) if self.measure == "peak" else flat.sum(axis=1)
        keep = (score >= self.threshold).astype("int64")
        return Trace(pruned(x, keep), {"score": score, "keep": keep})

    def describe(self) -> str:
        return f"keeps frames whose {MEANINGS[self.measure]} >= {self.threshold}"


MEANINGS = {"peak": "largest activation", "events": "sum of activations"}
