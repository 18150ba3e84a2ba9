"""Relative thresholds and static keep bits in training, against their definitions."""

from pathlib import Path

import numpy as np
import pytest
import torch

from razorsnn.graphfile import load_graph
from razorsnn.plan import make_plan
from razorsnn.targets.reference import run_window
from razorsnn.train import fit, load, quantised_scores
from razorsnn.train.quantisers import Stage
from razorsnn.train.razor import GateSettings, RazorGate, refined_format
from razorsnn.train.scores import score
from razorsnn.train.thresholds import RelativeGate, StaticGate
from tests.train.test_razor import X, activations
from tests.train.tiny import NAMES, SOURCE, tiny_config, tiny_frames, tiny_windows, used_model


def gate(kind: type[RazorGate], ratio: float = 0.4, operand: str = "raw") -> RazorGate:
    settings = GateSettings(3, ratio, operand, refined_format(X, 4, 3))
    return kind(8, 24, X, settings, torch.Generator().manual_seed(1))


def trained(own: RazorGate) -> RazorGate:
    own.train()
    for seed in range(60):
        own(activations(seed), Stage.LIVE)
    return own.eval()


def test_relative_compares_integers_with_the_best_of_the_window() -> None:
    own = trained(gate(RelativeGate))
    rho_q = int(float(own.threshold) * 256 + 0.5)
    for seed in range(60, 64):
        result = own(activations(seed), Stage.EXACT)
        scores = (result.score.double() * 2.0**own.score_frac).long()
        assert torch.equal(result.keep.bool(), scores * 256 >= rho_q * scores.amax(dim=0))
        assert bool((result.keep.sum(dim=0) >= 1).all()) and not bool((result.keep == 1).all())


def test_relative_prunes_its_share_and_keeps_an_empty_window() -> None:
    own = trained(gate(RelativeGate))
    pruned = 1 - torch.cat([own(activations(seed), Stage.LIVE).keep for seed in range(60, 80)]).mean()
    assert 0.35 < float(pruned.detach()) < 0.45
    assert bool((own(torch.zeros_like(activations(0)), Stage.LIVE).keep == 0).all())
    assert bool((trained(gate(RelativeGate, 0.0))(activations(99), Stage.LIVE).keep == 1).all())


def test_relative_learns_through_its_keep_bits_alone() -> None:
    own = gate(RelativeGate).train()
    (own(activations(1), Stage.EXACT).keep * torch.arange(32.0)).sum().backward()
    for parameter in own.parameters():
        assert parameter.grad is not None and bool(parameter.grad.abs().max() > 0)


def busy(seed: int) -> torch.Tensor:
    """Activations that are larger in the later of the eight frames."""
    return activations(seed) * torch.arange(1.0, 9.0).reshape(8, 1, 1, 1, 1)


def test_static_keeps_the_same_frames_of_every_window() -> None:
    own = gate(StaticGate).train()
    for seed in range(60):
        own(busy(seed), Stage.LIVE)
    own.eval()
    for seed in (60, 61):
        for stage in Stage:
            result = own(activations(seed), stage)
            assert result.keep.tolist() == [[float(t >= 3)] * 32 for t in range(8)]
            assert torch.equal(result.operand, activations(seed) * result.keep[:, :, None, None, None])


def test_static_follows_the_scores_and_is_set_by_calibration() -> None:
    own = gate(StaticGate).train()
    first = own(busy(1), Stage.LIVE).score.detach().double().mean(dim=1)
    assert torch.equal(own.means, first)
    second = own(busy(2), Stage.LIVE).score.detach().double().mean(dim=1)
    assert torch.allclose(own.means, 0.9 * first + 0.1 * second, rtol=1e-12)
    own.calibrate(torch.arange(8.0).flip(0)[:, None].expand(8, 5))
    assert own.eval()(busy(3), Stage.LIVE).keep[:, 0].tolist() == [1.0] * 5 + [0.0] * 3


@pytest.mark.parametrize("threshold", ["relative", "static"])
def test_gates_of_a_net_prune_their_share(threshold: str) -> None:
    frames = tiny_windows(60).frames
    model = used_model(tiny_config(gate={"threshold": threshold, "ratio": 0.4}), frames)
    for share in score(model, frames, Stage.EXACT).pruned:
        assert 0.3 < share <= 0.5


def test_static_embeddings_stay_as_they_start() -> None:
    frames = torch.from_numpy(tiny_frames(8))
    model = used_model(tiny_config(gate={"threshold": "static"}), tiny_frames(8)).train()
    (model(frames).scores * torch.arange(24.0).reshape(8, 3)).sum().backward()
    assert not any(gate.embeddings.grad is not None and gate.embeddings.grad.any() for gate in model.gates)


@pytest.mark.parametrize("threshold", ["relative", "static"])
def test_a_net_is_deployed_as_it_was_trained(threshold: str, tmp_path: Path) -> None:
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4}, gate={"threshold": threshold})
    held = tiny_windows(15, 2)
    metrics = fit(config, tiny_windows(48, 1), held, NAMES, SOURCE, tmp_path, False, "tiny")
    plan, model = make_plan(load_graph(tmp_path), 4), load(tmp_path, config)
    results = [run_window(plan, frames) for frames in held.frames]
    assert [result.scores.tolist() for result in results] == quantised_scores(model, held.frames).tolist()
    keep = score(model, held.frames, Stage.EXACT).keep
    assert np.array_equal([result.keep for result in results], keep) and not keep.all() and keep.any()
    assert metrics["accuracy"] == 1.0
    assert (plan.shape.razors, plan.shape.relatives) == ((0, 0) if threshold == "static" else (2, 2))
