"""Convolution, kernel 1 or 3, stride 1, padding (kernel - 1) / 2, then an average pool kept as a sum.

Contract: ops/synapse.py, with
    equation   z[o, i, j] = sum over the pool x pool outputs (r, s) of (i, j) of
               bias[o] + sum over c, a, b of w[o, c, a, b] * x[c, r + a - reach, s + b - reach]
    shapes     weights [C_out, C, k, k]; outputs H // pool x W // pool: what does not fill a pool is dropped
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from razorsnn.fixed import Ints
from razorsnn.ir import Tensor
from razorsnn.ops.synapse import Geometry, Synapse
from razorsnn.ops.words import groups

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
        pool_log2 = self.pool.bit_length() - 1
        return Geometry(False, shape[2] // 2, pool_log2, height * self.pool, width * self.pool, output)

    def sums(self, x: Ints) -> Ints:
        return pooled(convolved(x, self.weights), self.pool)

    def weight_rows(self, lanes_in: int) -> Ints:
        outputs, channels = self.weights.shape[:2]
        rows = np.zeros((groups(channels, lanes_in) * lanes_in, self.weights[0, 0].size, outputs), dtype=np.int64)
        rows[:channels] = self.weights.reshape(outputs, channels, -1).transpose(1, 2, 0)
        return rows

    def describe(self) -> str:
        kernel = self.weights.shape[-1]
        pool = f", pool {self.pool}" if self.pool > 1 else ""
        return f"{kernel}x{kernel}, weights {self.weight_format}{pool}, {self.neuron.describe(self.readout)}"


def convolved(x: Ints, weights: Ints) -> Ints:
    """[T, C_out, H, W]: exact. Doubles hold every sum (ir widths stay far below 2**53), and BLAS is fast on them."""
    reach = weights.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach), (reach, reach))).astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(2, 3))
    product = np.tensordot(windows, weights.astype(np.float64), axes=([1, 4, 5], [1, 2, 3]))
    return product.transpose(0, 3, 1, 2).astype(np.int64)


def pooled(z: Ints, pool: int) -> Ints:
    """Sums of pool x pool outputs; rows and columns that do not fill a pool are dropped."""
    frames, channels, height, width = z.shape
    kept = z[:, :, : height // pool * pool, : width // pool * pool]
    sums: Ints = kept.reshape(frames, channels, height // pool, pool, width // pool, pool).sum(axis=(3, 5))
    return sums
