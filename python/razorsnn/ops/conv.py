"""Convolution, kernel 1 or 3, stride 1, padding (kernel - 1) / 2, then an average pool kept as a sum.

Contract: ops/synapse.py, with
    equation   z[o, i, j] = sum over the pool x pool outputs (r, s) of (i, j) of
               bias[o] + sum over c, a, b of w[o, c, a, b] * x[c, r + a - reach, s + b - reach]
    shapes     weights [C_out, C, k, k]; outputs H // pool x W // pool: what does not fill a pool is dropped
    folded     where it pays, both sums are one: of a kernel of k + pool - 1, whose weights are sums, in steps of pool
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

import numpy as np

from razorsnn.fixed import Ints, bits_signed
from razorsnn.ir import Tensor
from razorsnn.ops.synapse import Geometry, Synapse, Weights, event_sums
from razorsnn.ops.words import Words, channels_last

KERNELS = (1, 3)
POOLS = (1, 2, 4, 8)


@dataclass(frozen=True, eq=False)
class Conv(Synapse):
    """A spiking convolution; `pool` is 1 where there is none."""

    kind: ClassVar[str] = "conv"
    pool: int = 1

    def geometry(self, x: Tensor) -> Geometry:
        shape = self.weights.shape
        fits = len(shape) == 4 and shape[1] == x.channels and shape[2] == shape[3] and shape[2] in KERNELS
        self.require(
            fits,
            f"weights of shape {shape} on {x.channels} channels, accepted: [*, {x.channels}, k, k], k 1 or 3",
        )
        self.require(self.pool in POOLS, f"pool {self.pool}, accepted: {', '.join(map(str, POOLS))}")
        height, width = x.height // self.pool, x.width // self.pool
        self.require(height > 0 and width > 0, f"pool {self.pool} on {x.height}x{x.width} leaves nothing")
        output = Tensor(x.frames, shape[0], height, width, self.neuron.out)
        pool_log2, step = self.pool.bit_length() - 1, 1 if self.folded else self.pool
        return Geometry(False, shape[2] // 2, pool_log2, height * step, width * step, output, self.folded)

    @property
    def folded(self) -> bool:
        """Whether the engine folds the pool: where multiplies fall by more than weight words rise.

        Per input and output channel, inside: kernel ** 2 multiplies and weights become ((kernel + pool - 1) / pool)
        ** 2 and (kernel + pool - 1) ** 2. So a 3x3 with a pool of 2 is folded: 9 and 9 become 4 and 16.
        """
        kernel: int = self.weights.shape[2]
        return self.pool * kernel**2 > (kernel + self.pool - 1) ** 2

    def ways(self) -> dict[str, Any]:
        """Both ways to pool: multiplies inside and weights, for each input and output channel, and which is taken."""
        kernel, folded = self.weights.shape[2], self.weights.shape[2] + self.pool - 1
        multiplies = {"apart": kernel**2, "folded": (folded / self.pool) ** 2}
        return {"folded": self.folded, "multiplies": multiplies, "weights": {"apart": kernel**2, "folded": folded**2}}

    @property
    def stored_weights(self) -> Ints:
        """[C_out, C, k', k'] as the engine multiplies them."""
        return folded_kernel(self.weights, self.pool) if self.folded else self.weights

    @property
    def stored_weight_bits(self) -> int:
        """A folded weight is a sum of up to min(kernel, pool) ** 2."""
        terms = min(self.weights.shape[2], self.pool) ** 2 if self.folded else 1
        return bits_signed(self.weight_format.low * terms, self.weight_format.high * terms)

    def sums(self, x: Ints) -> Ints:
        z = np.zeros((len(x), x.shape[2] // self.pool, x.shape[3] // self.pool, len(self.weights)), dtype=np.int64)
        pool_log2 = self.pool.bit_length() - 1
        step_log2 = pool_log2 if self.folded else 0
        rows = channels_last(x).reshape(*x.shape[::2], -1)
        event_sums(rows, self._rows, z, self.weights.shape[2] // 2, step_log2, pool_log2 - step_log2)
        return z.transpose(0, 3, 1, 2)

    @cached_property
    def _rows(self) -> Weights:
        return np.ascontiguousarray(self.stored_weights.transpose(1, 2, 3, 0), dtype=np.int32)

    def weight_rows(self, reads: Words) -> Ints:
        weights = self.stored_weights
        outputs, channels, size, _ = weights.shape
        rows = np.zeros((reads.groups(channels) * reads.channels, size, size, outputs), dtype=np.int64)
        rows[:channels] = weights.transpose(1, 2, 3, 0)
        return rows

    def describe(self) -> str:
        kernel = self.weights.shape[-1]
        pool = f", pool {self.pool}" if self.pool > 1 else ""
        return f"{kernel}x{kernel}, weights {self.weight_format}{pool}, {self.neuron.describe(self.readout)}"


def folded_kernel(weights: Ints, pool: int) -> Ints:
    """[C_out, C, k + pool - 1, k + pool - 1]: the kernel that gives in steps of `pool` what k x k and the pool give."""
    *channels, size, _ = weights.shape
    found = np.zeros((*channels, size + pool - 1, size + pool - 1), dtype=np.int64)
    for row, column in product(range(pool), repeat=2):
        found[..., row : row + size, column : column + size] += weights
    return found
