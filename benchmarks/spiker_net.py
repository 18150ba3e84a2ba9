"""The nets that are compared with Spiker+: one set of integers, as our graph and as Spiker+ takes it, and windows.

    784-128-10      N-MNIST, both polarities merged, binned to 28 x 28, T = 16
    700-128-128-20  the sizes of SHD, T = 100; there are no recordings here: spikes drawn at random

Hidden weights are random; a threshold a layer leaves ACTIVE of its outputs spiking. The readout of N-MNIST is fitted to
the hidden spikes by least squares, so that predictions mean something; the other one's is random. Without bias, as
Spiker+ has none. Ours: LIF, reset subtract, alpha 15/16, which is the leak v >> 4; u >= v_th, not >; it leaks in every
step, Spiker+ not in one that fires. The readout integrates in both: its threshold is out of reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from razorsnn.config import Config, load_config
from razorsnn.fixed import Format, Ints
from razorsnn.ir import Graph, Source, Tensor
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import Neuron
from razorsnn.samples import read_samples, split
from razorsnn.stream import MARK, X_BITS

WEIGHT_BITS, DRAWN, ALPHA = 6, 7, 240
"""Width of a weight, the largest that is drawn, and alpha * 256."""
SPIKE = Format(False, 1, 0)
WEIGHT = Format(True, WEIGHT_BITS, 0)
ACTIVE = 0.1
"""Share of spikes among the outputs of each hidden layer; of the input spikes that are drawn, too."""
CALIBRATION, FITTED = 30, 300
"""Windows for the thresholds, and for the readout."""
RIDGE = 10.0


@dataclass(frozen=True)
class Case:
    """A net and windows [N, T, C, H, W] of spikes; labels: None where the windows are drawn."""

    name: str
    weights: tuple[Ints, ...]
    """[outputs, inputs] of each layer"""
    thresholds: tuple[int, ...]
    """Of the hidden layers."""
    windows: NDArray[np.uint8]
    labels: NDArray[np.int64] | None

    def graph(self) -> Graph:
        """Ours. The readout's threshold is beyond what its membranes reach."""
        _, frames, channels, height, width = self.windows.shape
        start = tensor = Tensor(frames, channels, height, width, SPIKE)
        ops = []
        for matrix, v_th in zip(self.weights, self.thresholds, strict=False):
            ops.append(dense(matrix, tensor, v_th))
            tensor = ops[-1].infer(tensor)
        reach = frames * int(np.abs(self.weights[-1]).sum(axis=1).max())
        ops.append(dense(self.weights[-1], tensor, reach + 1, "liaf"))
        names = tuple(f"class{index}" for index in range(len(self.weights[-1])))
        return Graph(self.name, Source((height, width)), start, tuple(ops), names).verified()


def dense(matrix: Ints, x: Tensor, v_th: int, readout: str | None = None) -> Dense:
    neuron = Neuron("lif", "subtract", ALPHA, v_th, SPIKE)
    shaped = matrix.reshape(len(matrix), x.channels, x.height, x.width)
    return Dense(shaped, WEIGHT, np.zeros(len(matrix), np.int64), neuron, readout)


def frame_words(frames: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The words of one window of spikes [T, 1, H, W]: an event each, and the frames' marks."""
    words: list[int] = []
    for frame in frames[:, 0]:
        y, x = np.nonzero(frame)
        words += [*(y << X_BITS | x).tolist(), MARK]
    return np.array(words, dtype=np.uint32)


def nmnist(data: str, windows: int) -> Case:
    """`windows` unseen ones, every class as near as may be as often."""
    config = nmnist_config()
    samples = read_samples(data, config)
    train, held = split(samples, config)
    step = max(1, len(train.slots) // FITTED)
    some = train.chosen(range(0, len(train.slots), step))
    spread = range(0, len(held.slots), max(1, len(held.slots) // windows))
    chosen = held.chosen(spread[:windows])
    known = spikes_of(some.frames())
    rng = np.random.default_rng(config.seed)
    hidden, v_th, counts = hidden_layer(rng, known, 128)
    readout = fitted(counts.sum(axis=1), some.labels, len(samples.class_names))
    return Case("784-128-10", (hidden, readout), (v_th,), spikes_of(chosen.frames()), chosen.labels)


def nmnist_config() -> Config:
    config = load_config(Path("configs/nmnist.toml"))
    return config.model_copy(update={"data": config.data.model_copy(update={"grid": (28, 28), "channels": 1})})


def spikes_of(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return (frames > 0).astype(np.uint8)


def drawn(windows: int, frames: int = 100, sizes: Sequence[int] = (700, 128, 128, 20), seed: int = 1) -> Case:
    rng = np.random.default_rng(seed)
    every = (rng.random((CALIBRATION + windows, frames, 1, 1, sizes[0])) < ACTIVE).astype(np.uint8)
    spikes, weights, thresholds = every[:CALIBRATION], [], []
    for size in sizes[1:-1]:
        matrix, v_th, spikes = hidden_layer(rng, spikes, size)
        weights.append(matrix)
        thresholds.append(v_th)
    weights.append(rng.integers(-DRAWN, DRAWN + 1, (sizes[-1], sizes[-2])))
    name = "-".join(map(str, sizes))
    return Case(name, tuple(weights), tuple(thresholds), every[CALIBRATION:], None)


def hidden_layer(
    rng: np.random.Generator, windows: NDArray[np.uint8], size: int
) -> tuple[Ints, int, NDArray[np.uint8]]:
    """Weights, the threshold of ACTIVE, found by bisection, and the spikes [N, T, size, 1, 1] of all windows."""
    _, frames, channels, height, width = windows.shape
    tensor = Tensor(frames, channels, height, width, SPIKE)
    matrix = rng.integers(-DRAWN, DRAWN + 1, (size, tensor.positions))
    low, high = 0, DRAWN * tensor.positions
    while high - low > 1:
        v_th = (low + high) // 2
        active = np.mean(spikes(dense(matrix, tensor, v_th), tensor, windows[:CALIBRATION]))
        low, high = (v_th, high) if active > ACTIVE else (low, v_th)
    return matrix, high, spikes(dense(matrix, tensor, high), tensor, windows)


def spikes(layer: Dense, x: Tensor, windows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([layer.execute(window.astype(np.int64), x).output for window in windows]).astype(np.uint8)


def fitted(counts: NDArray[np.uint8], labels: NDArray[np.int64], classes: int) -> Ints:
    """[classes, hidden]: ridge regression of the labels on counts [N, hidden, 1, 1], scaled to the weights' width."""
    x = counts.reshape(len(counts), -1).astype(np.float64)
    targets = np.eye(classes)[labels] - 1 / classes
    found = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ targets).T
    scaled: Ints = np.floor(found / np.abs(found).max() * WEIGHT.high + 0.5).astype(np.int64)
    return scaled
