"""Dense layers against scalar loops."""

import numpy as np
import pytest

from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import RESETS, Neuron
from tests.ops.slow import slow_dense, slow_neuron


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 2, 5), (5, 3, 1)])
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("readout", [None, "liaf", "sum"])
def test_dense_equals_the_scalar_loop(size: tuple[int, int, int], reset: str, readout: str | None):
    rng = np.random.default_rng([*size, len(reset)])
    alpha = 0 if readout == "sum" else 77
    neuron = Neuron("liaf", reset, alpha, 60, Format(False, 4, 2))
    op = Dense(rng.integers(-8, 8, (4, *size)), Format(True, 4, 3), rng.integers(-40, 40, 4), neuron, readout)
    x, tensor = rng.integers(0, 16, (6, *size)), Tensor(6, *size, Format(False, 4, 1))
    trace = op.execute(x, tensor)
    z = np.array(slow_dense(x.tolist(), op.weights.tolist(), op.bias.tolist()))
    assert trace.values["z"].tolist() == z.tolist()
    loops = [slow_neuron(row.tolist(), "liaf", reset, alpha, 60, 2, 15, "up") for row in z[:, :, 0, 0].T]
    if readout is None:
        assert trace.output[:, :, 0, 0].T.tolist() == [ys for _, ys in loops]
    elif readout == "liaf":
        assert trace.output.tolist() == [sum(max(u, 0) for u in us) for us, _ in loops]
    else:
        assert trace.output.tolist() == z.sum(axis=(0, 2, 3)).tolist()
