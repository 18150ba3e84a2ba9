"""The temporal attention of TA-SNN: soft in training, a step at inference, as many frames pruned as by the razor."""

from pathlib import Path

import numpy as np
import pytest
import torch

from razorsnn.train import fit, float_scores, load
from razorsnn.train.quantisers import Stage
from razorsnn.train.scores import score
from razorsnn.train.ta import TaGate
from tests.train.tiny import NAMES, SOURCE, tiny_config, tiny_frames, tiny_windows, used_model

T, N = 6, 5


def gate(ratio: float = 0.4, seed: int = 1) -> TaGate:
    return TaGate(T, 2, ratio, torch.Generator().manual_seed(seed))


def activations(seed: int = 1) -> torch.Tensor:
    return torch.rand((T, N, 3, 4, 4), generator=torch.Generator().manual_seed(seed))


def attention_by_loop(own: TaGate, x: np.ndarray) -> np.ndarray:
    first, second = ([p.detach().double().numpy() for p in layer.parameters()] for layer in (own.squeeze, own.excite))
    result = np.empty((T, N))
    for n in range(N):
        mean = np.array([x[t, n].mean() for t in range(T)])
        hidden = np.maximum(first[0] @ mean + first[1], 0)
        result[:, n] = 1 / (1 + np.exp(-(second[0] @ hidden + second[1])))
    return result


@pytest.mark.parametrize("stage", list(Stage))
def test_training_scales_frames_and_inference_keeps_or_prunes_them(stage: Stage) -> None:
    own, x = gate().train(), activations()
    expected = attention_by_loop(own, x.double().numpy())
    soft = own(x, stage)
    np.testing.assert_allclose(soft.score.detach().numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(soft.operand.detach(), x * torch.from_numpy(expected)[:, :, None, None, None], rtol=1e-5)
    hard = own.eval()(x, stage)
    keep = hard.score >= np.quantile(hard.score.detach().numpy().astype(np.float64), 0.4)
    assert torch.equal(hard.keep, keep.float()) and 0 < keep.sum() < T * N
    assert torch.equal(hard.operand, x * keep[:, :, None, None, None])


def test_it_prunes_the_share_that_it_is_told() -> None:
    frames = tiny_windows(60).frames
    for ratio in (0.2, 0.7):
        model = used_model(tiny_config(gate={"kind": "ta", "ratio": ratio, "reduction": 2}), frames)
        for share in score(model, frames, Stage.EXACT).pruned:
            assert ratio - 0.1 < share <= ratio + 1 / 300


def test_without_a_share_nothing_is_pruned() -> None:
    own = gate(0.0).train()
    own(activations(1), Stage.LIVE)
    assert bool((own.eval()(activations(2), Stage.LIVE).keep == 1).all())


def test_gradients_reach_every_parameter() -> None:
    frames = torch.from_numpy(tiny_frames(8))
    model = used_model(tiny_config(gate={"kind": "ta", "reduction": 1}), tiny_frames(8)).train()
    (model(frames).scores * torch.arange(24.0).reshape(8, 3)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and bool(parameter.grad.abs().max() > 0), name


def test_it_has_the_parameters_of_the_published_code() -> None:
    """Two linear layers with biases: at T = 60 and reduction 16, 3 hidden units."""
    own = TaGate(60, 16, 0.4, torch.Generator())
    assert sum(parameter.numel() for parameter in own.parameters()) == 60 * 3 + 3 + 3 * 60 + 60
    assert TaGate(10, 16, 0.4, torch.Generator()).squeeze.out_features == 1


def test_the_seed_decides() -> None:
    first, again, other = (gate(seed=seed).squeeze.weight for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_net_learns_with_it_and_has_no_graph(tmp_path: Path) -> None:
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4}, gate={"kind": "ta", "reduction": 2})
    train, held = tiny_windows(48, 1), tiny_windows(15, 2)
    (tmp_path / "graph.json").write_text("of another training")
    metrics = fit(config, train, held, NAMES, SOURCE, tmp_path, False, "tiny")
    # Its inference is not what it was trained with, as in the paper: so what it learned shows in training.
    assert metrics["epochs"][-1]["train_accuracy"] == 1.0 and len(metrics["pruned"]) == 2
    assert not (tmp_path / "graph.json").exists()
    scores, keep, _ = float_scores(load(tmp_path, config), held.frames)
    assert np.mean(scores.argmax(axis=1) == held.labels) == metrics["float"]["accuracy"] and keep.shape == (15, 2, 5)
