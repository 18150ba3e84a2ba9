"""The razor gate: learnable temporal embeddings score the frames of a window; those below a threshold are pruned.

Contract (HLS hls/razorsnn/razor.hpp, RTL rtl/rsnn_razor.sv compute the same); arXiv 2306.17597, section 3:
    equation   F[t]     = sum over P of X[t]
               a_k      = cast(offset_k + sum_t affine[k,t] * F[t])            -> s12.6
               d_k      = min(255, max_j a_j - a_k);  e_k = EXP[d_k];  w_k = floor(256 e_k / sum_j e_j)
               acc_k[p] = sum_t embeddings[k,t] * X[t,p]
               m_k[p]   = SIGMOID[cast(w_k * acc_k[p]) -> s8.4];  M[p] = sum_k m_k[p]
               S[t]     = max over p of M[p] * X[t,p]
               keep[t]  = S[t] >= threshold (absolute) or 256 S[t] >= threshold * max(1, max over t of S[t]) (relative)
               next layer reads keep * X ("raw") or keep * cast(M * X) ("refined")
    shapes     X [T, C, H, W], P = C * H * W; embeddings, affine [K, T]; offset [K]
    widths     affine s12, offset s32 at frac affine + x, EXP u12, w u9.8 (256 = 1), SIGMOID u8.8, S at frac 8 + x
    rounding   half up in the three casts, floor in the division
    order      sums as the layer before puts its outputs out; then masks and scores frame by frame, of the words that
               are not empty, up to the one that decides; all of them if relative or refined
    latency    `Razor.known`: exact
    handshake  the next layer starts with the gate, and waits for a frame's keep bit only where it is not known yet
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from razorsnn.compiled import compiled
from razorsnn.fixed import Format, Ints, bits_signed, cast, clipped, rounded
from razorsnn.ir import Op, Tensor, Trace
from razorsnn.ops.words import Events, Words, groups, pruned

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
RULES = ("absolute", "relative")
RHO_ONE = 256
"""A relative threshold of 1."""

OCCUPANCY_BITS = 16
"""Words whose occupancy the scores read at once."""
SOFTMAX_CYCLES = 10
"""From the gate's start to the first word: its sums then meet the weights."""
DECISION_CYCLES = 14
"""From the last cycle of a word to the decision that it gives."""
SEEN_CYCLES = 1
"""From a decision to its being seen where words are chosen: a frame that has not ended by then is left."""
JUMP_CYCLES = 4
"""From there to the next frame's first row: its address, the memory, a register, and it is taken."""
KNOWN_CYCLES = 2
"""From a decision to the sequencer, which has a register for what it sees."""
RELATIVE_CYCLES = 4
"""From a window's largest score to the first keep bit of a relative threshold; `largest_cycles` come before."""
REFINED_SLOTS = 3
"""Fewest cycles of a word that is written back."""


