"""Razor gates that decide otherwise than by an absolute threshold. Contracts: ops/razor.py, ops/static.py.

relative   keep[t] = S[t] * 256 >= rho_q * max over t of S[t], so at least one frame is kept, unless all are empty;
           rho_q = rho * 256, rounded, and rho is the running quantile, at the razor ratio, of S[t] / max S
static     keep[t] is the same for every window: the frames whose mean score, running over training, is not among the
           lowest; keep bits have no gradient then, and the operand is raw, so the embeddings stay as they start
"""

import torch
from torch import Tensor

from razorsnn.fixed import Format
from razorsnn.ops.razor import RHO_ONE
from razorsnn.train.gate import MOMENTUM
from razorsnn.train.quantisers import Stage, half_up, hard_gate
from razorsnn.train.razor import TEMPERATURE, GateSettings, RazorGate


class RelativeGate(RazorGate):
    """Keeps what is near the window's best."""

    def measured(self, score: Tensor) -> Tensor:
        exact = score.detach().double()
        return exact / self._peak(exact)

    def kept(self, score: Tensor, stage: Stage) -> Tensor:
        """In doubles: the product of rho_q and the maximum is wider than a float32."""
        exact = score.double()
        peak = self._peak(exact)
        margin = (exact - self._rho(stage) * peak) / peak
        return hard_gate(margin, 0.0, TEMPERATURE * float(self.spread)).to(score.dtype)

    def _peak(self, score: Tensor) -> Tensor:
        return score.amax(dim=0).clamp_min(self.least_spread)

    def threshold_integer(self) -> int:
        """rho_q."""
        return half_up(float(self.threshold) * RHO_ONE) if self.ratio > 0 else 0

    def _rho(self, stage: Stage) -> float:
        real = float(self.threshold) if self.ratio > 0 else 0.0
        return real if stage is Stage.FLOAT else self.threshold_integer() / RHO_ONE


class StaticGate(RazorGate):
    """Keeps the frames that score well on average."""

    means: Tensor

    def __init__(
        self, frames: int, positions: int, x_format: Format, settings: GateSettings, generator: torch.Generator
    ) -> None:
        super().__init__(frames, positions, x_format, settings, generator)
        self.register_buffer("means", torch.zeros(frames, dtype=torch.float64))

    def calibrate(self, score: Tensor) -> None:
        """Sets the keep bits from these scores [T, N], of one or many batches."""
        self.means.copy_(score.detach().double().mean(dim=1))
        super().calibrate(score)

    def bits(self) -> Tensor:
        """keep [T], as booleans."""
        return self.means >= torch.quantile(self.means, self.ratio)

    def follow(self, score: Tensor) -> None:
        seen, before = bool(self.seen), self.means.clone()
        super().follow(score)  # which calibrates: the means are now those of these scores
        if seen:
            self.means.copy_(torch.lerp(before, self.means, MOMENTUM))

    def kept(self, score: Tensor, stage: Stage) -> Tensor:
        """Alike in all stages."""
        return self.bits()[:, None].expand_as(score).to(score.dtype)
