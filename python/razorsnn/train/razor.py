"""The razor gate in training. Contract: ops/razor.py; the forward pass is the one that is deployed.

shapes     x [T, N, C, H, W]; embeddings, affine [K, T]; offset [K]; scores and keep bits [T, N]
threshold  absolute: the running quantile, at the razor ratio, of the scores seen in training
gradient   keep bits: of sigmoid((S - threshold) / temperature), so that the embeddings learn through them as
           well as through the refined operand; tables: of exp and of the sigmoid
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from razorsnn.fixed import Format
from razorsnn.ops.razor import (
    AFFINE_BITS,
    EMBEDDING_BITS,
    LOGIT,
    MASK_FRAC,
    MASK_INPUT,
    OFFSET_BITS,
    WEIGHT_FRAC,
    exp_table,
    sigmoid_table,
)
from razorsnn.train.gate import Gate, GateResult
from razorsnn.train.quantisers import (
    FLOAT32_EXACT,
    Stage,
    cast,
    fitting_frac,
    half_up,
    hard_gate,
    peak_product,
    sigmoid_lookup,
    softmax_lookup,
)
from razorsnn.train.world import gathered

TEMPERATURE = 0.5
"""Of the keep bits' sigmoid, in standard deviations of the scores."""
OFFSET_FRAC = 25
"""Most fraction bits of the offset: its 32 bits then hold all logits that s12.6 can tell apart."""


@dataclass(frozen=True)
class GateSettings:
    """K embeddings; `ratio`: share of frames to prune; `refined`: format of cast(M * X).

    weighting: without it the affine map is 0 and stays so, and all embeddings have the weight 1 / K.
    """

    embeddings: int
    ratio: float
    operand: str
    refined: Format
    weighting: bool = True


def refined_format(x: Format, bits: int, embeddings: int) -> Format:
    """For cast(M * X): room for masks of 1/2 in each of the K embeddings, and twice that where K is 1."""
    integer_bits = x.width - x.frac + max(0, math.ceil(math.log2(embeddings)) - 1)
    return Format(False, bits, bits - integer_bits)


