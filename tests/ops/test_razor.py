"""The gate against scalar loops, with every rounding, both operands and either side of each saturation."""

from dataclasses import replace

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.razor import Razor, exp_table, sigmoid_table
from tests.nets import random_razor
from tests.ops.slow import slow_razor

X = Tensor(5, 3, 2, 3, Format(False, 4, 1))


def drawn(seed: int, x: Tensor = X) -> tuple[Razor, np.ndarray]:
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 16, x.shape) * (rng.random(x.shape) < rng.choice([0.1, 0.5, 1.0]))
    return random_razor(rng, x, int(rng.integers(1, 9))), frames


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("operand", ["raw", "refined"])
def test_gates_equal_the_scalar_loop(seed: int, operand: str):
    gate, x = drawn(seed)
    gate = replace(gate, operand=operand)
    trace = gate.execute(x, X)
    expected = slow_razor(x.reshape(5, -1).tolist(), gate, X.format.frac)
    assert trace.output.reshape(5, -1).tolist() == expected.pop("output")
    for name, value in expected.items():
        found = trace.values[name]
        assert found.reshape(len(value), -1).squeeze().tolist() == np.array(value).squeeze().tolist(), name


def test_a_score_at_the_threshold_is_kept():
    gate, x = drawn(2)
    score = gate.execute(x, X).values["score"]
    at = replace(gate, threshold=int(score.max()))
    above = replace(gate, threshold=int(score.max()) + 1)
    assert at.execute(x, X).values["keep"].tolist() == (score == score.max()).astype(int).tolist()
    assert not above.execute(x, X).values["keep"].any()


@pytest.mark.parametrize("seed", range(20))
def test_sums_stay_in_their_width_and_reach_it(seed: int):
    gate, _ = drawn(seed)
    bits = gate.sums_bits(X)
    extremes = [np.where(gate.embeddings * sign > 0, 15, 0) for sign in (1, -1)]
    peaks = [(gate.embeddings * x).sum(axis=1) for x in extremes]
    low, high = int(peaks[1].min()), int(peaks[0].max())
    assert -(1 << bits - 1) <= low and high < 1 << bits - 1
    assert low < -(1 << bits - 2) or high >= 1 << bits - 2


def test_the_tables():
    assert (exp_table()[0], sigmoid_table()[0], sigmoid_table()[128], sigmoid_table()[255]) == (4095, 0, 128, 255)
    assert (np.diff(exp_table()) < 0).all() and (np.diff(sigmoid_table()) >= 0).all()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"embeddings": np.zeros((2, 4), np.int64)}, "embeddings of shape (2, 4), accepted: (2, 5)"),
        ({"embeddings": np.full((2, 5), 128)}, "embeddings beyond -128..127"),
        ({"offset": np.zeros(3, np.int64)}, "offset of shape (3,), accepted: (2,)"),
        ({"offset": np.full(2, 1 << 31)}, "offset beyond"),
        ({"exp": np.zeros(256, np.int64)}, "exp[0] must be positive"),
        ({"sigmoid": np.zeros(255, np.int64)}, "tables must have 256 entries"),
        ({"threshold": -1}, "threshold -1, accepted: 0..2**31-1"),
        ({"operand": "cooked"}, "operand 'cooked', accepted: raw, refined"),
        ({"refined": Format(True, 4, 1)}, "refined s4.1, accepted: u1..u8"),
        ({"embedding_format": Format(True, 8, -9)}, "mask_shift of -4, accepted: 0..31"),
    ],
)
def test_what_does_not_fit_is_told(changed: dict[str, object], told: str):
    gate = random_razor(np.random.default_rng(1), X, 2)
    with pytest.raises(UserError, match=r"^razor: ") as refused:
        replace(gate, **changed).infer(X)  # type: ignore[arg-type]
    assert told in str(refused.value)
