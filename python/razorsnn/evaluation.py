"""From scores to what people ask: accuracy, confusion matrix, kept frames, activity."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn.targets.outcome import BackendRun


def accuracy(labels: NDArray[np.int64], scores: NDArray[Any]) -> float:
    """Share of windows whose highest score is their label's; the lowest index wins a tie."""
    return float((scores.argmax(axis=1) == labels).mean())


def vote(labels: NDArray[np.int64], scores: NDArray[Any], starts: NDArray[np.int64]) -> float:
    """Accuracy by recording: the windows of each, which begin at `starts`, add their scores."""
    return accuracy(labels[starts], np.add.reduceat(scores, starts, axis=0))


def confusion(labels: NDArray[np.int64], scores: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """[class, predicted class]: counts of windows."""
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (labels, scores.argmax(axis=1)), 1)
    return matrix


def summary(
    labels: NDArray[np.int64],
    scores: NDArray[Any],
    keep: NDArray[np.bool_],
    activity: list[float],
    classes: int,
    starts: NDArray[np.int64] | None,
) -> dict[str, Any]:
    """keep [N, gates, T]; activity [layers]: share of non-zero activations that a layer reads.

    starts: where the windows of each recording begin, if they vote.
    """
    votes = {} if starts is None else {"recordings": len(starts), "accuracy_by_vote": vote(labels, scores, starts)}
    return votes | {
        "windows": len(labels),
        "accuracy": accuracy(labels, scores),
        "kept": keep.mean(axis=(0, 2)).tolist(),
        "activity": activity,
        "confusion": confusion(labels, scores, classes).tolist(),
    }


def activity(run: BackendRun) -> list[float]:
    """[layers], from the reference's counters."""
    shares: list[float] = (run.counters["nonzero"].sum(axis=0) / run.counters["positions"].sum(axis=0)).tolist()
    return shares


def comparison(run: BackendRun, reference: BackendRun) -> dict[str, Any]:
    """Where a back end and the reference differ, in windows: scores or keep bits, cycles, counters."""
    outcome, expected = run.outcome, reference.outcome
    unequal = {
        name: int(np.count_nonzero(np.any(np.atleast_2d((run.counters[name] != value).T), axis=0)))
        for name, value in reference.counters.items()
        if name in run.counters
    }
    return {
        "windows": len(expected.scores),
        "differences": outcome.differences(expected),
        "cycles_compared": outcome.cycles is not None,
        "counter_differences": unequal,
    }
