"""A trained net on windows, without gradients."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from razorsnn.fixed import Ints
from razorsnn.train.data import plain_batches
from razorsnn.train.model import Passed, RazorNet
from razorsnn.train.quantisers import Stage

BATCH = 64


@dataclass(frozen=True)
class Scored:
    """scores: real, float64 [N, classes]; keep: [N, gates, T].

    activity [layers]: share of non-zero activations in what each layer reads, the input first, as the reference
    counts them. outputs [hidden layers]: the same of what each layer puts out, before a gate.
    """

    scores: NDArray[np.float64]
    keep: NDArray[np.bool_]
    activity: list[float]
    outputs: list[float]

    def accuracy(self, labels: NDArray[np.int64]) -> float:
        """The lowest index wins a tie."""
        return float((self.scores.argmax(axis=1) == labels).mean())

    @property
    def pruned(self) -> list[float]:
        """[gates]: share of frames."""
        return [1.0 - float(share) for share in self.keep.mean(axis=(0, 2))]


def score(model: RazorNet, frames: NDArray[np.uint8], stage: Stage) -> Scored:
    """frames [N, T, C, H, W] through `model` in `stage`; its own stage and mode stay as they are."""
    before, training = model.stage, model.training
    model.stage = stage
    model.eval()
    try:
        with torch.inference_mode():
            parts = [_measure(model(batch)) for batch in plain_batches(frames, BATCH)]
    finally:
        model.stage = before
        model.train(training)
    scores, keep, activity, outputs = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Scored(scores, keep, activity.mean(axis=0).tolist(), outputs.mean(axis=0).tolist())


def _measure(passed: Passed) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    frames, count = passed.operands[0].shape[:2]
    keep = torch.stack(passed.keep, dim=1) if passed.keep else torch.zeros(frames, 0, count)
    activity, outputs = _shares(passed.operands, count), _shares(passed.outputs, count)
    return passed.scores.cpu().numpy(), keep.permute(2, 1, 0).cpu().numpy().astype(np.bool_), activity, outputs


def _shares(tensors: list[torch.Tensor], count: int) -> NDArray[np.float64]:
    """[N, tensors]: share of values that are not 0."""
    shares = [(tensor != 0).double().mean(dim=(0, 2, 3, 4)) for tensor in tensors]
    return torch.stack(shares, dim=1).cpu().numpy() if shares else np.zeros((count, 0))


def float_scores(
    model: RazorNet, frames: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[float]]:
    """Scores [N, classes], keep bits [N, gates, T] and activity per layer of the net with real weights.

    Normalisation is folded; weights, leak, thresholds and gates are real; activations have their A bits, with
    which the net was trained.
    """
    found = score(model, frames, Stage.FLOAT)
    return found.scores, found.keep, found.activity


def quantised_scores(model: RazorNet, frames: NDArray[np.uint8]) -> Ints:
    """Integer scores [N, classes]: those of every target, in every bit."""
    real = score(model, frames, Stage.EXACT).scores
    return (real / model.score_scale).astype(np.int64)


def calibrate_gates(model: RazorNet, frames: NDArray[np.uint8]) -> None:
    """Sets each gate's threshold on these windows in turn: what a gate lets through changes the next one's scores."""
    training = model.training
    model.eval()
    for index, gate in enumerate(model.gates):
        with torch.inference_mode():
            found = [model(batch).gate_scores[index] for batch in plain_batches(frames, BATCH)]
        gate.calibrate(torch.cat(found, dim=1))
    model.train(training)
