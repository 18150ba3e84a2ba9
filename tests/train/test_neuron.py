"""Gradient of the neurons through time, against autograd of the equations written out; exact in doubles."""

import numpy as np
import pytest
import torch

from razorsnn.fixed import Format
from razorsnn.train.neuron import NeuronSettings, membranes
from razorsnn.train.quantisers import spike

V_TH, WIDTH = 0.5, 0.5


def settings(reset: str, alpha_q: int = 128) -> NeuronSettings:
    return NeuronSettings("liaf", reset, alpha_q, V_TH, WIDTH, Format(False, 4, 2))


def written_out(z: torch.Tensor, reset: str, alpha: float) -> torch.Tensor:
    h, found = torch.zeros_like(z[0]), []
    for row in z:
        u = h + row
        s = spike(u, V_TH, WIDTH)
        after = {"zero": 0.0 * u, "threshold": V_TH + 0.0 * u, "subtract": u - V_TH}[reset]
        h = alpha * (s * after + (1.0 - s) * u)
        found.append(u)
    return torch.stack(found)


@pytest.mark.parametrize("reset", ["zero", "threshold", "subtract"])
def test_membranes_and_their_gradient(reset: str) -> None:
    rng = np.random.default_rng(1)
    z = torch.from_numpy(rng.integers(-16, 33, (6, 3, 20)) / 32.0).requires_grad_()
    weight = torch.from_numpy(rng.integers(-3, 4, (6, 3, 20)).astype(np.float64))
    u = membranes(z, settings(reset), V_TH, None)
    (u * weight).sum().backward()
    found, z.grad = z.grad, None
    expected = written_out(z, reset, 0.5)
    (expected * weight).sum().backward()
    assert torch.equal(u, expected)
    assert found is not None and z.grad is not None and torch.equal(found, z.grad)


def test_leak_is_floored_on_the_grid() -> None:
    z = torch.tensor([-3.0, 0.0, 0.0], dtype=torch.float32)[:, None] / 8
    u = membranes(z, settings("zero", 77), V_TH, 3)
    assert (u * 8).flatten().tolist() == [-3, -1, -1]  # floor(77 * -3 / 256) = -1, floor(77 * -1 / 256) = -1


def test_without_a_leak_u_is_z() -> None:
    z = torch.arange(6.0).reshape(3, 2)
    assert torch.equal(membranes(z, settings("zero", 0), V_TH, None), z)


def test_threshold_is_at_least_one() -> None:
    assert settings("zero").v_th_integer(0) == 1
    assert settings("zero").v_th_integer(4) == 8
    assert settings("zero").v_th_integer(-9) == 1
