"""Models of QKeras as graphs, from neutral files: every value exact, everything that we lack refused by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from razorsnn import flow
from razorsnn.config import load_config
from razorsnn.fixed import Format
from razorsnn.graphfile import load_graph
from razorsnn.interop.qkeras import Choices
from razorsnn.ir import Graph
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from tests.interop.neutral import BITS, layer, layers, relu, save, weighted
from tests.tiny_flow import flow_config, refusal, save_toml

Chain = dict[str, dict[str, Any]]
DEFAULTS = Choices()


def imported(folder: Path, chain: Chain, choices: Choices = DEFAULTS, **others: Any) -> Graph:
    flow.import_qkeras(save(folder / "model.npz", chain, **others), folder / "run", None, choices)
    return load_graph(folder / "run")


def refused(folder: Path, chain: Chain, **others: Any) -> str:
    return refusal("import-qkeras", save(folder / "model.npz", chain, **others), "--out", folder / "run")


def test_every_integer_times_its_scale_is_the_quantised_weight(tmp_path: Path):
    chain = layers()
    conv, hidden, scores = imported(tmp_path, chain).ops
    assert isinstance(conv, Conv) and isinstance(hidden, Dense) and isinstance(scores, Dense)
    norm = chain["norm"]["arrays"]
    kernel = chain["conv"]["arrays"]["kernel"] * norm["multiplier"]
    np.testing.assert_array_equal(conv.weights * 2.0**-conv.weight_format.frac, kernel.transpose(3, 2, 0, 1))
    bias = chain["conv"]["arrays"]["bias"] * norm["multiplier"] + norm["offset"]
    np.testing.assert_array_equal(conv.bias * 2.0**-conv.weight_format.frac, bias)
    for c, y, x in np.ndindex(5, 2, 2):  # flattened with channels last
        row = chain["hidden"]["arrays"]["kernel"][(y * 2 + x) * 5 + c]
        np.testing.assert_array_equal(hidden.weights[:, c, y, x] / 8, row)
    np.testing.assert_array_equal(scores.weights[:, :, 0, 0].T / 8, chain["scores"]["arrays"]["kernel"])


def test_formats_are_those_of_the_quantizers(tmp_path: Path):
    chain = layers()
    del chain["norm"]
    graph = imported(tmp_path, chain)
    assert [op.weight_format for op in graph.ops] == [Format(True, 4, 3)] * 3
    assert [op.neuron.out for op in graph.ops[:-1]] == [Format(False, 4, 2), Format(False, 3, 2)]
    assert {op.neuron.ties for op in graph.ops} == {"even"}
    assert graph.input.format == Format(False, 4, 0) and graph.ops[-1].readout == "sum"


def test_a_finer_bias_makes_the_weights_finer(tmp_path: Path):
    chain = layers()
    chain["scores"]["arrays"]["bias"] = np.array([1 / 64, 0, 2])
    scores = imported(tmp_path, chain).ops[-1]
    assert scores.weight_format == Format(True, 5, 4)  # the activation before it has two of the six bits
    np.testing.assert_array_equal(scores.bias / 64, [1 / 64, 0, 2])
    np.testing.assert_array_equal(scores.weights[:, :, 0, 0].T / 16, chain["scores"]["arrays"]["kernel"])


def test_a_power_of_two_scale_moves_the_point(tmp_path: Path):
    chain = layers()
    scaled = BITS | {"alpha": 0.25}
    arrays = {"kernel": layers()["hidden"]["arrays"]["kernel"] / 4, "scale": np.array(0.25)}
    chain["hidden"] = weighted("hidden", "QDense", (6,), 20, 2, activation=relu(3, 1), kernel_quantizer=scaled)
    chain["hidden"]["arrays"] |= arrays
    assert imported(tmp_path, chain).ops[1].weight_format == Format(True, 4, 5)


def test_the_inputs_quantizer_sets_its_format(tmp_path: Path):
    chain = {"in": layer("in", "QActivation", (4, 4, 2), activation=relu(3, 2)), **layers()}
    graph = imported(tmp_path, chain)
    assert graph.input.format == Format(False, 3, 1)
    assert load_config(tmp_path / "run" / "config.json").quantisation.input_bits == 3


def test_an_input_of_numbers_is_one_row(tmp_path: Path):
    chain = {"one": weighted("one", "QDense", (3,), 7, 1)}
    graph = imported(tmp_path, chain, shape=(7,))
    assert graph.input.shape == (16, 1, 1, 7)
    np.testing.assert_array_equal(graph.ops[0].weights[:, 0, 0].T / 8, chain["one"]["arrays"]["kernel"])


def test_a_relu_at_the_end_is_a_liaf_readout(tmp_path: Path):
    chain = layers()
    chain["softmax"] = layer("last", "Activation", (3,), activation={"class": "relu"})
    assert imported(tmp_path, chain, Choices(alpha=0.5)).ops[-1].neuron.alpha_q == 128


def test_choices_go_over_settings_and_the_model_over_both(tmp_path: Path):
    given = flow_config(network={"alpha": 0.25, "v_th": 0.5, "reset": "subtract"}, hardware={"lanes": 8})
    file = save(tmp_path / "model.npz", layers())
    names = ("a", "b", "c")
    flow.import_qkeras(file, tmp_path / "run", given, Choices(v_th=2.0, frames=5, classes=names))
    graph, config = load_graph(tmp_path / "run"), load_config(tmp_path / "run" / "config.json")
    neuron = graph.ops[1].neuron
    assert (neuron.reset, neuron.alpha_q, neuron.v_th) == ("subtract", 64, 2 * 2**5)
    assert graph.input.frames == config.data.frames == 5 and graph.class_names == names
    assert config.network.layers == "5C3-AP2-6FC-3" and config.network.readout == "sum"
    assert (config.data.grid, config.data.sensor, config.hardware.lanes) == ((4, 4), (16, 16), 8)
    assert config.quantisation.ties == "even" and config.quantisation.weight_bits == 6 and config.gate.kind == "none"


def test_a_second_import_replaces_the_first_and_nothing_else(tmp_path: Path):
    imported(tmp_path, layers(), Choices(frames=2))
    assert imported(tmp_path, layers(), Choices(frames=3)).input.frames == 3
    (tmp_path / "run" / "import.json").unlink()
    said = refused(tmp_path, layers())
    assert said.strip().endswith("run: holds something else; accepted: a new folder, or one that import-qkeras wrote")


def _set(name: str, **settings: Any) -> Callable[[Chain], Any]:
    return lambda chain: chain[name]["settings"].update(settings)


def _put(name: str, **parts: Any) -> Callable[[Chain], Any]:
    return lambda chain: chain[name].update(parts)


def _arrays(name: str, **arrays: Any) -> Callable[[Chain], Any]:
    return lambda chain: chain[name]["arrays"].update({key: np.asarray(value) for key, value in arrays.items()})


def _swap(name: str, kind: str) -> Callable[[Chain], Any]:
    return _put(name, **{"class": kind})


REFUSALS = {
    "strides": (_set("conv", strides=(2, 2)), "layer conv (QConv2D): strides (2, 2); accepted: (1, 1)"),
    "padding": (_set("conv", padding="valid"), "layer conv (QConv2D): padding valid; accepted: same"),
    "kernel": (_set("conv", kernel_size=(5, 5)), "kernel_size (5, 5); accepted: (1, 1) or (3, 3)"),
    "dilation": (_set("conv", dilation_rate=(2, 2)), "dilation_rate (2, 2); accepted: (1, 1)"),
    "groups": (_set("conv", groups=2), "groups 2; accepted: 1"),
    "channels first": (_set("conv", data_format="channels_first"), "data_format channels_first; accepted: channels"),
    "flat order": (_set("flat", data_format="channels_first"), "layer flat (Flatten): data_format channels_first"),
    "pool size": (_set("pool", pool_size=(3, 3)), "pool_size (3, 3); accepted: (2, 2) or (4, 4) or (8, 8)"),
    "pool strides": (_set("pool", strides=(1, 1)), "layer pool (QAveragePooling2D): strides (1, 1); accepted: (2, 2)"),
    "pool padding": (_set("pool", padding="same"), "padding same; accepted: valid"),
    "pool factor": (_put("pool", average_quantizer=BITS), "a quantised factor (average_quantizer); accepted: None"),
    "max pool": (_swap("pool", "MaxPooling2D"), "layer pool (MaxPooling2D): no such layer here; accepted: QConv2D,"),
    "relu with a bound of its own": (_swap("softmax", "ReLU"), "layer softmax (ReLU): no such layer here; accepted:"),
    "permute": (_swap("flat", "Permute"), "layer flat (Permute): no such layer here"),
    "scales": (
        _arrays("hidden", scale=[0.5, 0.25, 0.5, 1, 1, 1]),
        "layer hidden (QDense): scales differ between channels (0.25, 0.5, 1); accepted: one for the layer (alpha=1)",
    ),
    "scale": (_arrays("hidden", scale=0.3), "scale 0.3 is not a power of two; accepted: alpha=1 or a power of two"),
    "quantizer": (_put("conv", kernel_quantizer={"class": "ternary"}), "kernel quantizer ternary; accepted: quantized"),
    "no quantizer": (_put("conv", kernel_quantizer=None), "kernel quantizer none; accepted: quantized_bits"),
    "off the grid": (_arrays("hidden", kernel=np.full((20, 6), 0.3)), "weights off the grid of 2**-3 of its quantizer"),
    "bias": (_arrays("hidden", bias=np.full(6, 2.0**-13)), "the grid of 2**-11 that its bias needs; accepted: weights"),
    "norm": (
        _arrays("norm", multiplier=np.full(5, 0.99)),
        "needs, normalised by norm; accepted: weights of at most 8 bits there",
    ),
    "far apart": (
        _arrays("norm", offset=np.array([2.0**-100, 0, 0, 0, 0])),
        "layer norm (QBatchNormalization): its offset and the bias of conv are too far apart",
    ),
    "fine activation": (_put("hidden", activation=relu(8, -6)), "that the activation hidden needs; accepted: weights"),
    "sigmoid": (_put("relu", activation=relu(use_sigmoid=1)), "quantized_relu with use_sigmoid 1; accepted: 0"),
    "leaky": (_put("relu", activation=relu(negative_slope=0.25)), "negative_slope 0.25; accepted: 0"),
    "stochastic": (_put("relu", activation=relu(use_stochastic_rounding=True)), "use_stochastic_rounding True"),
    "noise": (_put("relu", activation=relu(qnoise_factor=0.5)), "qnoise_factor 0.5; accepted: 1"),
    "bound": (
        _put("relu", activation=relu(is_quantized_clip=False, relu_upper_bound=6.0)),
        "quantized_relu with relu_upper_bound 6.0; accepted: None",
    ),
    "wide": (_put("relu", activation=relu(9)), "quantized_relu of 9 bits; accepted: 1 to 8"),
    "tanh": (_put("relu", activation={"class": "quantized_tanh"}), "activation quantized_tanh; accepted: quantized"),
    "no activation": (_put("hidden", activation=None), "layer scores (QDense): no activation between hidden and it"),
    "last": (_put("softmax", activation=relu()), "layer softmax (Activation): quantized_relu at the end; scores are"),
    "branch": (_put("hidden", inputs=["flat", "relu"]), "hidden (QDense): reads flat, relu; accepted: a chain, so"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_what_we_lack_is_refused_by_its_name(tmp_path: Path, name: str):
    change, expected = REFUSALS[name]
    chain = layers()
    change(chain)
    assert expected in refused(tmp_path, chain)
    assert not (tmp_path / "run").exists()


def test_an_order_that_the_engine_does_not_have_is_refused(tmp_path: Path):
    chain = layers()
    order = ["conv", "norm", "relu", "pool", "flat", "hidden", "scores", "softmax"]
    said = refused(tmp_path, {name: chain[name] for name in order})
    assert "layer pool (QAveragePooling2D): follows what must come after it" in said
    flat = refused(tmp_path, {name: chain[name] for name in ("conv", "relu", "hidden")})
    assert "layer hidden (QDense): reads (2, 2, 5), place by place; accepted: after Flatten" in flat
    late = refused(tmp_path, {name: chain[name] for name in ("relu", "pool", "conv")})
    assert "layer pool (QAveragePooling2D): before any weights" in late


def test_inputs_that_no_event_camera_gives_are_refused(tmp_path: Path):
    assert "input (4, 4, 3); accepted: (height, width, channels) with 1 or 2" in refused(
        tmp_path, layers(), shape=(4, 4, 3)
    )
    two = refused(tmp_path, layers(), outputs=["a", "b"])
    assert "a model of 2 outputs" in two and "accepted: one input and one output" in two
    signed = {"in": layer("in", "QActivation", (4, 4, 2), activation=BITS), **layers()}
    assert "layer in (QActivation): quantized_bits keeps negative values" in refused(tmp_path, signed)


def test_a_file_of_something_else_is_refused(tmp_path: Path):
    (tmp_path / "model.npz").write_bytes(b"no zip")
    said = refusal("import-qkeras", tmp_path / "model.npz", "--out", tmp_path / "run")
    assert "model.npz: not a file that qkeras_program.py wrote" in said
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    assert "not a file that" in refusal("import-qkeras", tmp_path / "other.npz", "--out", tmp_path / "run")


def test_a_model_without_the_environment_tells_how_to_get_it(tmp_path: Path):
    arguments = ("import-qkeras", tmp_path / "m.h5", "--out", tmp_path / "run", "--python", tmp_path / "python")
    assert "m.h5: no such model; accepted: what Keras saved" in refusal(*arguments)
    (tmp_path / "m.h5").write_bytes(b"")
    assert "needs a Python that has QKeras" in refusal(*arguments) and "make setup-qkeras" in refusal(*arguments)


def test_a_bad_choice_is_told_as_a_setting(tmp_path: Path):
    file = save(tmp_path / "model.npz", layers())
    said = refusal("import-qkeras", file, "--out", tmp_path / "run", "--alpha", "2")
    assert "network.alpha = 2.0; accepted: a number >= 0 and <= 0.99609375" in said
    toml = save_toml(flow_config(data={"sensor": (3, 3), "grid": (3, 3)}), tmp_path / "small.toml")
    said = refusal("import-qkeras", file, "--out", tmp_path / "run", "--config", toml)
    assert "grid [4, 4] is larger than sensor [3, 3]" in said
