"""The gate against scalar loops, with every rounding, both operands and either side of each saturation."""

from dataclasses import replace

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.razor import FIXED_CYCLES, SOFTMAX_CYCLES, Razor, exp_table, sigmoid_table
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


def played(over: np.ndarray, filled: np.ndarray, refined: bool) -> int:
    """Cycles of the scores, clocked one by one: over [T, words]; what is read is seen three cycles later.

    A frame that was cut short tells where in a frame the next ones start.
    """
    frames = len(over)
    words = [over.shape[1] if some else 1 for some in filled]
    frame, word, decided, cycles, start = 0, 0, 0, 0, 0
    stages: list[tuple[int, int] | None] = [None] * 3
    while True:
        seen = stages[2]
        issued = (frame, word) if frame < frames else None
        stages = [issued, *stages[:2]]
        if issued:
            frame, word = (frame, word + 1) if word + 1 < words[frame] else (frame + 1, 0)
        cycles += 1
        if seen is None or seen[0] < decided:
            continue
        jump = (
            over[seen[0], (seen[1] + start) % over.shape[1]]
            and not refined
            and seen[0] == (issued[0] if issued else frames - 1)
        )
        if jump:
            frame, word, stages, start = seen[0] + 1, 0, [None] * 3, (seen[1] + start) % over.shape[1]
        if jump or seen[1] == words[seen[0]] - 1:
            decided += 1
        if decided == frames:
            return cycles


@pytest.mark.parametrize("operand", ["raw", "refined"])
@pytest.mark.parametrize("words", [1, 2, 3, 4, 5, 9, 30])
def test_score_cycles_equal_a_clocked_model(words: int, operand: str):
    rng = np.random.default_rng(words)
    tensor = Tensor(5, 1, 1, words, X.format)
    gate = random_razor(rng, tensor, 2)
    for _ in range(40):
        x = rng.integers(1, 16, tensor.shape) * (rng.random(tensor.shape) < rng.choice([0, 0.1, 0.6, 1], (5, 1, 1, 1)))
        mask = rng.integers(0, 400, tensor.shape[1:])
        one = replace(gate, operand=operand, threshold=int(rng.choice([0, 1, 2000, 9000])))
        over = (mask * x).reshape(5, words) >= one.threshold
        found = one.cycles(x, mask, 1)
        assert found.scores == played(over, x.any(axis=(1, 2, 3)), operand == "refined")
        assert (found.masks, found.weighting) == (2 * words, 2 * SOFTMAX_CYCLES + FIXED_CYCLES)
        assert found.total == found.scores + found.masks + found.weighting


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
