"""Activity as a budget: what non-zero activations cost, window by window, and what training paid for them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn.builds import METRICS, Build
from razorsnn.files import read_json
from razorsnn.targets.outcome import BackendRun


def budget(build: Build, reference: BackendRun, labels: NDArray[np.int64]) -> dict[str, Any]:
    """Of each window its activity, its cycles after the last event, where frames stream those of all frames, and
    whether it was told; of each epoch two of them.

    Activity: the share of non-zeros, the mean over the layers behind the first, or of the only one.
    """
    counters, streaming = reference.counters, build.plan.shape.streaming
    shares = counters["nonzero"] / counters["positions"]
    told = reference.outcome.scores.argmax(axis=1) == labels
    windows = {
        "activity": _mean(shares).tolist(),
        "cycles": (counters["spent"].sum(axis=(1, 2)) if streaming else counters["latency"]).tolist(),
        "told": told.tolist(),
    }
    return {
        "cycles": "of all frames" if streaming else "after the last event",
        "windows": windows,
        "epochs": _epochs(build.path / METRICS),
    }


def _mean(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    behind = shares[:, 1:] if shares.shape[1] > 1 else shares
    mean: NDArray[np.float64] = behind.mean(axis=1)
    return mean


def _epochs(metrics: Path) -> list[dict[str, float]]:
    """None where the net was not trained here."""
    found = read_json(metrics)["epochs"] if metrics.exists() else []
    return [
        {"accuracy": epoch["accuracy"], "activity": float(_mean(np.array([epoch["activity"]]))[0])} for epoch in found
    ]
