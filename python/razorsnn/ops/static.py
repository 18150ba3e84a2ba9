"""The static gate: the frames that it prunes are the same in every window, fixed when the net was calibrated.

Contract (HLS hls/razorsnn/sequencer.hpp, RTL rtl/rsnn_layer_table.sv hold the bits in a memory, a word a layer):
    equation   next layer reads keep[t] * X[t]
    shapes     X [T, C, H, W]; keep [T] of 0 and 1
    latency    none: no sums, no masks, no scores
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from razorsnn.fixed import Ints
from razorsnn.ir import Op, Tensor, Trace
from razorsnn.ops.words import pruned


@dataclass(frozen=True, eq=False)
class Static(Op):
    """keep: [T], 1 for each frame that the next layer reads."""

    kind: ClassVar[str] = "static"
    keep: Ints

    def infer(self, x: Tensor) -> Tensor:
        self.require(self.keep.shape == (x.frames,), f"keep of shape {self.keep.shape}, accepted: ({x.frames},)")
        self.require(bool(np.isin(self.keep, (0, 1)).all()), "keep beyond 0..1")
        return x

    def execute(self, x: Ints, tensor: Tensor) -> Trace:
        return Trace(pruned(x, self.keep), {"keep": self.keep})

    def describe(self) -> str:
        return f"keeps {int(self.keep.sum())} of {len(self.keep)} frames"
