"""The exact stage against the reference on the exported graph: scores and keep bits, every bit."""

from itertools import product

import numpy as np
import pytest
import torch

from razorsnn.plan import Plan, make_plan
from razorsnn.targets.reference import run_window
from razorsnn.train import RazorNet, quantised_scores
from razorsnn.train.export import to_graph
from razorsnn.train.quantisers import Stage
from razorsnn.train.scores import score
from tests.train.tiny import NAMES, SOURCE, tiny_config, tiny_frames, used_model

LAYERS = ("3C3-AP2-5C3-4FC-3", "4C1-3C3-AP2-3", "5FC-3", "2C3-AP4-3")
NEURONS = tuple(product(("liaf", "lif"), ("zero", "threshold", "subtract"), ("liaf", "sum")))
GATES = (("razor", "raw"), ("razor", "refined"), ("none", "raw"))
WIDTHS = ((8, 4), (4, 4), (2, 2), (8, 8), (3, 5))


def planned(model: RazorNet) -> Plan:
    return make_plan(to_graph(model, "tiny", NAMES, SOURCE, {}), lanes=4)


def assert_equal_to_reference(model: RazorNet, frames: np.ndarray) -> np.ndarray:
    """Returns the keep bits."""
    results = [run_window(plan, window) for plan in [planned(model)] for window in frames]
    found = score(model, frames, Stage.EXACT)
    assert np.array_equal(quantised_scores(model, frames), [result.scores for result in results])
    assert np.array_equal(found.keep, [result.keep for result in results])
    assert found.activity == np.mean([[layer.activity for layer in r.layers] for r in results], axis=0).tolist()
    return found.keep


@pytest.mark.parametrize(("mode", "reset", "readout"), NEURONS)
@pytest.mark.parametrize(("kind", "operand"), GATES)
def test_exact_stage_equals_reference(mode: str, reset: str, readout: str, kind: str, operand: str) -> None:
    kept: list[bool] = []
    for index, layers in enumerate(LAYERS):
        weight_bits, bits = WIDTHS[(index + len(reset)) % len(WIDTHS)]
        config = tiny_config(
            network={"layers": layers, "neuron": mode, "reset": reset, "readout": readout},
            gate={"kind": kind, "operand": operand, "embeddings": 1 + 2 * index},
            quantisation={"weight_bits": weight_bits, "activation_bits": bits, "input_bits": bits},
        )
        frames = tiny_frames(6, bits)
        kept += assert_equal_to_reference(used_model(config, frames), frames).ravel().tolist()
    assert set(kept) == (set() if kind == "none" else {True, False})


def test_sums_beyond_float32_are_exact() -> None:
    config = tiny_config(
        network={"layers": "16C3-AP4-40FC-3", "reset": "subtract", "alpha": 0.99},
        quantisation={"weight_bits": 8, "activation_bits": 8, "input_bits": 8},
    )
    frames = np.random.default_rng(0).integers(128, 256, (3, 5, 2, 7, 9)).astype(np.uint8)
    model = used_model(config, frames)
    with torch.no_grad():
        model.layers[0].weight.fill_(1.0)
        model.layers[0].norm.running_mean.zero_()
    assert model.layers[0].exact().weight.dtype == torch.float64
    assert int(run_window(planned(model), frames[0]).layers[0].synapse.values["u"].max()) > 2**24
    assert_equal_to_reference(model, frames)


def test_training_mode_computes_the_same_numbers() -> None:
    frames = tiny_frames(6)
    model = used_model(tiny_config(gate={"kind": "none"}), frames)
    trained = model.train()(torch.from_numpy(frames)).scores.detach().numpy()
    assert np.array_equal(trained, score(model, frames, Stage.EXACT).scores)


def test_folded_equals_live_normalisation() -> None:
    """With numbers whose products are exact in float32 the two differ by nothing at all."""
    frames = tiny_frames(4)
    model = used_model(tiny_config(network={"alpha": 0.5}, gate={"kind": "none"}), frames)
    rng = np.random.default_rng(3)
    with torch.no_grad():
        for layer in model.layers:
            layer.weight.copy_(torch.from_numpy(rng.integers(-32, 33, layer.weight.shape) / 64))
            norm, size = layer.norm, len(layer.weight)
            norm.running_mean.copy_(torch.from_numpy(rng.integers(-8, 9, size) / 8))
            norm.running_var.copy_(torch.from_numpy(4.0 ** rng.integers(0, 3, size)) - norm.eps)
            norm.weight.copy_(torch.from_numpy(2.0 ** rng.integers(-1, 2, size)))
            norm.bias.copy_(torch.from_numpy(rng.integers(-8, 9, size) / 8))
    live, folded = score(model, frames, Stage.LIVE), score(model, frames, Stage.FLOAT)
    assert len(np.unique(live.scores)) > 6
    assert np.array_equal(live.scores, folded.scores)
    assert live.activity == folded.activity
