"""Small settings and windows for the tests of training."""

from typing import Any

import numpy as np
import torch

from razorsnn.config import Config
from razorsnn.ir import Source
from razorsnn.train import RazorNet, WindowSet
from razorsnn.train.quantisers import Stage
from razorsnn.train.scores import calibrate_gates
from tests.nets import NetClass, random_frames

SOURCE = Source((7, 9))
NAMES = ("a", "b", "c")
HERE = {"threads": 1, "device": "cpu"}
"""Where the numbers of two trainings are compared, also on a machine with a GPU."""
DEVICES = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def tiny_config(seed: int = 1, **sections: dict[str, Any]) -> Config:
    """7 x 9 pixels, 5 frames, 3 classes; a section given adds to its defaults here."""
    values: dict[str, dict[str, Any]] = {
        "data": {"sensor": (7, 9), "grid": (7, 9), "frames": 5},
        "network": {"layers": "4C3-AP2-3C3-3"},
        "gate": {"embeddings": 2},
        "train": {"epochs": 4, "folded_epochs": 2, "batch": 8, "shift": 1, "learning_rate": 0.01} | HERE,
    }
    for name, section in sections.items():
        values[name] = values.get(name, {}) | section
    return Config.model_validate({"seed": seed, **values})


def tiny_frames(count: int, bits: int = 4) -> np.ndarray:
    net = NetClass(frames=5, size=(7, 9), input_bits=bits)
    return np.stack([random_frames(net, seed) for seed in range(count)])


def tiny_windows(count: int, seed: int = 0) -> WindowSet:
    """Three classes that a small net can tell: where the events are, above noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(NAMES)
    frames = (rng.random((count, 5, 2, 7, 9)) < 0.05).astype(np.uint8)
    for index, label in enumerate(labels):
        frames[index, :4, :, :, 3 * label : 3 * label + 3] += rng.integers(0, 4, (4, 2, 7, 3), dtype=np.uint8)
    return WindowSet(frames, labels.astype(np.int64))


def used_model(config: Config, frames: np.ndarray, passes: int = 30, change: float = 0.2) -> RazorNet:
    """A model with statistics, thresholds and parameters as if it had been trained, in the exact stage.

    With 30 passes running statistics are those of the batches; `change` is the spread of what parameters move.
    """
    model = RazorNet(config).train()
    for _ in range(passes):
        model(torch.from_numpy(frames))
    generator = torch.Generator().manual_seed(config.seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += change * torch.randn(parameter.shape, generator=generator)
    model.stage = Stage.EXACT
    calibrate_gates(model, frames)
    return model.eval()
