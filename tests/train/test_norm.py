"""Normalisation and pool in one, against torch's own two and their autograd, in doubles."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from razorsnn.train.norm import PooledNorm

ROUNDING = 1e-12
"""Of doubles: the order of the sums differs."""


def drawn(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("pool", [1, 2, 4])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_values_statistics_and_gradients_are_torchs(pool: int, layout: torch.memory_format) -> None:
    """Seven rows and nine columns: with pools of 2 and 4 some fill none."""
    x = (3.0 * drawn(6, 3, 7, 9, seed=1) + 1.0).contiguous(memory_format=layout)
    ours, theirs = PooledNorm(3, eps=2.0**-16).double(), nn.BatchNorm2d(3, eps=2.0**-16).double()
    target = drawn(6, 3, 7 // pool, 9 // pool, seed=2)
    found = []
    for norm in (ours, theirs):
        with torch.no_grad():
            norm.weight.copy_(drawn(3, seed=3))
            norm.bias.copy_(drawn(3, seed=4))
        for _ in range(2):
            leaf = x.clone().requires_grad_()
            z = leaf * 1.0  # of which nobody else knows
            y = norm.pooled(z, pool) if isinstance(norm, PooledNorm) else functional.avg_pool2d(norm(z), pool)
            norm.zero_grad()
            (y * target).sum().backward()
        assert leaf.grad is not None and norm.weight.grad is not None and norm.bias.grad is not None
        found.append([y, leaf.grad, norm.weight.grad, norm.bias.grad, *norm.buffers()])
    for value, expected in zip(*found, strict=True):
        torch.testing.assert_close(value, expected, rtol=ROUNDING, atol=ROUNDING)


def test_evaluation_uses_what_training_saw() -> None:
    norm = PooledNorm(2).double()
    z = drawn(4, 2, 4, 4, seed=1)
    norm.pooled(z.clone(), 2)
    norm.eval()
    scale = 1.0 / (norm.running_var + norm.eps).sqrt()
    expected = (functional.avg_pool2d(z, 2) - norm.running_mean[:, None, None]) * scale[:, None, None]
    torch.testing.assert_close(norm.pooled(z, 2), expected, rtol=ROUNDING, atol=ROUNDING)
