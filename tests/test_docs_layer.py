"""The layer of docs/adding-a-layer.md is what the document says: the convolution 1x1 again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops import synapse
from razorsnn.ops.conv import Conv
from razorsnn.ops.neuron import Neuron
from razorsnn.ops.words import Words
from tests.pages import blocks


@dataclass(frozen=True)
class Twins:
    """The document's layer and the convolution that it must equal, on one input."""

    layer: synapse.Synapse
    conv: Conv
    x: Tensor
    frames: np.ndarray


@pytest.fixture
def twins() -> Twins:
    (code,) = blocks("docs/adding-a-layer.md", "python")
    names: dict[str, Any] = {"__name__": "adding_a_layer"}
    exec(compile(code, "adding-a-layer.md", "exec"), names)
    rng = np.random.default_rng(1)
    x = Tensor(4, 3, 5, 6, Format(False, 4, 0))
    weights, bias = rng.integers(-128, 128, (6, 3)), rng.integers(-50, 50, 6)
    rest = Format(True, 8, 5), bias, Neuron("liaf", "zero", 77, 40, Format(False, 4, 1)), None
    frames = rng.integers(0, 16, x.shape) * (rng.random(x.shape) < 0.3)
    return Twins(names["Pointwise"](weights, *rest), Conv(weights[:, :, None, None], *rest), x, frames)


def test_the_layer_of_the_document_equals_the_convolution(twins: Twins):
    assert twins.layer.infer(twins.x) == twins.conv.infer(twins.x)
    mine, theirs = (op.execute(twins.frames, twins.x) for op in (twins.layer, twins.conv))
    assert np.array_equal(mine.output, theirs.output) and mine.output.any()
    assert np.array_equal(mine.values["u"], theirs.values["u"])
    assert np.array_equal(twins.layer.weight_rows(Words(4)), twins.conv.weight_rows(Words(4)))


def test_the_layer_of_the_document_has_the_cycles_and_widths_of_the_convolution(twins: Twins):
    keep = np.array([True, False, True, True])
    mine, theirs = (op.cycles(twins.frames, keep, twins.x, Words(4), Words(4)) for op in (twins.layer, twins.conv))
    assert (mine.total, mine.events, mine.multiplies) == (theirs.total, theirs.events, theirs.multiplies)
    assert twins.layer.membrane_range(twins.x) == twins.conv.membrane_range(twins.x)
