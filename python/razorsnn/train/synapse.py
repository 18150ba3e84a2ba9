"""What convolution and dense layers share in training: normalisation, folding, exact weights, neuron, readout.

Contract: ops/synapse.py. Live: product, batch normalisation, average pool, neuron, the order of TA-SNN's code. Folded,
product and pool are one product with the pooled kernel: exact, and less than half of the work.
    shapes     x [T, N, C, H, W] -> y [T, N, C_out, H_out, W_out], or scores [N, C_out] of a readout
"""

from abc import abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from razorsnn.fixed import LEAK_FRAC, Format
from razorsnn.train import fused
from razorsnn.train.neuron import NeuronSettings, membranes
from razorsnn.train.norm import PooledNorm
from razorsnn.train.quantisers import FLOAT32_EXACT, Stage, cast, fitting_frac

NORM_EPS = 2.0**-16
MOST_WEIGHT_FRAC = 20
"""Finer weights would only widen the sums; a layer of zeros would ask for them."""

READOUT_GAIN = 0.1
"""First gain of the readout's normalisation: its rates start near the targets' mean, not at unit variance."""


@dataclass(frozen=True)
class Weights:
    """Weights and bias [C_out] that a stage multiplies with. z_frac: their sums' grid, None where there is none."""

    weight: Tensor
    bias: Tensor
    weight_frac: int
    z_frac: int | None
    v_th: float


class SpikingLayer(nn.Module):
    """One layer of weights and neurons. `x_format`: of the input; `pool`: 1 where there is none."""

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        x_format: Format,
        weight_bits: int,
        neuron: NeuronSettings,
        readout: str | None,
        pool: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        nn.init.kaiming_uniform_(self.weight, nonlinearity="relu", generator=generator)
        self.norm = PooledNorm(shape[0], eps=NORM_EPS)
        if readout:
            nn.init.constant_(self.norm.weight, READOUT_GAIN)
        self.x_format, self.weight_bits, self.neuron = x_format, weight_bits, neuron
        self.readout, self.pool = readout, pool
        self.mixed: torch.dtype | None = None

    @abstractmethod
    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """z [T * N, C_out, H_out, W_out] of x [T * N, C, H, W], averaged over the pool."""

    def live_product(self, x: Tensor) -> tuple[Tensor, int]:
        """z [T * N, C_out, H, W] of the real weights, and the pool that is still to be averaged over."""
        return self.product(x, self.weight, None), 1

    def normalised(self, x: Tensor) -> Tensor:
        """z of the real weights, with live normalisation; training steps multiply in `mixed`, where that is set."""
        with torch.autocast(x.device.type, self.mixed) if self.mixed and self.training else nullcontext():
            z, pool = self.live_product(x)
        return self.norm.pooled(z.to(x.dtype), pool)

    def forward(self, x: Tensor, stage: Stage) -> Tensor:
        z, v_th, z_frac = self._sums(x.flatten(0, 1), stage)
        run = fused.membranes if self.neuron.fused and self.training else membranes
        u = run(z.unflatten(0, x.shape[:2]), self.neuron, v_th, z_frac)
        if self.readout:
            part = u if self.readout == "sum" else u.relu()
            return part.sum(dim=0, dtype=torch.float64).flatten(1)
        return self.neuron.output(u, v_th).to(x.dtype)

    def _sums(self, x: Tensor, stage: Stage) -> tuple[Tensor, float, int | None]:
        """z [T * N, C_out, H_out, W_out], v_th and the grid of both."""
        if stage is Stage.LIVE:
            return self.normalised(x), self.neuron.v_th, None
        used = self.exact() if stage is Stage.EXACT else self.folded()
        return self.product(x.to(used.weight.dtype), used.weight, used.bias), used.v_th, used.z_frac

    def _merged(self) -> tuple[Tensor, Tensor]:
        """Weights and bias with the frozen normalisation in them, in doubles: equal on every machine."""
        norm = self.norm
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        return self.weight.double() * scale[:, None, None, None], norm.bias.double() - norm.running_mean * scale

    def folded(self) -> Weights:
        """Real weights, normalisation folded."""
        weight, bias = self._merged()
        own = self.weight.dtype
        return Weights(weight.to(own), bias.to(own), 0, None, self.neuron.v_th)

    def exact(self) -> Weights:
        """The deployed weights on their grid, as exact as in doubles: in the net's own precision where that holds."""
        weight, bias = self._merged()
        frac = self._weight_frac(weight)
        weight = cast(weight, Format(True, self.weight_bits, frac))
        bias = cast(bias, Format(True, 64, self.x_format.frac + frac))
        z_frac = self.x_format.frac + frac + 2 * (self.pool.bit_length() - 1)
        v_th = self.neuron.v_th_integer(z_frac) * 2.0**-z_frac
        dtype = self.weight.dtype if self._largest(weight, bias, z_frac) < FLOAT32_EXACT else torch.float64
        return Weights(weight.to(dtype), bias.to(dtype), frac, z_frac, v_th)

    def _weight_frac(self, weight: Tensor) -> int:
        """At least such that z is as fine as y, at most such that no shift exceeds the contract's 31."""
        lowest = self.neuron.out.frac - self.x_format.frac - 2 * (self.pool.bit_length() - 1)
        return fitting_frac(weight, self.weight_bits, lowest, min(lowest + 31, MOST_WEIGHT_FRAC))

    def _largest(self, weight: Tensor, bias: Tensor, z_frac: int) -> float:
        """Bound of |u| in integers: the worst |z|, and what the leak can pile up of it."""
        x_max = self.x_format.high * 2.0**-self.x_format.frac
        worst = (weight.detach().abs().flatten(1).sum(dim=1) * x_max + bias.detach().abs()).max()
        return (float(worst) * 2.0**z_frac + 1.0) / (1.0 - self.neuron.alpha_q * 2.0**-LEAK_FRAC)
