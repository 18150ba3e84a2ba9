"""Neurons in training: the contract of ops/neuron.py with gradients through time.

shapes     z, u [T, N, C, H, W] (frames of a window, windows of a batch)
gradient   du[t]/dh[t-1] = 1;  dh/du = alpha * d reset(u, s)/du with ds/du a rectangle of width a around v_th
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from razorsnn.fixed import LEAK_FRAC, Format
from razorsnn.train.quantisers import applied, cast, half_up, rectangle, spike


@dataclass(frozen=True)
class NeuronSettings:
    """alpha = alpha_q / 256; `v_th` real; `width` of the surrogate's rectangle; `out` and `ties` of y."""

    mode: str
    reset: str
    alpha_q: int
    v_th: float
    width: float
    out: Format
    ties: str = "up"

    @property
    def alpha(self) -> float:
        return self.alpha_q * 2.0**-LEAK_FRAC

    def v_th_integer(self, z_frac: int) -> int:
        """The threshold as an integer at z's frac, never below 1."""
        return max(1, half_up(self.v_th * 2.0**z_frac))

    def output(self, u: Tensor, v_th: float) -> Tensor:
        """y of every u. `out` is unsigned: its saturation is the ReLU."""
        return spike(u, v_th, self.width) if self.mode == "lif" else cast(u, self.out, self.ties)


def membranes(z: Tensor, settings: NeuronSettings, v_th: float, z_frac: int | None) -> Tensor:
    """u [T, ...] of z [T, ...]; with `z_frac` the leak is floored to that grid, as deployed."""
    if settings.alpha_q == 0:
        return z
    return applied(_Membranes, z, settings, v_th, z_frac)


class _Membranes(Function):
    """The recurrence and its gradient, each one loop over T."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, settings: NeuronSettings, v_th: float, z_frac: int | None) -> Tensor:
        u = torch.empty_like(z)
        h = torch.zeros_like(z[0])
        for t in range(len(z)):
            torch.add(z[t], h, out=u[t])
            h = _leak(_reset(u[t], settings.reset, v_th), settings.alpha, z_frac)
        ctx.save_for_backward(u)
        ctx.settings, ctx.v_th = settings, v_th
        return u

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (u,) = ctx.saved_tensors
        slope = _reset_slope(u[:-1], ctx.settings, ctx.v_th).mul_(ctx.settings.alpha)
        total = gradient.clone()
        for t in range(len(u) - 2, -1, -1):
            total[t].addcmul_(slope[t], total[t + 1])
        return total, None, None, None


def _leak(value: Tensor, alpha: float, z_frac: int | None) -> Tensor:
    """alpha * value; on a grid floor(alpha_q * value / 256), in doubles: the product is wider than a float32."""
    if z_frac is None:
        return value * alpha
    return (value.double() * (alpha * 2.0**z_frac)).floor_().mul_(2.0**-z_frac).to(value.dtype)


def _reset(u: Tensor, reset: str, v_th: float) -> Tensor:
    if reset == "threshold":
        return u.clamp_max(v_th)
    after = u - v_th if reset == "subtract" else u.new_zeros(())
    return torch.where(u >= v_th, after, u)


def _reset_slope(u: Tensor, settings: NeuronSettings, v_th: float) -> Tensor:
    """d reset(u, s) / du with s = s(u)."""
    surrogate = rectangle(u, v_th, settings.width)
    if settings.reset == "subtract":
        return 1.0 - v_th * surrogate
    jump = v_th - u if settings.reset == "threshold" else -u
    return (u < v_th).to(u.dtype).addcmul_(jump, surrogate)
