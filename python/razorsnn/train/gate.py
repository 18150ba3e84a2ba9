"""What all gates share in training: a threshold that follows the scores, and how a gate's result looks."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

MOMENTUM = 0.1
"""Of the running threshold and spread, as in batch normalisation."""


@dataclass(frozen=True)
class GateResult:
    """operand [T, N, C, H, W]: what the next layer reads; keep and score [T, N]."""

    operand: Tensor
    keep: Tensor
    score: Tensor


class Gate(nn.Module):
    """A gate whose threshold is the running quantile, at `ratio`, of the scores seen in training."""

    threshold: Tensor
    spread: Tensor
    seen: Tensor

    def __init__(self, ratio: float, least_spread: float) -> None:
        super().__init__()
        self.ratio, self.least_spread = ratio, least_spread
        self.register_buffer("threshold", torch.zeros((), dtype=torch.float64))
        self.register_buffer("spread", torch.ones((), dtype=torch.float64))
        self.register_buffer("seen", torch.zeros((), dtype=torch.bool))

    def calibrate(self, score: Tensor) -> None:
        """Sets the threshold to the quantile of these scores [T, N], of one or many batches."""
        values = self.measured(score).flatten()
        self.threshold.copy_(torch.quantile(values, self.ratio))
        self.spread.copy_(values.std(correction=0).clamp_min(self.least_spread))
        self.seen.fill_(True)

    def measured(self, score: Tensor) -> Tensor:
        """What the quantile is taken of, in doubles."""
        return score.detach().double()

    def follow(self, score: Tensor) -> None:
        """Moves the threshold towards that of these scores [T, N]; the first ones set it."""
        if not self.seen:
            return self.calibrate(score)
        before = self.threshold.clone(), self.spread.clone()
        self.calibrate(score)
        for running, old in zip((self.threshold, self.spread), before, strict=True):
            running.copy_(torch.lerp(old, running, MOMENTUM))
