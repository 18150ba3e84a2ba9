"""The simpler choices of frames against their definitions, and the parts of the razor that can be left out."""

from pathlib import Path

import numpy as np
import pytest
import torch

from razorsnn.train import fit, load
from razorsnn.train.choices import CHOICES, ChoiceGate, EventsGate, PeakGate, RandomGate, UniformGate
from razorsnn.train.model import RazorNet
from razorsnn.train.quantisers import Stage
from razorsnn.train.razor import RazorGate
from razorsnn.train.scores import score
from tests.train.test_exact import assert_equal_to_reference
from tests.train.tiny import NAMES, SOURCE, tiny_config, tiny_frames, tiny_windows, used_model

T, N = 10, 6


def activations(seed: int) -> torch.Tensor:
    """u4.2"""
    generator = torch.Generator().manual_seed(seed)
    shape = (T, N, 3, 4, 4)
    value = torch.randint(0, 16, shape, generator=generator) * (torch.rand(shape, generator=generator) < 0.05)
    return value.float() / 4


def trained(gate: ChoiceGate) -> ChoiceGate:
    gate.train()
    for seed in range(60):
        gate(activations(seed), Stage.LIVE)
    return gate.eval()


@pytest.mark.parametrize(("kind", "score_of"), [(PeakGate, np.max), (EventsGate, np.sum)])
@pytest.mark.parametrize("stage", list(Stage))
def test_scores_are_compared_with_the_running_quantile(kind: type[ChoiceGate], score_of, stage: Stage) -> None:
    gate, x = trained(kind(0.4)), activations(99)
    expected = np.array([[score_of(x[t, n].numpy()) for n in range(N)] for t in range(T)])
    found = gate(x, stage)
    np.testing.assert_allclose(found.score, expected, rtol=1e-6)
    assert np.array_equal(found.keep.detach().bool(), expected >= float(gate.threshold))
    assert torch.equal(found.operand, x * found.keep[:, :, None, None, None])
    assert 0.2 < 1 - float(found.keep.detach().mean()) < 0.6


@pytest.mark.parametrize("kind", [PeakGate, EventsGate])
def test_an_empty_frame_is_pruned_unless_nothing_shall_be(kind: type[ChoiceGate]) -> None:
    empty = torch.zeros_like(activations(0))
    assert not trained(kind(0.4))(empty, Stage.LIVE).keep.any()
    assert trained(kind(0.0))(empty, Stage.LIVE).keep.all()


def test_decimation_keeps_its_share_evenly() -> None:
    keep = UniformGate(0.4)(activations(1), Stage.LIVE).keep
    assert keep[:, 0].tolist() == [0, 1, 0, 1, 1, 0, 1, 0, 1, 1]
    assert torch.equal(keep, keep[:, :1].expand(T, N))
    assert UniformGate(0.0)(activations(1), Stage.LIVE).keep.all()


def test_the_lot_falls_alike_on_equal_windows_and_keeps_its_share() -> None:
    gate, x = RandomGate(0.4).train(), torch.cat([activations(seed) for seed in range(200)], dim=1)
    keep = gate(x, Stage.LIVE).keep
    assert 0.57 < float(keep.mean()) < 0.63
    assert bool(((keep.mean(dim=1) > 0.5) & (keep.mean(dim=1) < 0.7)).all())
    order = torch.randperm(x.shape[1])
    assert torch.equal(gate.eval()(x[:, order], Stage.EXACT).keep, keep[:, order])
    pairs = [float((keep[t] == keep[t + 1]).float().mean()) for t in range(T - 1)]
    assert all(0.46 < share < 0.58 for share in pairs)  # of independent bits: 0.6 * 0.6 + 0.4 * 0.4 = 0.52


@pytest.mark.parametrize("kind", CHOICES)
def test_a_net_learns_with_it_and_has_a_graph_unless_frames_are_drawn(kind: str, tmp_path: Path) -> None:
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4}, gate={"kind": kind})
    train, held = tiny_windows(48, 1), tiny_windows(15, 2)
    metrics = fit(config, train, held, NAMES, SOURCE, tmp_path, False, "tiny")
    least = 0.5 if kind == "random" else 0.8  # of three classes, with 2 of 5 frames drawn away at each gate
    assert metrics["epochs"][-1]["train_accuracy"] > least and len(metrics["pruned"]) == 2
    assert (tmp_path / "graph.json").exists() == (kind != "random")
    model = load(tmp_path, config)
    assert score(model, held.frames, Stage.EXACT).accuracy(held.labels) == metrics["accuracy"]
    if kind != "random":
        assert_equal_to_reference(model, held.frames)


@pytest.mark.parametrize("kind", [PeakGate, EventsGate])
@pytest.mark.parametrize("ratio", [0.0, 0.4])
def test_the_deployed_threshold_keeps_the_same_frames(kind: type[ChoiceGate], ratio: float) -> None:
    gate = trained(kind(ratio))
    found = gate(activations(77), Stage.EXACT)
    assert torch.equal(found.score * 4 >= gate.threshold_integer(2), found.keep.bool())


@pytest.mark.parametrize(("position", "gated"), [("all", [1, 3, 5]), ("encoder", [1]), ("backbone", [2, 4])])
@pytest.mark.parametrize("kind", ["razor", "ta", "peak"])
def test_gates_stand_where_they_are_told(position: str, gated: list[int], kind: str) -> None:
    config = tiny_config(network={"layers": "4C3-3C3-2C3-3"}, gate={"kind": kind, "position": position})
    model = RazorNet(config)
    assert [index for index, op in enumerate(model.ops) if op in model.gates] == gated


@pytest.mark.parametrize("position", ["encoder", "backbone"])
def test_gates_in_some_places_are_deployed(position: str) -> None:
    frames = tiny_frames(6)
    config = tiny_config(network={"layers": "4C3-3C3-2C3-3"}, gate={"position": position, "operand": "refined"})
    assert_equal_to_reference(used_model(config, frames), frames)


def test_without_weighting_all_embeddings_count_alike_and_stay_so() -> None:
    frames = tiny_frames(6)
    model = RazorNet(tiny_config(gate={"weighting": False, "embeddings": 4, "operand": "refined"})).train()
    (model(torch.from_numpy(frames)).scores ** 2).sum().backward()
    for gate in model.gates:
        assert isinstance(gate, RazorGate) and gate.embeddings.grad is not None and gate.affine.grad is None
        assert not gate.affine.any() and not gate.offset.any() and not gate.offset.requires_grad
    model.stage = Stage.EXACT
    assert_equal_to_reference(model.eval(), frames)


def test_refined_in_training_hands_on_raw_activations_at_inference() -> None:
    frames = torch.from_numpy(tiny_frames(6))
    models = {
        name: used_model(tiny_config(gate={"operand": name, "ratio": 0.0}), frames.numpy())
        for name in ("raw", "refined", "refined_in_training")
    }
    both = models["refined_in_training"]
    passed = both(frames)
    assert torch.equal(passed.operands[1], passed.outputs[0])
    trained = both.train()(frames)
    assert not torch.equal(trained.operands[1], trained.outputs[0])
    assert torch.equal(trained.scores, models["refined"].train()(frames).scores)
