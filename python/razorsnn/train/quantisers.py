"""Rounding for torch: real values on power-of-two grids, exactly those of `fixed`, with straight-through gradients.

A tensor holds integer * 2**-frac as a float, so the same code trains on real weights and on the deployed integers.
`torch.round` takes ties to the even neighbour; half up is floor(x + 1/2), as in `fixed.cast`.
"""

import math
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from razorsnn.fixed import Format, best_frac

FLOAT32_EXACT = float(2**24)
"""Float32 sums of integers are exact below this, whatever the order of the additions."""


class Stage(Enum):
    """How the numbers of a net are computed. Activations have their A bits in all three.

    LIVE: batch normalisation as in training, real weights. FLOAT: normalisation folded, real weights, leak and gate.
    EXACT: folded, and every value is the integer that is deployed.
    """

    LIVE = "live"
    FLOAT = "float"
    EXACT = "exact"


def applied(function: Any, *arguments: object) -> Tensor:
    """`function.apply(*arguments)` of an autograd Function, which torch leaves without types."""
    result: Tensor = function.apply(*arguments)
    return result


def within(gradient: Tensor, value: Tensor, low: float, high: float) -> Tensor:
    """`gradient` where low < value < high, else 0: one vectorised pass, many times faster than torch.where."""
    found: Tensor = torch.ops.aten.hardtanh_backward(gradient, value, low, high)
    return found


def reaching(x: Tensor, value: Tensor, least: float) -> Tensor:
    """`x` where value >= least, else 0, in one vectorised pass."""
    found: Tensor = torch.ops.aten.threshold_backward(x, value, below(least, value.dtype))
    return found


def below(value: float, dtype: torch.dtype) -> float:
    """The next smaller number of `dtype`: what turns > into >=."""
    exact = np.float64 if dtype == torch.float64 else np.float32
    return float(np.nextafter(exact(value), exact(-np.inf)))


class _Cast(Function):
    """Forward: `fixed.cast`. Backward: the identity inside the format's range, zero where it saturates."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, low: float, high: float, scale: float, even: bool) -> Tensor:
        ctx.save_for_backward(value)
        ctx.range = (low - 0.5) / scale, (high + 0.5) / scale  # the lower end rounds into the format, the upper not
        scaled = (value * scale).round_() if even else (value * scale).add_(0.5).floor_()
        return scaled.clamp_(low, high).mul_(1.0 / scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        (value,) = ctx.saved_tensors
        low, high = ctx.range
        return within(gradient, value, below(low, value.dtype), high), None, None, None, None


def cast(value: Tensor, to: Format, ties: str = "up") -> Tensor:
    """`value` rounded to the nearest and saturated into `to`, `ties` as in fixed.py; no gradient where it saturates."""
    return applied(_Cast, value, float(to.low), float(to.high), 2.0**to.frac, ties == "even")


def fitting_frac(value: Tensor, width: int, lowest: int, highest: int) -> int:
    """The finest power-of-two scale of signed `width` bits for all of `value`, within lowest..highest."""
    peak = float(value.detach().abs().max())
    return min(max(best_frac(peak, True, width), lowest), highest)


def integers(value: Tensor, frac: int) -> Tensor:
    """int64 of a tensor on the grid of `frac`; ValueError if it is not on that grid."""
    scaled = value.detach().double() * 2.0**frac
    if not bool((scaled == scaled.floor()).all()):
        raise ValueError(f"a value is no multiple of 2**-{frac}")
    return scaled.to(torch.int64)


class _SigmoidLookup(Function):
    """Forward: entries of a table. Backward: the slope of the true sigmoid."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, table: Tensor, scale: float, low: int) -> Tensor:
        ctx.save_for_backward(value)
        index = (value * scale).sub_(low).to(torch.int64)
        return table.index_select(0, index.view(-1)).view(value.shape)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (value,) = ctx.saved_tensors
        return torch.ops.aten.sigmoid_backward(gradient, value.sigmoid()), None, None, None


def sigmoid_lookup(value: Tensor, table: Tensor, frac: int, low: int, table_frac: int) -> Tensor:
    """table[value * 2**frac - low] * 2**-table_frac for `value` on the grid of `frac`; slope of the true sigmoid."""
    return applied(_SigmoidLookup, value.contiguous(), table.to(value.dtype) * 2.0**-table_frac, 2.0**frac, low)


