"""Gates that choose frames by something simpler than the razor: what it must be better than, and cheaper than it is.

Contracts of the first two: ops/tally.py; the third is a static gate (ops/static.py); there is no `random` accelerator.

peak     keep[t] = max over P of X[t] >= threshold           the largest activation alone
events   keep[t] = sum over P of X[t] >= threshold           the frames with most in them
uniform  keep[t] = floor((t + 1) * s) > floor(t * s)         decimation; s = 1 - ratio
random   keep[t] = draw[t] >= ratio                          by lot
Thresholds are running quantiles, at the razor ratio, as the razor's; their keep bits have its gradient, which reaches
the activations alone. The lot of a window is a hash of its activations and of t: equal windows, equal frames, and
nothing that a resumed training would have to restore.
"""

import math
from abc import abstractmethod

import torch
from torch import Tensor

from razorsnn.train.gate import Gate, GateResult
from razorsnn.train.quantisers import Stage, hard_gate
from razorsnn.train.razor import TEMPERATURE
from razorsnn.train.world import gathered

LEAST = 2.0**-24
"""Threshold where something shall be pruned: a frame of score 0 then always is."""
GRID_BITS = 8
"""Of a fraction: activations have no finer ones."""
STEP, FIRST, SECOND = -7046029254386353131, -4658895280553007687, -7723592293110705685
"""Of splitmix64 (Steele et al. 2014), as signed numbers."""
DRAW_BITS = 24


class ChoiceGate(Gate):
    """Hands on the frames of X [T, N, C, H, W] that `kept` keeps, alike in all stages."""

    def __init__(self, ratio: float) -> None:
        super().__init__(ratio, LEAST)

    def forward(self, x: Tensor, stage: Stage) -> GateResult:
        score = self.scored(x)
        if self.training:
            self.follow(gathered(score))
        keep = self.kept(score).to(x.dtype)
        return GateResult(x * keep[:, :, None, None, None], keep, score)

    @abstractmethod
    def scored(self, x: Tensor) -> Tensor:
        """[T, N]"""

    def kept(self, score: Tensor) -> Tensor:
        """Keep bits [T, N]."""
        return hard_gate(score, self.level, TEMPERATURE * float(self.spread))

    @property
    def level(self) -> float:
        """The score that keeps a frame."""
        return max(float(self.threshold), LEAST) if self.ratio > 0 else 0.0

    def threshold_integer(self, frac: int) -> int:
        """The level for scores that are whole numbers of 2**-frac: the same frames are kept."""
        return math.ceil(self.level * 2.0**frac)


class PeakGate(ChoiceGate):
    """Keeps the frames with a large activation."""

    measure = "peak"

    def scored(self, x: Tensor) -> Tensor:
        peak: Tensor = x.amax(dim=(2, 3, 4))
        return peak


class EventsGate(ChoiceGate):
    """Keeps the frames whose activations add up to much."""

    measure = "events"

    def scored(self, x: Tensor) -> Tensor:
        """In doubles: exact."""
        return x.sum(dim=(2, 3, 4), dtype=torch.float64)


class UniformGate(ChoiceGate):
    """Keeps frames at even distances in time."""

    def scored(self, x: Tensor) -> Tensor:
        return self.bits(len(x)).to(x)[:, None].expand(x.shape[:2])

    def bits(self, frames: int) -> Tensor:
        """keep [T], of 0 and 1."""
        whole = (torch.arange(frames + 1, dtype=torch.float64) * (1 - self.ratio)).floor()
        return whole.diff()

    def kept(self, score: Tensor) -> Tensor:
        return score


class RandomGate(ChoiceGate):
    """Keeps frames by lot."""

    def scored(self, x: Tensor) -> Tensor:
        sums = (x.detach().sum(dim=(2, 3, 4), dtype=torch.float64) * 2.0**GRID_BITS).long()
        place = torch.arange(1, len(x) + 1, device=x.device)[:, None]
        contents = (sums * _mixed(place)).sum(dim=0)
        draw: Tensor = (_mixed(contents + place) & (2**DRAW_BITS - 1)).to(x.dtype)
        return draw * 2.0**-DRAW_BITS

    def kept(self, score: Tensor) -> Tensor:
        return score >= self.ratio


def _mixed(value: Tensor) -> Tensor:
    """Integers of pseudo-random low bits; shifts copy the sign, so that the high ones are less so."""
    mixed = value * STEP
    mixed = (mixed ^ (mixed >> 30)) * FIRST
    mixed = (mixed ^ (mixed >> 27)) * SECOND
    return mixed ^ (mixed >> 31)


CHOICES: dict[str, type[ChoiceGate]] = {
    "peak": PeakGate,
    "events": EventsGate,
    "uniform": UniformGate,
    "random": RandomGate,
}
