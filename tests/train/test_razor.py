"""The gate learns, prunes its share, and what reaches its parameters."""

import numpy as np
import pytest
import torch

from razorsnn.fixed import Format
from razorsnn.train.quantisers import Stage
from razorsnn.train.razor import GateSettings, RazorGate, refined_format
from razorsnn.train.scores import score
from tests.train.tiny import tiny_config, tiny_frames, tiny_windows, used_model

X = Format(False, 4, 2)


def gate(ratio: float = 0.4, operand: str = "raw") -> RazorGate:
    settings = GateSettings(3, ratio, operand, refined_format(X, 4, 3))
    return RazorGate(8, 24, X, settings, torch.Generator().manual_seed(1))


def activations(seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    density = rng.random((8, 32, 1, 1, 1)) * 0.5
    values = rng.integers(1, 16, (8, 32, 6, 2, 2)) * (rng.random((8, 32, 6, 2, 2)) < density)
    return torch.from_numpy(values / 4.0).float()


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("operand", ["raw", "refined"])
def test_gradients_reach_every_parameter(stage: Stage, operand: str) -> None:
    frames = torch.from_numpy(tiny_frames(8))
    model = used_model(tiny_config(gate={"operand": operand}), tiny_frames(8)).train()
    model.stage = stage
    (model(frames).scores * torch.arange(24.0).reshape(8, 3)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and bool(parameter.grad.abs().max() > 0), name


def test_raw_gate_learns_through_its_keep_bits_alone() -> None:
    x, own = activations(1), gate().train()
    (own(x, Stage.EXACT).keep * torch.arange(32.0)).sum().backward()
    for parameter in own.parameters():
        assert parameter.grad is not None and bool(parameter.grad.abs().max() > 0)


def test_calibrated_gates_prune_their_share() -> None:
    frames = tiny_windows(60).frames
    for ratio in (0.2, 0.4, 0.7):
        model = used_model(tiny_config(gate={"ratio": ratio}), frames)
        for share in score(model, frames, Stage.EXACT).pruned:
            assert ratio - 0.1 < share <= ratio + 1 / 300


def test_threshold_follows_the_scores() -> None:
    own = gate().train()
    for seed in range(60):
        own(activations(seed), Stage.LIVE)
    own.eval()
    pruned = 1 - torch.cat([own(activations(seed), Stage.LIVE).keep for seed in range(60, 80)]).mean()
    assert 0.35 < float(pruned.detach()) < 0.45


def test_threshold_rests_when_not_training() -> None:
    own = gate().train()
    own(activations(1), Stage.LIVE)
    before = float(own.threshold)
    own.eval()(activations(2), Stage.LIVE)
    assert float(own.threshold) == before > 0


def test_nothing_is_pruned_at_ratio_zero() -> None:
    own = gate(ratio=0.0)
    own.calibrate(torch.zeros(8, 2))
    assert own.threshold_integer() == 0
    assert own(torch.zeros(8, 2, 6, 2, 2), Stage.EXACT).keep.unique().tolist() == [1]


def test_empty_frames_are_pruned_otherwise() -> None:
    own = gate(ratio=0.1)
    own.calibrate(torch.zeros(8, 2))
    assert own.threshold_integer() == 1
    assert own(torch.zeros(8, 2, 6, 2, 2), Stage.EXACT).keep.unique().tolist() == [0]


def test_refined_format_holds_masks_of_a_half() -> None:
    assert refined_format(X, 4, 4) == Format(False, 4, 1)
    assert refined_format(X, 4, 1) == X
    assert refined_format(Format(False, 1, 0), 4, 4) == Format(False, 4, 2)


def test_float_gate_keeps_the_ranges_of_the_exact_one() -> None:
    """Logits far apart: the exponent's range leaves the lesser embeddings a say, in real numbers as in integers."""
    own = gate().eval()
    with torch.no_grad():
        own.embeddings.fill_(3.0)
        own.offset.copy_(torch.tensor([40.0, 0.0, -40.0]))
    x = activations(3)
    exact, real = own(x, Stage.EXACT).score, own(x, Stage.FLOAT).score
    assert 0 < float((exact - real).detach().abs().max()) < 3.75 / 8
