"""The razor gate: learnable temporal embeddings score the frames of a window; those below a threshold are pruned.

Contract (HLS hls/razorsnn/razor.hpp, RTL rtl/rsnn_razor.sv compute the same); arXiv 2306.17597, section 3:
    equation   F[t]     = sum over P of X[t]
               a_k      = cast(offset_k + sum_t affine[k,t] * F[t])            -> s12.6
               d_k      = min(255, max_j a_j - a_k);  e_k = EXP[d_k];  w_k = floor(256 e_k / sum_j e_j)
               acc_k[p] = sum_t embeddings[k,t] * X[t,p]
               m_k[p]   = SIGMOID[cast(w_k * acc_k[p]) -> s8.4];  M[p] = sum_k m_k[p]
               S[t]     = max over p of M[p] * X[t,p];  keep[t] = S[t] >= threshold
               next layer reads keep * X ("raw") or keep * cast(M * X) ("refined")
    shapes     X [T, C, H, W], P = C * H * W; embeddings, affine [K, T]; offset [K]
    widths     affine s12, offset s32 at frac affine + x, EXP u12, w u9.8 (256 = 1), SIGMOID u8.8, S at frac 8 + x
    rounding   half up in the three casts, floor in the division
    order      sums as the layer before puts its outputs out; then masks word by word; then scores frame by frame, of a
               raw operand up to the word that decides, of an empty frame one word
    latency    `RazorCycles`: exact
    handshake  keep bits of the whole window are known before the next layer starts
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from razorsnn.fixed import Format, Ints, bits_signed, cast
from razorsnn.ir import Op, Tensor, Trace
from razorsnn.ops.words import pack

LOGIT = Format(True, 12, 6)
AFFINE_BITS = 12
OFFSET_BITS = 32
EXP = Format(False, 12, 12)
SIGMOID = Format(False, 8, 8)
MASK_INPUT = Format(True, 8, 4)
MASK_FRAC = 8
WEIGHT_FRAC = 8
EMBEDDING_BITS = 8
OPERANDS = ("raw", "refined")

SOFTMAX_CYCLES = 12
"""Per embedding: its exponent and its division."""
FIXED_CYCLES = 6
"""Of a window, beyond what words, embeddings and frames take."""
DECISION_CYCLES = 4
"""From the read of the word that decides to the next frame's first read, unless that one comes anyway."""


def exp_table() -> Ints:
    """EXP[d] = exp(-d / 64) as u12.12 with 4095 for 1; d has the logits' 6 fraction bits."""
    return np.floor(4095.0 * np.exp(-np.arange(256) / 64.0) + 0.5).astype(np.int64)


def sigmoid_table() -> Ints:
    """SIGMOID[v + 128] = sigmoid(v / 16) as u8.8 with 255 for 1; v is s8.4."""
    return np.floor(255.0 / (1.0 + np.exp(-np.arange(-128, 128) / 16.0)) + 0.5).astype(np.int64)


@dataclass(frozen=True)
class RazorCycles:
    """Cycles of one window in one gate; the sums cost none."""

    weighting: int
    masks: int
    scores: int

    @property
    def total(self) -> int:
        return self.weighting + self.masks + self.scores


