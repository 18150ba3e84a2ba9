"""The gate against scalar loops, with every rounding, both operands and either side of each saturation."""

from dataclasses import replace

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.razor import OCCUPANCY_BITS, RULES, Razor, exp_table, sigmoid_table
from razorsnn.ops.words import Words
from tests.nets import random_razor
from tests.ops.slow import slow_razor

X = Tensor(5, 3, 2, 3, Format(False, 4, 1))


def drawn(seed: int, x: Tensor = X) -> tuple[Razor, np.ndarray]:
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 16, x.shape) * (rng.random(x.shape) < rng.choice([0.1, 0.5, 1.0]))
    return random_razor(rng, x, int(rng.integers(1, 9))), frames


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("operand", ["raw", "refined"])
@pytest.mark.parametrize("rule", RULES)
def test_gates_equal_the_scalar_loop(seed: int, operand: str, rule: str):
    gate, x = drawn(seed)
    gate = replace(
        gate, operand=operand, rule=rule, threshold=gate.threshold % 257 if rule == "relative" else gate.threshold
    )
    trace = gate.execute(x, X)
    expected = slow_razor(x.reshape(5, -1).tolist(), gate, X.format.frac)
    assert trace.output.reshape(5, -1).tolist() == expected.pop("output")
    for name, value in expected.items():
        found = trace.values[name]
        assert found.reshape(len(value), -1).squeeze().tolist() == np.array(value).squeeze().tolist(), name


def test_a_score_at_the_threshold_is_kept():
    gate, x = drawn(2)
    gate = replace(gate, rule="absolute")
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


FILL = 3
"""Cycles between two frames of which the first is cut short: a row's address, the memory, a register behind it."""
STAGES = 14
"""Of a word: its sums 4, product 2, cast 2, sigmoid 2, mask, score, comparison, decision."""


def played(filled: np.ndarray, over: np.ndarray, slots: int, start: int, early: bool) -> list[int]:
    """The cycle of each frame's decision, clocked one by one; filled, over [T, words].

    A row of words that are not empty is worked on word by word, `slots` cycles each, an empty one for a cycle. What
    leaves the last of them is seen STAGES cycles later. A frame that is cut short is left a cycle after that for the
    next one, whose first row is there FILL cycles later.
    """
    frames, rows = len(filled), -(-filled.shape[1] // OCCUPANCY_BITS)

    def row_words(at: int) -> list[int]:
        return [int(word) for word in np.flatnonzero(filled[frame]) if word // OCCUPANCY_BITS == at]

    frame, row, slot, cycle, reading, left = 0, 0, 0, start, 0, -1
    words, decided = row_words(0), list[int]()
    pipeline: list[tuple[int, int | None, bool] | None] = [None] * STAGES
    while True:
        token, done = None, False
        if frame < frames and not reading:
            slot += 1
            done = not words or (slot == slots and len(words) == 1)
            if slot == slots or not words:
                last = row == rows - 1 and len(words) < 2
                token = (frame, words[0] if words else None, last) if words or last else None
                words, slot = words[1:], 0
        was, seen, pipeline = len(decided), pipeline[-1], [token, *pipeline[:-1]]
        reached = seen is not None and seen[1] is not None and over[seen[0], seen[1]] and early
        if seen and seen[0] == len(decided) and (seen[2] or reached):
            decided.append(cycle)
            if len(decided) == frames:
                return decided
        jumps, left = frame == left and not (done and row == rows - 1), len(decided) - 1 if len(decided) > was else -1
        if early and jumps:
            frame, row, slot, reading = frame + 1, 0, 0, FILL
            words = row_words(0) if frame < frames else []
        elif reading:
            reading -= 1
        elif done:
            frame, row = (frame, row + 1) if row + 1 < rows else (frame + 1, 0)
            words = row_words(row) if frame < frames else []
        cycle += 1


@pytest.mark.parametrize("operand", ["raw", "refined"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("words", [1, 2, 5, 16, 17, 50])
def test_keep_bits_are_known_when_a_clocked_model_says(words: int, rule: str, operand: str):
    rng = np.random.default_rng(words)
    tensor = Tensor(5, 1, 1, words, X.format)
    for _ in range(40):
        count = int(rng.integers(1, 6))
        x = rng.integers(1, 16, tensor.shape) * (rng.random(tensor.shape) < rng.choice([0, 0.1, 0.6, 1], (5, 1, 1, 1)))
        mask = rng.integers(0, 400, tensor.shape[1:])
        threshold = int(rng.choice([0, 1, 200, 2000, 9000][: 3 if rule == "relative" else 5]))
        one = replace(random_razor(rng, tensor, count), operand=operand, rule=rule, threshold=threshold)
        slots = max(3, count) if operand == "refined" else count
        early = operand == "raw" and rule == "absolute"
        over = (mask * x).reshape(5, words) >= threshold
        decided = played(x.reshape(5, words) > 0, over, slots, 10, early)
        # Relative: a cycle for the largest of a word of one, then the limit's product.
        wanted = [at + 2 for at in decided] if rule == "absolute" else [decided[-1] + 1 + 4 + t for t in range(5)]
        assert one.known(x, mask, Words(1)).tolist() == wanted


def test_a_relative_threshold_keeps_the_best_and_prunes_an_empty_window():
    gate, x = drawn(5)
    whole = replace(gate, rule="relative", threshold=256)
    score = whole.execute(x, X).values["score"]
    assert whole.execute(x, X).values["keep"].tolist() == (score == score.max()).astype(int).tolist()
    assert not whole.execute(np.zeros_like(x), X).values["keep"].any()
    assert replace(whole, threshold=0).execute(np.zeros_like(x), X).values["keep"].all()


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
        ({"rule": "absolute", "threshold": -1}, "threshold -1, accepted: 0..2147483647"),
        ({"rule": "relative", "threshold": 257}, "threshold 257, accepted: 0..256"),
        ({"rule": "best"}, "rule 'best', accepted: absolute, relative"),
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
