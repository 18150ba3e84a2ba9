"""What activity costs in training: a penalty, alike in all layers, or steered so that each ends at a wanted share.

    penalty    sum over hidden layers l of factor_l * sum y_l, over the number of all hidden activations
    without a target: factor_l = train.activity_penalty
    with one:         factor_l = train.activity_penalty * exp(I_l + P * e_l), a PI controller that acts on logarithms:
                      after each step e_l = log(share_l / target) and I_l += rate * e_l
share_l is the share of non-zeros in what layer l's successor reads in this batch, pruned frames counted as zeros: those
are what multiplies are spent on. It has no gradient itself; the activations' mean, which has one, stands in for it.
"""

import math

import torch
from torch import Tensor

from razorsnn.config import Train
from razorsnn.train.model import Passed
from razorsnn.train.world import summed

INTEGRAL, PROPORTIONAL = 15.0, 2.0
"""Of I_l: what a share off by a factor of e adds over a whole training. P: damps what follows from the delay."""
LARGEST_ERROR = 1.0
"""Of log(share / target): a layer that is silent at first shall not lose its penalty in a few steps."""
RANGE = math.log(1e3)
"""I stays within this, so that the factor of a layer that cannot get there does not run away."""


class ActivityPenalty:
    """`state` [2, hidden layers]: I and e, 0 at first. `steps`: of the whole training."""

    def __init__(self, settings: Train, layers: int, steps: int, device: torch.device) -> None:
        self.start, self.target = settings.activity_penalty, settings.activity_target
        self.rate = INTEGRAL / steps
        self.state = torch.zeros(2, layers, device=device)

    def loss(self, passed: Passed) -> Tensor | None:
        """The penalty of this pass; None where there is none."""
        if not self.start or not passed.outputs:
            return None
        sums = torch.stack([y.sum() for y in passed.outputs])
        integral, error = self.state
        factors = (integral + PROPORTIONAL * error).exp()
        penalty: Tensor = self.start * (sums * factors).sum() / sum(y.numel() for y in passed.outputs)
        return penalty

    @torch.no_grad()
    def follow(self, passed: Passed) -> None:
        """Moves the factors towards the target by what this pass had."""
        if self.target is None or not passed.outputs:
            return
        counts = torch.tensor([[int(x.count_nonzero()), x.numel()] for x in passed.operands[1:]])
        active, all_ = summed(counts).T
        shares = active / all_
        integral, error = self.state
        error.copy_((shares / self.target).log().clamp(-LARGEST_ERROR, LARGEST_ERROR))
        integral.add_(error, alpha=self.rate).clamp_(-RANGE, RANGE)
