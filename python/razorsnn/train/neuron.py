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
from razorsnn.train.quantisers import applied, cast, half_up, reaching, spike, within


@dataclass(frozen=True)
class NeuronSettings:
    """alpha = alpha_q / 256; `v_th` real; `width` of the surrogate's rectangle; `out` and `ties` of y.

    fused: training runs the loop over T compiled (train/fused.py).
    """

    mode: str
    reset: str
    alpha_q: int
    v_th: float
    width: float
    out: Format
    ties: str = "up"
    fused: bool = False

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
    """The recurrence and its gradient, each one loop over T, in a few vectorised passes a step and no new memory."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, settings: NeuronSettings, v_th: float, z_frac: int | None) -> Tensor:
        u = torch.empty_like(z)
        u[0].copy_(z[0])
        wide = None if z_frac is None else torch.empty_like(z[0], dtype=torch.float64)
        for t in range(1, len(z)):
            after = _reset(u[t - 1], settings.reset, v_th)
            if wide is None:
                torch.add(z[t], after, alpha=settings.alpha, out=u[t])
            else:
                torch.add(z[t], _leak(after, wide, settings.alpha, z_frac or 0), out=u[t])
        ctx.save_for_backward(u)
        ctx.settings, ctx.v_th = settings, v_th
        return u

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (u,) = ctx.saved_tensors
        total = gradient.clone()
        for t in range(len(u) - 2, -1, -1):
            _add_through_reset(total[t], total[t + 1] * ctx.settings.alpha, u[t], ctx.settings, ctx.v_th)
        return total, None, None, None


def _leak(value: Tensor, wide: Tensor, alpha: float, z_frac: int) -> Tensor:
    """floor(alpha_q * value / 256) on z's grid, in place, by way of doubles: the product is wider than a float32."""
    wide.copy_(value).mul_(alpha * 2.0**z_frac).floor_().mul_(2.0**-z_frac)
    return value.copy_(wide)


def _reset(u: Tensor, reset: str, v_th: float) -> Tensor:
    if reset == "threshold":
        return u.clamp_max(v_th)
    if reset == "zero":
        return u - reaching(u, u, v_th)
    return torch.sub(u, (u >= v_th).to(u.dtype), alpha=v_th)


def _add_through_reset(total: Tensor, carry: Tensor, u: Tensor, settings: NeuronSettings, v_th: float) -> None:
    """total += carry * d reset(u, s) / du with s = s(u): 1 below v_th, and the surrogate times the reset's jump."""
    total.add_(carry)
    near = within(carry, u, v_th - settings.width / 2, v_th + settings.width / 2).div_(settings.width)
    if settings.reset != "zero":
        total.add_(near, alpha=v_th if settings.reset == "threshold" else -v_th)
    if settings.reset != "subtract":
        total.sub_(reaching(carry, u, v_th)).addcmul_(near, u, value=-1.0)
