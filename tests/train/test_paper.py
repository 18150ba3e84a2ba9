"""The paper's networks have the parameters of the published code, and the gates those that the documents state."""

import pytest
from torch import nn

from razorsnn.assets import asset
from razorsnn.config import load_config
from razorsnn.train import RazorNet
from tests.test_docs import table

PUBLISHED = {"dvs128_gesture": 2_324_065, "cifar10_dvs": 2_097_918, "shd": 109_372}
"""Counted in the code of TA-SNN, whose layers have a bias before their normalisation, as 2.324 M, 2.098 M."""


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def net(name: str) -> RazorNet:
    return RazorNet(load_config(asset("configs") / f"{name}.toml"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_without_gates_they_are_those_of_the_published_code(name: str) -> None:
    """Ours has no bias before a normalisation, which would take it away again: one parameter an output less."""
    layers = net(name).layers
    biases = sum(len(layer.weight) for layer in layers)
    assert sum(map(count, layers)) + biases == PUBLISHED[name]


def test_the_document_states_layers_biases_and_gates() -> None:
    for name, _, layers, biases, gates, each in table("docs/training.md", "networks"):
        made = net(name.removesuffix(".toml").removeprefix("configs/"))
        embeddings, frames = made.gates[0].embeddings.shape
        assert int(layers.replace(",", "")) == sum(map(count, made.layers))
        assert int(biases.replace(",", "")) == sum(len(layer.weight) for layer in made.layers)
        assert int(gates) == len(made.gates) == len(made.layers) - 1
        found = {count(gate) for gate in made.gates}
        assert found == {int(each)} == {2 * embeddings * frames + embeddings}
