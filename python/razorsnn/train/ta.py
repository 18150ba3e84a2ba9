"""The temporal attention of TA-SNN (Yao et al. 2021), a baseline: there is no accelerator for it.

    d      = sigmoid(W2 relu(W1 m + b1) + b2)      m[t]: mean of X[t];  W1 [T / reduction, T], W2 [T, T / reduction]
    train  X[t] * d[t]
    else   X[t] * (d[t] >= threshold)              the Heaviside step of the paper
The threshold is the running quantile, at the razor ratio, of all d seen: so it prunes as many frames as the razor does.
Unlike in the published code the input itself has no gate, as with the razor.
"""

import math

import torch
from torch import Tensor, nn

from razorsnn.train.gate import Gate, GateResult
from razorsnn.train.quantisers import Stage
from razorsnn.train.world import gathered

LEAST_SPREAD = 2.0**-24


class TaGate(Gate):
    """A gate on X [T, N, C, H, W] for windows of `frames` frames."""

    def __init__(self, frames: int, reduction: int, ratio: float, generator: torch.Generator) -> None:
        super().__init__(ratio, LEAST_SPREAD)
        hidden = max(1, frames // reduction)
        self.squeeze, self.excite = _linear(frames, hidden, generator), _linear(hidden, frames, generator)

    def forward(self, x: Tensor, stage: Stage) -> GateResult:
        """Alike in all stages: it has no integers."""
        mean = x.mean(dim=(2, 3, 4))
        attention = torch.sigmoid(self.excite(self.squeeze(mean.T).relu())).T
        if self.training:
            self.follow(gathered(attention))
        keep = (attention >= self.level).to(x.dtype)
        factor = attention if self.training else keep
        return GateResult(x * factor[:, :, None, None, None], keep, attention)

    @property
    def level(self) -> float:
        return float(self.threshold) if self.ratio > 0 else 0.0


def _linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """As torch starts it, but drawn from `generator`."""
    layer = nn.Linear(inputs, outputs)
    bound = 1 / math.sqrt(inputs)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer
