"""A penalty that is steered ends near the wanted share of non-zeros; one that is not is the setting itself."""

from pathlib import Path

import numpy as np
import pytest
import torch

from razorsnn.config import Config, validated
from razorsnn.errors import UserError
from razorsnn.train import fit
from razorsnn.train.activity import ActivityPenalty
from razorsnn.train.model import Passed
from tests.train.test_fit import TRAIN, VALIDATION, Interrupted, trained, without_times
from tests.train.tiny import NAMES, SOURCE, tiny_config

NEAR = 1.5
"""A factor: two runs of the same target on other windows differ by less."""


@pytest.mark.parametrize("target", [0.05, 0.1])
def test_training_ends_near_the_target(target: float, tmp_path: Path) -> None:
    config = tiny_config(train={"epochs": 24, "folded_epochs": 8, "activity_target": target})
    metrics = fit(config, TRAIN, VALIDATION, NAMES, SOURCE, tmp_path, False, "tiny")
    first, *read = metrics["activity"]
    assert first > 0.2 and len(read) == 2
    assert all(target / NEAR < share < target * NEAR for share in read)
    start = metrics["epochs"][0]["activity"][1:]
    assert all(share > target * NEAR for share in start)


def passed(shares: list[float]) -> Passed:
    """Hidden layers of 100 ones and zeros, read as they are, after an input."""
    layers = [(torch.arange(100) < 100 * share).float().reshape(1, 1, 1, 10, 10) for share in shares]
    return Passed(torch.zeros(1, 2), layers, [torch.ones(1), *layers], [], [])


def test_each_layer_has_a_factor_of_its_own() -> None:
    settings = tiny_config(train={"activity_target": 0.1, "activity_penalty": 2.0}).train
    penalty = ActivityPenalty(settings, 3, 100, torch.device("cpu"))
    found = passed([0.2, 0.1, 0.0])
    assert penalty.loss(found) == pytest.approx(2.0 * 30 / 300)
    for _ in range(3):
        penalty.follow(found)
    high, right, low = penalty.state[0].tolist()
    assert [high, right, low] == pytest.approx([0.45 * np.log(2), 0, -0.45], rel=1e-5)  # float32


def test_without_a_target_nothing_is_steered() -> None:
    penalty = ActivityPenalty(tiny_config(train={"activity_penalty": 2.0}).train, 1, 100, torch.device("cpu"))
    penalty.follow(passed([0.5]))
    assert not penalty.state.any()
    assert (
        ActivityPenalty(tiny_config(train={"activity_penalty": 0.0}).train, 1, 100, torch.device("cpu")).loss(
            passed([0.5])
        )
        is None
    )


def test_a_steered_training_resumes_as_if_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny_config(train={"activity_target": 0.1})
    whole = trained(tmp_path / "whole", config)
    Interrupted.at = 9
    monkeypatch.setattr("razorsnn.train.Trainer", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "parts", config)
    monkeypatch.undo()
    assert without_times(trained(tmp_path / "parts", config, resume=True)) == without_times(whole)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"activity_target": 0.0}, r"train.activity_target = 0.0; accepted: a number > 0 and < 1"),
        ({"activity_target": 0.1, "activity_penalty": 0.0}, "steers activity_penalty, which is 0; accepted: above 0"),
    ],
)
def test_targets_that_cannot_be_are_refused(train: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        validated("here", Config().model_dump() | {"train": Config().train.model_dump() | train})
