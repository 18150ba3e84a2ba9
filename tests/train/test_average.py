"""The average of weights that is deployed."""

from pathlib import Path
from typing import Any

import pytest
import torch

from razorsnn.train import RazorNet, load
from razorsnn.train.average import Average
from razorsnn.train.loop import Trainer
from razorsnn.train.quantisers import Stage
from tests.train.test_fit import trained
from tests.train.tiny import tiny_config

STEPS, DECAY = 40, 0.7
KEPT = [2 / 11, 3 / 12, 4 / 13, 5 / 14]
"""The shares that the first steps keep, while they are below the decay."""


def test_an_average_is_the_sum_of_what_steps_left() -> None:
    """In doubles: statistics and parameters alike; what counts is the source's own."""
    source = RazorNet(tiny_config(train={"precision": "double"}))
    average = Average(source, DECAY)
    expected = {name: value.clone() for name, value in source.state_dict().items()}
    generator = torch.Generator().manual_seed(1)
    for step in range(STEPS):
        kept = min(DECAY, (2 + step) / (11 + step))
        assert step >= len(KEPT) or kept == KEPT[step]
        for name, value in source.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=generator, dtype=value.dtype))
                expected[name] = kept * expected[name] + (1 - kept) * value
            elif value.dtype == torch.int64:
                value.fill_(step)
                expected[name] = value.clone()
        average.follow()
    for name, value in average.model.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=1e-12)


def test_without_a_decay_it_is_the_net_itself() -> None:
    source = RazorNet(tiny_config())
    average = Average(source, 0.0)
    average.follow()
    assert average.model is source


class Watched(Trainer):
    """Keeps the trained weights of the last step, and what the average was when the net was folded."""

    trained: dict[str, Any]
    folded: dict[str, Any]

    def fit(self) -> None:
        super().fit()
        Watched.trained = {name: value.clone() for name, value in self.model.state_dict().items()}

    def _fold(self) -> None:
        super()._fold()
        Watched.folded = {name: value.clone() for name, value in self.model.state_dict().items()}
        assert (self.model.stage, self.average.model.stage, self.average.steps) == (Stage.EXACT, Stage.EXACT, 0)
        assert all(torch.equal(value, Watched.folded[name]) for name, value in self.average.model.state_dict().items())


def test_the_average_is_folded_measured_and_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4, "ema_decay": 0.9})
    monkeypatch.setattr("razorsnn.train.Trainer", Watched)
    metrics = trained(tmp_path, config)
    assert metrics["accuracy"] == metrics["epochs"][-1]["accuracy"] == 1.0
    assert metrics["activity"] == metrics["epochs"][-1]["activity"]
    deployed = load(tmp_path, config).state_dict()
    weights = [name for name in deployed if name.endswith("weight")]
    assert weights and not any(torch.equal(deployed[name], Watched.trained[name]) for name in weights)
    assert not any(torch.equal(deployed[name], Watched.folded[name]) for name in weights)
