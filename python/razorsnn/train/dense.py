"""Dense layer in training. Contract: ops/dense.py."""

from torch import Tensor
from torch.nn import functional

from razorsnn.train.synapse import SpikingLayer


class DenseLayer(SpikingLayer):
    """Weights [C_out, C, H, W] over all of the input."""

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return functional.linear(x.flatten(1), weight.flatten(1), bias)[:, :, None, None]