def largest_cycles(count: int) -> int:
    """Of a tree that finds the largest of `count` numbers: two levels of comparisons a cycle."""
    return max(1, -(-(count - 1).bit_length() // 2))


def exp_table() -> Ints:
    """EXP[d] = exp(-d / 64) as u12.12 with 4095 for 1; d has the logits' 6 fraction bits."""
    return np.floor(4095.0 * np.exp(-np.arange(256) / 64.0) + 0.5).astype(np.int64)


def sigmoid_table() -> Ints:
    """SIGMOID[v + 128] = sigmoid(v / 16) as u8.8 with 255 for 1; v is s8.4."""
    return np.floor(255.0 / (1.0 + np.exp(-np.arange(-128, 128) / 16.0)) + 0.5).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Razor(Op):
    """The gate's integers. `threshold` is at frac 8 + x, a relative one at frac 8; `refined`: format of cast(M * X)."""

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
    rule: str = "absolute"

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
        self.require(self.rule in RULES, f"rule {self.rule!r}, accepted: {', '.join(RULES)}")
        most = RHO_ONE if self.rule == "relative" else (1 << 31) - 1
        self.require(0 <= self.threshold <= most, f"threshold {self.threshold}, accepted: 0..{most}")
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
        return self.execute_events(x, tensor, Words(1).events(x))

    def execute_events(self, x: Ints, tensor: Tensor, events: Events) -> Trace:
        """`execute`, whose x has these events, in any order in a frame."""
        frames, (channels, height, width) = len(x), x.shape[1:]
        last = height, width, channels
        sums, mask = np.zeros((len(self.embeddings), *last), dtype=np.int64), np.empty(last, dtype=np.int64)
        frame_sums, score = np.zeros((2, frames), dtype=np.int64)
        found = events.indices, events.values, events.ends
        _event_sums(*found, self.embeddings, sums.reshape(len(sums), -1), frame_sums)
        weights = self._weights(frame_sums, tensor)
        shift, form = self.shifts(tensor)["mask_shift"], MASK_INPUT
        _masks(sums.reshape(len(sums), -1), weights, self.sigmoid, mask.ravel(), shift, form.low, form.high)
        _event_scores(*found, mask.ravel(), score)
        keep, ungated, mask = self.kept(score), x, mask.transpose(2, 0, 1)
        if self.operand == "refined":
            ungated = cast(mask * x, MASK_FRAC + tensor.format.frac, self.refined)
        values = {
            "weights": weights,
            "sums": sums.transpose(0, 3, 1, 2),
            "mask": mask,
            "score": score,
            "keep": keep.astype(np.int64),
            "ungated": ungated,
        }
        return Trace(pruned(ungated, keep), values)

    def kept(self, score: Ints) -> NDArray[np.bool_]:
        """[T], from the scores [T]. Without a non-zero in the window the best score counts as 1: nothing is near it."""
        return np.asarray(score >= self.limit(score))

    def limit(self, score: Ints) -> float:
        """The least score that is kept: exact, because a relative threshold is one over a power of two."""
        if self.rule == "relative":
            return self.threshold * max(1, int(score.max())) / RHO_ONE
        return self.threshold

    def weighting(self, x: Ints, tensor: Tensor) -> Ints:
        """w [K]: softmax of the affine map of the frames' sums."""
        return self._weights(x.sum(axis=(1, 2, 3)), tensor)

    def _weights(self, frame_sums: Ints, tensor: Tensor) -> Ints:
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

    def known(self, x: Ints, mask: Ints, words: Words) -> Ints:
        """[T]: the cycle, from the gate's start, in which the sequencer sees each frame's keep bit.

        Of one window X [T, C, H, W] with the mask M [C, H, W]. Frame by frame: a row of OCCUPANCY_BITS words takes a
        cycle, and each of its words that is not empty a cycle an embedding. A raw frame with an absolute threshold ends
        with the first word that reaches it, once that is seen.
        """
        return self.events_known(words.events(x), mask, words)

    def events_known(self, events: Events, mask: Ints, words: Words) -> Ints:
        """`known` of a window with these events."""
        early = self.rule == "absolute" and self.operand == "raw"
        count, rows = len(self.embeddings), groups(words.count(*mask.shape), OCCUPANCY_BITS)
        slots = max(count, REFINED_SLOTS) if self.operand == "refined" else count
        decided = np.empty(len(events.ends) - 1, dtype=np.int64)
        _decide(
            decided,
            *(events.words, events.indices, events.values, events.ends),
            np.ascontiguousarray(mask.transpose(1, 2, 0)).ravel(),
            (rows, slots, OCCUPANCY_BITS),
            (SOFTMAX_CYCLES, DECISION_CYCLES, SEEN_CYCLES, JUMP_CYCLES),
            early,
            self.threshold,
        )
        if self.rule == "relative":
            decided[:] = decided[-1] + largest_cycles(words.size) + RELATIVE_CYCLES + np.arange(len(decided))
            return decided
        decided += KNOWN_CYCLES
        return decided

    def describe(self) -> str:
        return (
            f"K {len(self.embeddings)}, {self.rule} threshold {self.threshold}, {self.operand}, "
            f"embeddings {self.embedding_format}"
        )


@compiled()
def _event_sums(indices: Ints, values: Ints, ends: Ints, embeddings: Ints, sums: Ints, frame_sums: Ints) -> None:
    """Adds the events of the frames to sums [K, P], times embeddings [K, T], and to frame_sums [T]."""
    for t in range(len(frame_sums)):
        for event in range(ends[t], ends[t + 1]):
            frame_sums[t] += values[event]
            for k in range(len(sums)):
                sums[k, indices[event]] += embeddings[k, t] * values[event]


@compiled(rounded, clipped)
def _masks(sums: Ints, weights: Ints, sigmoid: Ints, mask: Ints, shift: int, low: int, high: int) -> None:
    """M[p] of sums [K, P]; low, high: of the sigmoid's input."""
    for p in range(len(mask)):
        total = 0
        for k in range(len(weights)):
            total += sigmoid[clipped(rounded(weights[k] * sums[k, p], shift, False), low, high) - low]
        mask[p] = total


@compiled()
def _event_scores(indices: Ints, values: Ints, ends: Ints, mask: Ints, score: Ints) -> None:
    """S[t], which is 0 without an event."""
    for t in range(len(score)):
        for event in range(ends[t], ends[t + 1]):
            score[t] = max(score[t], mask[indices[event]] * values[event])


@compiled()
def _decide(
    decided: Ints,
    words: Ints,
    indices: Ints,
    values: Ints,
    ends: Ints,
    mask: Ints,
    rows: tuple[int, int, int],
    cycles: tuple[int, int, int, int],
    early: bool,
    threshold: int,
) -> None:
    """[T]: the cycle of each decision: with a frame's first word that reaches the threshold, if `early`, or its last.

    rows: those of a frame, cycles of a word in one, words of one; cycles: the first, and as the constants above.
    """
    (count, slots, row_words), (start, decision, seen, jump) = rows, cycles
    for t in range(len(decided)):
        row = busy = past = 0  # words of this row so far that are not empty, and the cycles of the rows before it
        word = end = -1
        for event in range(ends[t], ends[t + 1]):
            if words[event] != word:
                word = words[event]
                if word // row_words > row:
                    past += max(1, slots * busy) + word // row_words - row - 1
                    row, busy = word // row_words, 0
                busy += 1
            if early and end < 0 and mask[indices[event]] * values[event] >= threshold:
                end = past + slots * busy - 1
        length = past + max(1, slots * busy) + count - row - 1
        decided[t] = start + (end if end >= 0 else length - 1) + decision
        start += length
        if early and start > decided[t] + seen + 1:
            start = decided[t] + seen + jump