@dataclass(frozen=True, eq=False)
class Razor(Op):
    """The gate's integers. `threshold` is at frac 8 + x; `refined` is the format of cast(M * X)."""

    kind: ClassVar[str] = "razor"
    embeddings: Ints
    embedding_format: Format
    affine: Ints
    affine_format: Format
    offset: Ints
    exp: Ints
    sigmoid: Ints
    threshold: int
    operand: str
    refined: Format

    def infer(self, x: Tensor) -> Tensor:
        count = len(self.embeddings)
        expected = (count, x.frames)
        self.require(1 <= count <= 8, f"{count} embeddings, accepted: 1..8")
        for name, value in (("embeddings", self.embeddings), ("affine", self.affine)):
            self.require(value.shape == expected, f"{name} of shape {value.shape}, accepted: {expected}")
        self.require(self.offset.shape == (count,), f"offset of shape {self.offset.shape}, accepted: ({count},)")
        self._require_within("embeddings", self.embeddings, self.embedding_format)
        self._require_within("affine", self.affine, self.affine_format)
        self._require_within("offset", self.offset, Format(True, OFFSET_BITS, 0))
        self._require_within("exp", self.exp, EXP)
        self._require_within("sigmoid", self.sigmoid, SIGMOID)
        self.require(self.exp.shape == (256,) and self.sigmoid.shape == (256,), "tables must have 256 entries")
        self.require(int(self.exp[0]) > 0, "exp[0] must be positive")
        self.require(0 <= self.threshold < 1 << 31, f"threshold {self.threshold}, accepted: 0..2**31-1")
        self.require(self.operand in OPERANDS, f"operand {self.operand!r}, accepted: {', '.join(OPERANDS)}")
        self._require_shifts(x)
        return self.gated(x)

    def gated(self, x: Tensor) -> Tensor:
        """What the next layer reads."""
        form = self.refined if self.operand == "refined" else x.format
        return Tensor(x.frames, x.channels, x.height, x.width, form)

    def _require_within(self, name: str, value: Ints, form: Format) -> None:
        inside = bool(np.all((value >= form.low) & (value <= form.high)))
        self.require(inside, f"{name} beyond {form.low}..{form.high}")

    def _require_shifts(self, x: Tensor) -> None:
        for name, shift in self.shifts(x).items():
            self.require(0 <= shift <= 31, f"{name} of {shift}, accepted: 0..31 (fraction bits do not fit each other)")
        self.require(not self.refined.signed and self.refined.width <= 8, f"refined {self.refined}, accepted: u1..u8")

    def shifts(self, x: Tensor) -> dict[str, int]:
        """Right shifts of the three casts, in bits."""
        return {
            "logit_shift": self.affine_format.frac + x.format.frac - LOGIT.frac,
            "mask_shift": WEIGHT_FRAC + self.embedding_format.frac + x.format.frac - MASK_INPUT.frac,
            "refine_shift": MASK_FRAC + x.format.frac - self.refined.frac,
        }

    def execute(self, x: Ints, tensor: Tensor) -> Trace:
        weights = self.weighting(x, tensor)
        acc = np.tensordot(self.embeddings, x, axes=(1, 0))
        product_frac = WEIGHT_FRAC + self.embedding_format.frac + tensor.format.frac
        masks = self.sigmoid[cast(weights[:, None, None, None] * acc, product_frac, MASK_INPUT) - MASK_INPUT.low]
        mask = masks.sum(axis=0)
        product = mask * x
        score = product.reshape(len(x), -1).max(axis=1)
        keep = score >= self.threshold
        refined = cast(product, MASK_FRAC + tensor.format.frac, self.refined)
        operand = refined if self.operand == "refined" else x
        values = {
            "weights": weights,
            "sums": acc,
            "mask": mask,
            "score": score,
            "keep": keep.astype(np.int64),
        }
        return Trace(operand * keep[:, None, None, None], values)

    def weighting(self, x: Ints, tensor: Tensor) -> Ints:
        """w [K]: softmax of the affine map of the frames' sums."""
        frame_sums = x.reshape(len(x), -1).sum(axis=1)
        logits = cast(self.offset + self.affine @ frame_sums, self.affine_format.frac + tensor.format.frac, LOGIT)
        exponent = self.exp[np.minimum(logits.max() - logits, 255)]
        weights: Ints = (exponent << WEIGHT_FRAC) // exponent.sum()
        return weights

    def sums_bits(self, x: Tensor) -> int:
        """Width of acc_k: worst case over these embeddings, any part of the window."""
        low = np.minimum(self.embeddings, 0).sum(axis=1).min() * x.format.high
        high = np.maximum(self.embeddings, 0).sum(axis=1).max() * x.format.high
        return bits_signed(int(low), int(high))

    def logit_bits(self, x: Tensor) -> int:
        """Width of offset + sum affine * F: worst case, any part of the sum."""
        peak = x.positions * x.format.high
        low = int((np.minimum(self.affine, 0).sum(axis=1) * peak + np.minimum(self.offset, 0)).min())
        high = int((np.maximum(self.affine, 0).sum(axis=1) * peak + np.maximum(self.offset, 0)).max())
        return bits_signed(low, high)

    def cycles(self, x: Ints, mask: Ints, lanes: int) -> RazorCycles:
        """Of one window X [T, C, H, W] with the mask M [C, H, W]."""
        count = len(self.embeddings)
        words = pack(mask * x, lanes).max(axis=2)
        over = words >= self.threshold
        return RazorCycles(
            weighting=count * SOFTMAX_CYCLES + FIXED_CYCLES,
            masks=over.shape[1] * count,
            scores=self._score_cycles(over, np.any(x, axis=(1, 2, 3))),
        )

    def _score_cycles(self, over: NDArray[np.bool_], filled: NDArray[np.bool_]) -> int:
        """over [T, words]: which words reach the threshold; filled [T]: which frames have a non-zero.

        A raw frame ends with the first of them, once it is seen. Reads go on meanwhile, into the next frame where
        this one has ended; after the last frame there is nothing to read, so its own decision counts. Where reads were
        cut short, the next frames begin at the word that decided. Of an empty frame one word is read.
        """
        start, cycles, decided = 0, 0, 0
        for row, some in zip(over, filled, strict=True):
            words = len(row) if some else 1
            hits = np.flatnonzero(np.roll(row, -start) & (self.operand == "raw"))
            at = int(hits[0]) if len(hits) else words - 1
            decided = at + DECISION_CYCLES
            cycles += min(decided, words)
            if len(hits) and decided <= words:
                start = (start + at) % len(row)
        return cycles - min(decided, words) + decided

    def describe(self) -> str:
        return (
            f"K {len(self.embeddings)}, threshold {self.threshold}, {self.operand}, embeddings {self.embedding_format}"
        )
