"""The static gate: the frames that it names pass, whatever they hold."""

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.static import Static

X = Tensor(3, 2, 2, 2, Format(False, 4, 1))


def test_named_frames_pass_and_others_are_empty():
    x = np.random.default_rng(1).integers(1, 16, X.shape)
    gate = Static(np.array([1, 0, 1]))
    trace = gate.execute(x, X)
    assert gate.infer(X) == X and trace.values["keep"].tolist() == [1, 0, 1]
    assert np.array_equal(trace.output[[0, 2]], x[[0, 2]]) and not trace.output[1].any()
    assert gate.describe() == "keeps 2 of 3 frames"


@pytest.mark.parametrize(
    ("keep", "told"),
    [([1, 0], "keep of shape (2,), accepted: (3,)"), ([1, 2, 0], "keep beyond 0..1")],
)
def test_what_does_not_fit_is_told(keep: list[int], told: str):
    with pytest.raises(UserError) as refused:
        Static(np.array(keep)).infer(X)
    assert str(refused.value) == f"static: {told}"
