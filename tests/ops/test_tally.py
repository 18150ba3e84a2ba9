"""The tally gate: frames that hold enough pass."""

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.tally import MEASURES, Tally

X = Tensor(4, 2, 2, 3, Format(False, 4, 1))
FRAMES = np.zeros(X.shape, dtype=np.int64)
FRAMES[0, 0, 0, 0] = 9
FRAMES[1] = 2  # twelve positions
FRAMES[2, 1] = 3


@pytest.mark.parametrize(
    ("measure", "threshold", "score", "keep"),
    [
        ("peak", 3, [9, 2, 3, 0], [1, 0, 1, 0]),
        ("events", 18, [9, 24, 18, 0], [0, 1, 1, 0]),
        ("events", 0, [9, 24, 18, 0], [1, 1, 1, 1]),
    ],
)
def test_frames_that_reach_the_threshold_pass(measure: str, threshold: int, score: list[int], keep: list[int]) -> None:
    trace = Tally(measure, threshold).execute(FRAMES, X)
    assert Tally(measure, threshold).infer(X) == X
    assert trace.values["score"].tolist() == score and trace.values["keep"].tolist() == keep
    for frame, kept in enumerate(keep):
        assert np.array_equal(trace.output[frame], FRAMES[frame] * kept)


def test_it_says_what_it_keeps() -> None:
    assert Tally("peak", 3).describe() == "keeps frames whose largest activation >= 3"
    assert Tally("events", 18).describe() == "keeps frames whose sum of activations >= 18"


WIDE = Tensor(1, 4096, 2048, 2, Format(False, 8, 0))


@pytest.mark.parametrize(
    ("gate", "x", "told"),
    [
        (Tally("mean", 1), X, f"measure 'mean', accepted: {', '.join(MEASURES)}"),
        (Tally("peak", -1), X, "threshold -1, accepted: 0..2147483647"),
        (Tally("peak", 1 << 31), X, "threshold 2147483648, accepted: 0..2147483647"),
        (Tally("peak", 1), Tensor(1, 1, 1, 1, Format(True, 4, 1)), "input format s4.1, accepted: unsigned"),
        (Tally("events", 1), WIDE, "frames whose sum may be 4278190080, accepted: up to 2147483647"),
    ],
)
def test_what_does_not_fit_is_told(gate: Tally, x: Tensor, told: str) -> None:
    with pytest.raises(UserError) as refused:
        gate.infer(x)
    assert str(refused.value) == f"tally: {told}"
