"""Batch normalisation and average pool as one function of the sums: what lies between them is never written.

    forward    y = pool(scale * (z - mean) + bias) = scale * (pool(z) - mean) + bias,  scale = gain / sqrt(var + eps)
    backward   dz = scale * (up(dy) / pool**2 - sum dy / M - (z - mean) / (var + eps) * sum dy * (pool(z) - mean) / M)
    shapes     z [M / (H * W), C, H, W], channels last; y [.., C, H // pool, W // pool]; sums over all but C
Mean and variance are those of z, before the pool, as in the order of TA-SNN's code; rows and columns that do not fill a
pool count in them.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

from razorsnn.train.quantisers import applied
from razorsnn.train.world import size, summed


class PooledNorm(nn.BatchNorm2d):
    """Normalises z and averages it over `pool` x `pool`; statistics run as in torch's own."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def pooled(self, z: Tensor, pool: int) -> Tensor:
        """y of z, which is used up: its memory holds its gradient in the end."""
        if not self.training:
            normalised: Tensor = self(z)
            return functional.avg_pool2d(normalised, pool)
        z = z.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            mean, var, count = _moments(z.detach())
            self._follow(mean, var, count)
        return applied(_PooledNorm, z, self.weight, self.bias, mean, var + self.eps, count, pool)

    def _follow(self, mean: Tensor, var: Tensor, count: int) -> None:
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var * (count / (count - 1)), self.momentum)


def _moments(z: Tensor) -> tuple[Tensor, Tensor, int]:
    """Mean and biased variance [C] of the z of all processes, and of how many values each is."""
    mean, var = torch.batch_norm_update_stats(z, None, None, 0.0)
    count = z.numel() // z.shape[1]
    if size() == 1:
        return mean, var, count
    square = var.double() + mean.double().square()
    total = summed(torch.cat([mean.double() * count, square * count, mean.new_tensor([count]).double()]))
    means, squares = (total[:-1] / total[-1]).chunk(2)
    return means.to(z.dtype), (squares - means.square()).clamp_min(0.0).to(z.dtype), int(total[-1])


class _PooledNorm(Function):
    @staticmethod
    def forward(
        ctx: Any, z: Tensor, gain: Tensor, bias: Tensor, mean: Tensor, var: Tensor, count: int, pool: int
    ) -> Tensor:
        pooled = functional.avg_pool2d(z, pool) if pool > 1 else z
        ctx.save_for_backward(z, pooled, gain, mean, var)
        ctx.count, ctx.pool = count, pool
        scale = gain / var.sqrt()
        return _mapped(pooled, scale, bias - mean * scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        z, pooled, gain, mean, var = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        scale = gain / var.sqrt()
        to_bias = _sums(gradient)
        centred = _sums(gradient * pooled) - mean * to_bias
        all_to_bias, all_centred = summed(torch.stack([to_bias, centred]))
        slope = -scale * all_centred / var / ctx.count
        to_z = _mapped(z, slope, -scale * all_to_bias / ctx.count - slope * mean, out=z)
        _add_upsampled(to_z, _mapped(gradient, scale / ctx.pool**2, torch.zeros_like(scale)), ctx.pool)
        return to_z, centred / var.sqrt(), to_bias, None, None, None, None


def _rows(x: Tensor) -> Tensor:
    """[.., H, W * C], a view of x [.., C, H, W] in channels last: long rows are what is fast on a CPU."""
    return x.permute(0, 2, 3, 1).flatten(2)


def _mapped(x: Tensor, scale: Tensor, offset: Tensor, out: Tensor | None = None) -> Tensor:
    """scale * x + offset, channel by channel."""
    found = torch.empty_like(x) if out is None else out
    width = x.shape[3]
    torch.addcmul(offset.repeat(width), _rows(x), scale.repeat(width), out=_rows(found))
    return found


def _sums(x: Tensor) -> Tensor:
    """[C]: sums over all but the channel."""
    return x.permute(0, 2, 3, 1).flatten(0, 2).sum(dim=0)


def _add_upsampled(to: Tensor, x: Tensor, pool: int) -> None:
    """Adds each value of x to all of its pool in `to`."""
    count, channels, height, width = x.shape
    wide = x.permute(0, 2, 3, 1).unsqueeze(3).expand(-1, -1, -1, pool, -1).reshape(count, height, 1, -1)
    filled = _rows(to)[:, : height * pool, : width * pool * channels]
    filled.unflatten(1, (height, pool)).add_(wide)