class _Softmax(Function):
    """Forward: the weights given. Backward: the softmax's, at these weights; dimension 0 is normalised."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, weights: Tensor) -> Tensor:
        ctx.save_for_backward(weights)
        return weights

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (weights,) = ctx.saved_tensors
        return weights * (gradient - (gradient * weights).sum(dim=0)), None


def softmax_lookup(logits: Tensor, table: Tensor, frac: int, weight_frac: int) -> Tensor:
    """Softmax over dimension 0 as in ops/razor.py: exponents from the table, quotients floored to `weight_frac`."""
    units = (logits.detach() * 2.0**frac).to(torch.int64)
    exponent = table[(units.amax(dim=0) - units).clamp_max(len(table) - 1)]
    quotient = torch.div(exponent << weight_frac, exponent.sum(dim=0), rounding_mode="floor")
    return applied(_Softmax, logits, quotient.to(logits.dtype) * 2.0**-weight_frac)


class _Gate(Function):
    """Forward: value >= threshold. Backward: the slope of sigmoid((value - threshold) / temperature)."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, threshold: float, temperature: float) -> Tensor:
        ctx.save_for_backward(value)
        ctx.threshold, ctx.temperature = threshold, temperature
        return (value >= threshold).to(value.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (value,) = ctx.saved_tensors
        smooth = torch.sigmoid((value - ctx.threshold) / ctx.temperature)
        return gradient * smooth * (1.0 - smooth) / ctx.temperature, None, None


def hard_gate(value: Tensor, threshold: float, temperature: float) -> Tensor:
    """1 where value >= threshold, else 0, with a sigmoid's gradient."""
    return applied(_Gate, value, threshold, temperature)


class _Spike(Function):
    """Forward: u >= v_th. Backward: the surrogate, a rectangle of width `width` and area 1."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, v_th: float, width: float) -> Tensor:
        ctx.save_for_backward(u)
        ctx.v_th, ctx.width = v_th, width
        return (u >= v_th).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (u,) = ctx.saved_tensors
        half = ctx.width / 2
        return within(gradient, u, ctx.v_th - half, ctx.v_th + half).div_(ctx.width), None, None


def spike(u: Tensor, v_th: float, width: float) -> Tensor:
    """1 where u >= v_th, else 0, with the rectangle's gradient."""
    return applied(_Spike, u, v_th, width)


class _Peak(Function):
    """Forward: the largest product a frame. Backward: to the factors of that product, the first of equal ones."""

    @staticmethod
    def forward(ctx: Any, mask: Tensor, x: Tensor) -> Tensor:
        score, index = _first_peak(mask * x)
        ctx.save_for_backward(index, mask[None].expand_as(x).gather(2, index), x.gather(2, index))
        ctx.shape = x.shape
        return score

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        index, mask, x = ctx.saved_tensors
        row = gradient[:, :, None]
        to_x = row.new_zeros(ctx.shape).scatter_(2, index, row * mask)
        to_mask = row.new_zeros(ctx.shape[1:]).scatter_add_(1, index[:, :, 0].T, (row * x)[:, :, 0].T)
        return to_mask, to_x


def _first_peak(value: Tensor) -> tuple[Tensor, Tensor]:
    """max over P of value [T, N, P], and where it is first [T, N, 1]: block by block, as max alone is vectorised."""
    size = _block(value.shape[2])
    blocks = value.unflatten(2, (-1, size))
    score, block = blocks.amax(dim=3).max(dim=2)
    chosen = blocks.gather(2, block[:, :, None, None].expand(-1, -1, 1, size))
    return score, block[:, :, None] * size + chosen.argmax(dim=3)


@cache
def _block(length: int) -> int:
    """The largest divisor up to the square root."""
    return max(size for size in range(1, math.isqrt(length) + 1) if length % size == 0)


def peak_product(mask: Tensor, x: Tensor) -> Tensor:
    """max over P of mask [N, P] * x [T, N, P]: [T, N]."""
    return applied(_Peak, mask, x)


def half_up(value: float) -> int:
    return math.floor(value + 0.5)
