"""Rounding and gradients of the straight-through functions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from razorsnn import fixed
from razorsnn.fixed import Format
from razorsnn.train.quantisers import cast, hard_gate, integers, peak_product, spike


@given(
    st.lists(st.integers(-5000, 5000), min_size=1, max_size=40),
    st.integers(-2, 12),
    st.booleans(),
    st.integers(2, 8),
    st.integers(-3, 6),
    st.sampled_from(fixed.TIES),
)
def test_cast_is_that_of_fixed(values: list[int], frac: int, signed: bool, width: int, to_frac: int, ties: str) -> None:
    to = Format(signed, width, to_frac)
    real = torch.tensor(values, dtype=torch.float32) * 2.0**-frac
    assert integers(cast(real, to, ties), to.frac).tolist() == fixed.cast(values, frac, to, ties).tolist()


def test_cast_rounds_half_up_not_to_even() -> None:
    value = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5])
    assert cast(value, Format(True, 8, 0)).tolist() == [1, 2, 3, 0, -1]
    assert cast(value, Format(True, 8, 0), "even").tolist() == [0, 2, 2, 0, -2]


def test_gradient_of_cast_stops_where_it_saturates() -> None:
    value = torch.tensor([-0.3, 0.1, 1.0, 3.8, 4.0], requires_grad=True)
    cast(value, Format(False, 4, 2)).sum().backward()
    assert value.grad is not None and value.grad.tolist() == [0, 1, 1, 1, 0]


def test_integers_refuses_a_value_off_the_grid() -> None:
    with pytest.raises(ValueError, match=r"no multiple of 2\*\*-1"):
        integers(torch.tensor([0.25]), 1)


def test_gates_gradient_is_the_sigmoids() -> None:
    value = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    keep = hard_gate(value, 1.0, 2.0)
    keep.sum().backward()
    assert keep.tolist() == [0, 1, 1]
    smooth = torch.sigmoid((value.detach() - 1.0) / 2.0)
    assert value.grad is not None and torch.equal(value.grad, smooth * (1.0 - smooth) / 2.0)


def test_spikes_gradient_is_a_rectangle_of_area_one() -> None:
    u = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.25], requires_grad=True)
    s = spike(u, 0.5, 1.0)
    s.sum().backward()
    assert s.tolist() == [0, 0, 1, 1, 1]
    assert u.grad is not None and u.grad.tolist() == [0, 1, 1, 1, 0]
    many = ((torch.arange(-512, 512) + 0.5) / 256.0).requires_grad_()
    spike(many, 0.5, 0.25).sum().backward()
    assert many.grad is not None and many.grad.sum() / 256.0 == 1.0


def test_peak_product_and_its_gradient_are_those_of_amax() -> None:
    rng = np.random.default_rng(0)
    mask = torch.from_numpy(rng.permutation(24).reshape(2, 12) + 1.0).requires_grad_()
    x = torch.from_numpy(rng.permutation(96).reshape(4, 2, 12) * 97.0 + 1.0).requires_grad_()
    weight = torch.from_numpy(rng.integers(-4, 5, (4, 2)).astype(np.float64))
    (peak_product(mask, x) * weight).sum().backward()
    found = mask.grad, x.grad
    mask.grad = x.grad = None
    ((mask * x).amax(dim=2) * weight).sum().backward()
    assert found[0] is not None and mask.grad is not None and torch.equal(found[0], mask.grad)
    assert found[1] is not None and x.grad is not None and torch.equal(found[1], x.grad)