class RazorGate(Gate):
    """A gate on X [T, N, C, H, W] of `x_format` with `positions` = C * H * W."""

    exp: Tensor
    sigmoid: Tensor

    def __init__(
        self, frames: int, positions: int, x_format: Format, settings: GateSettings, generator: torch.Generator
    ) -> None:
        super().__init__(settings.ratio, 2.0 ** -(MASK_FRAC + x_format.frac))
        size = (settings.embeddings, frames)
        self.embeddings = nn.Parameter(torch.rand(size, generator=generator))
        self.affine = nn.Parameter(0.1 * torch.randn(size, generator=generator))
        self.offset = nn.Parameter(torch.zeros(settings.embeddings))
        if not settings.weighting:
            self.affine.detach().zero_()
            self.affine.requires_grad_(False)
            self.offset.requires_grad_(False)
        self.affine_scale = 2.0 ** -math.ceil(math.log2(positions))
        self.x_format, self.settings = x_format, settings
        self.register_buffer("exp", torch.from_numpy(exp_table()), persistent=False)
        self.register_buffer("sigmoid", torch.from_numpy(sigmoid_table()), persistent=False)

    def forward(self, x: Tensor, stage: Stage) -> GateResult:
        flat = x.movedim(2, -1).flatten(2)  # a view: activations lie in memory as channels_last
        mask = self._mask(flat, stage)
        score = peak_product(mask, flat)
        if self.training:
            self.follow(gathered(score))
        keep = self.kept(score, stage)
        refined = self.settings.operand in ("refined", "refined_in_training" if self.training else "refined")
        operand = (cast(mask * flat, self.settings.refined) if refined else flat) * keep[:, :, None]
        shape = (*x.shape[:2], *x.shape[3:], x.shape[2])
        return GateResult(operand.view(shape).movedim(-1, 2), keep, score)

    def kept(self, score: Tensor, stage: Stage) -> Tensor:
        """Keep bits [T, N]."""
        return hard_gate(score, self._level(stage), TEMPERATURE * float(self.spread))

    @property
    def score_frac(self) -> int:
        return MASK_FRAC + self.x_format.frac

    def threshold_integer(self) -> int:
        """At the scores' frac. Where something shall be pruned, a frame of score 0 always is."""
        return max(half_up(float(self.threshold) * 2.0**self.score_frac), 1) if self.ratio > 0 else 0

    def _level(self, stage: Stage) -> float:
        """What scores are compared with: real scores that round to the integer threshold reach it, too."""
        below = 0.5 if stage is Stage.FLOAT else 0.0
        return (self.threshold_integer() - below) * 2.0**-self.score_frac

    def exact_embeddings(self) -> tuple[Tensor, Format]:
        lowest = MASK_INPUT.frac - WEIGHT_FRAC - self.x_format.frac
        frac = fitting_frac(self.embeddings, EMBEDDING_BITS, lowest, lowest + 31)
        form = Format(True, EMBEDDING_BITS, frac)
        return cast(self.embeddings, form), form

    def exact_affine(self) -> tuple[Tensor, Format, Tensor]:
        """The affine map, its format, and the offset at frac affine + x, in doubles."""
        scaled = self.affine.double() * self.affine_scale
        lowest = LOGIT.frac - self.x_format.frac
        frac = fitting_frac(scaled, AFFINE_BITS, lowest, OFFSET_FRAC - self.x_format.frac)
        form = Format(True, AFFINE_BITS, frac)
        offset_format = Format(True, OFFSET_BITS, frac + self.x_format.frac)
        return cast(scaled, form), form, cast(self.offset.double(), offset_format)

    def _mask(self, flat: Tensor, stage: Stage) -> Tensor:
        """M [N, P] of flat X [T, N, P]."""
        exact = self.x_format.high * flat.shape[2] < FLOAT32_EXACT
        frame_sums = flat.sum(dim=2, dtype=None if exact else torch.float64).double()
        if stage is Stage.FLOAT:
            return self._float_mask(flat, frame_sums)
        affine, _, offset = self.exact_affine()
        logits = cast(offset[:, None] + affine @ frame_sums, LOGIT)
        weights = softmax_lookup(logits, self.exp, LOGIT.frac, WEIGHT_FRAC)
        value = cast(self._weighted(weights, flat), MASK_INPUT)
        masks = sigmoid_lookup(value, self.sigmoid, MASK_INPUT.frac, MASK_INPUT.low, MASK_FRAC)
        mask: Tensor = masks.sum(dim=0).to(flat.dtype)
        return mask

    def _float_mask(self, flat: Tensor, frame_sums: Tensor) -> Tensor:
        """M without a rounding. What saturates is no rounding: logits, exponents and sigmoid keep their ranges."""
        affine = self.affine.double() * self.affine_scale
        logits = _limited(self.offset.double()[:, None] + affine @ frame_sums, LOGIT)
        deepest = (len(self.exp) - 1) * 2.0**-LOGIT.frac
        weights = torch.softmax((logits - logits.amax(dim=0)).clamp_min(-deepest), dim=0)
        value = _limited(weights[:, :, None] * _sums(self.embeddings, flat), MASK_INPUT)
        one = float(self.sigmoid.max()) * 2.0**-MASK_FRAC
        mask: Tensor = (one * value.sigmoid()).sum(dim=0).to(flat.dtype)
        return mask

    def _weighted(self, weights: Tensor, flat: Tensor) -> Tensor:
        """w_k * acc_k [K, N, P], in float32 where its cast is exact: beyond 2**24 it saturates, rounded or not."""
        embeddings, form = self.exact_embeddings()
        most = float(embeddings.detach().abs().sum(dim=1).max()) * 2.0**form.frac * self.x_format.high
        spare = WEIGHT_FRAC + form.frac + self.x_format.frac - MASK_INPUT.frac
        if most < FLOAT32_EXACT and MASK_INPUT.high * 2.0**spare < FLOAT32_EXACT / 2:
            return weights.to(flat.dtype)[:, :, None] * _sums(embeddings, flat)
        return weights[:, :, None] * _sums(embeddings.double(), flat.double())


def _limited(value: Tensor, form: Format) -> Tensor:
    """`value` within the range of `form`."""
    return value.clamp(form.low * 2.0**-form.frac, form.high * 2.0**-form.frac)


def _sums(embeddings: Tensor, flat: Tensor) -> Tensor:
    """sum over t of E[k, t] * X[t, n, p]."""
    sums: Tensor = (embeddings @ flat.flatten(1)).reshape(-1, *flat.shape[1:])
    return sums
