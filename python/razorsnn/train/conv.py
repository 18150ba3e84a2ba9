"""Convolution in training. Contract: ops/conv.py."""

from torch import Tensor
from torch.nn import functional

from razorsnn.train.synapse import SpikingLayer


class ConvLayer(SpikingLayer):
    """Kernel 1 or 3, padding (kernel - 1) / 2; what does not fill a pool is dropped."""

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        kernel = pooled_kernel(weight, self.pool)
        return functional.conv2d(x, kernel, bias, stride=self.pool, padding=weight.shape[-1] // 2)

    def live_product(self, x: Tensor) -> tuple[Tensor, int]:
        return functional.conv2d(x, self.weight, padding=self.weight.shape[-1] // 2), self.pool


def pooled_kernel(weight: Tensor, pool: int) -> Tensor:
    """[C_out, C, k + pool - 1, k + pool - 1]: with stride `pool` it gives the averages of what `weight` gives.

    Exact: sums of pool * pool weights, then a power of two.
    """
    if pool == 1:
        return weight
    box = weight.new_full((1, 1, pool, pool), 1.0 / (pool * pool))
    kernels = functional.conv2d(weight.flatten(0, 1)[:, None], box, padding=pool - 1)
    return kernels.reshape(*weight.shape[:2], *kernels.shape[2:])
