"""The neurons' recurrence as one compiled loop: what train/neuron.py does pass by pass, in one pass over memory.

Contract: train/neuron.py. Exact, it gives the same bits; live, alpha * h + z is rounded twice and not once.
Sizes are symbols and all constants lie in tensors, so neither a batch's size nor a threshold compiles anew.
    shapes     z, u, gradient [T, M];  levels [5]: alpha, v_th, the surrogate's two ends and its width
               leak [2], doubles: alpha * 2**z_frac and 2**-z_frac, or None where the leak is real
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._dynamo.exc import BackendCompilerFailed
from torch.autograd import Function

from razorsnn.errors import UserError
from razorsnn.train.neuron import NeuronSettings
from razorsnn.train.quantisers import applied


def membranes(z: Tensor, settings: NeuronSettings, v_th: float, z_frac: int | None) -> Tensor:
    """As `neuron.membranes`. UserError: torch cannot compile here."""
    if settings.alpha_q == 0:
        return z
    flat = z.movedim(2, -1)  # a view, where activations lie in memory as channels_last
    u = applied(_Membranes, flat.flatten(1), settings, v_th, z_frac)
    return u.view(flat.shape).movedim(-1, 2)


def require(settings: NeuronSettings, weight: Tensor, frames: int) -> None:
    """UserError, before any work is done, where torch cannot compile for `frames` of values such as weights.

    What it compiles serves all layers: M is a symbol, if it is more than 1.
    """
    with torch.no_grad():
        membranes(weight.new_zeros(frames, 1, 8, 1, 1), settings, settings.v_th, None)


class _Membranes(Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, settings: NeuronSettings, v_th: float, z_frac: int | None) -> Tensor:
        half = settings.width / 2
        levels = z.new_tensor([settings.alpha, v_th, v_th - half, v_th + half, settings.width])
        grid = None if z_frac is None else [settings.alpha * 2.0**z_frac, 2.0**-z_frac]
        leak = None if grid is None else torch.tensor(grid, dtype=torch.float64, device=z.device)
        u = _compiled(forward)(_bare(z), levels, leak, settings.reset)
        ctx.save_for_backward(u, levels)
        ctx.reset = settings.reset
        return u

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        return _compiled(backward)(_bare(gradient.contiguous()), *ctx.saved_tensors, ctx.reset), None, None, None


def forward(z: Tensor, levels: Tensor, leak: Tensor | None, reset: str) -> Tensor:
    """u"""
    alpha, v_th = levels[0], levels[1]
    found = [z[0]]
    for t in range(1, z.shape[0]):
        after = _reset(found[-1], v_th, reset)
        h = alpha * after if leak is None else ((after.double() * leak[0]).floor() * leak[1]).to(z.dtype)
        found.append(z[t] + h)
    return torch.stack(found)


def _reset(u: Tensor, v_th: Tensor, reset: str) -> Tensor:
    if reset == "threshold":
        return torch.minimum(u, v_th)
    return torch.where(u >= v_th, u - v_th if reset == "subtract" else torch.zeros_like(u), u)


def backward(gradient: Tensor, u: Tensor, levels: Tensor, reset: str) -> Tensor:
    """The gradient of z, in the order of additions of `neuron._add_through_reset`."""
    alpha, v_th, low, high, width = levels.unbind()
    found = [gradient[-1]]
    for t in range(gradient.shape[0] - 2, -1, -1):
        carry = found[-1] * alpha
        near = torch.where((u[t] > low) & (u[t] < high), carry, 0.0) / width
        total = gradient[t] + carry
        if reset != "zero":
            total = total + near * (v_th if reset == "threshold" else -v_th)
        if reset != "subtract":
            total = total - torch.where(u[t] >= v_th, carry, 0.0) - near * u[t]
        found.append(total)
    return torch.stack(found[::-1])


def _bare(x: Tensor) -> Tensor:
    """The same memory and no view of a tensor, of whose shape what is compiled would otherwise depend, too."""
    return x.new_empty(0).set_(x.untyped_storage(), x.storage_offset(), x.size(), x.stride())


@cache
def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    compiled: Callable[..., Tensor] = torch.compile(function, dynamic=True)

    def run(*arguments: object) -> Tensor:
        try:
            return compiled(*arguments)
        except BackendCompilerFailed as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(f"train.compile: torch cannot compile here ({reason}); accepted: false, or g++") from None

    return run
