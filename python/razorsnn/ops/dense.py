"""Dense (fully connected) layer: every input position reaches every output.

Contract: ops/synapse.py, with
    equation   z[o] = bias[o] + sum over c, y, x of w[o, c, y, x] * x[c, y, x]
    shapes     weights [C_out, C, H, W]; the output is [T, C_out, 1, 1]
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from razorsnn.fixed import Ints
from razorsnn.ir import Tensor
from razorsnn.ops.synapse import Geometry, Synapse, Weights, event_sums
from razorsnn.ops.words import Words, channels_last


@dataclass(frozen=True, eq=False)
class Dense(Synapse):
    """A spiking dense layer."""

    kind: ClassVar[str] = "dense"

    def geometry(self, x: Tensor) -> Geometry:
        expected = (x.channels, x.height, x.width)
        fits = self.weights.shape[1:] == expected
        self.require(fits, f"weights of shape {self.weights.shape}, accepted: [*, {', '.join(map(str, expected))}]")
        return Geometry(True, 0, 0, 1, 1, Tensor(x.frames, len(self.weights), 1, 1, self.neuron.out))

    def sums(self, x: Ints) -> Ints:
        z = np.zeros((len(x), 1, 1, len(self.weights)), dtype=np.int64)
        event_sums(channels_last(x).reshape(len(x), 1, -1), self._rows, z, 0, 0, 0)
        return z.transpose(0, 3, 1, 2)

    @cached_property
    def _rows(self) -> Weights:
        """As those of a 1x1 convolution of one position, all inputs its channels."""
        flat = channels_last(self.weights).reshape(len(self.weights), -1)
        return np.ascontiguousarray(flat.T[:, None, None, :], dtype=np.int32)

    def weight_rows(self, reads: Words) -> Ints:
        words = reads.pack(self.weights)
        return words.reshape(len(self.weights), -1).T[:, None, None, :]

    def describe(self) -> str:
        return f"weights {self.weight_format}, {self.neuron.describe(self.readout)}"
