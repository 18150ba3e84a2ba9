"""Convolution against scalar loops: its numbers, what its events reach, and what its cycles are made of."""

from itertools import product

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ir import Tensor
from razorsnn.ops.conv import Conv
from razorsnn.ops.neuron import RESETS, Neuron
from razorsnn.ops.timeline import DRAIN_CYCLES, LAST_CYCLES, LAYER_CYCLES, pass_starts
from razorsnn.ops.words import TAPS, Words
from tests.ops.slow import slow_conv, slow_neuron, slow_reset

X_FORMAT = Format(False, 4, 1)
W_FORMAT = Format(True, 4, 3)


def make_conv(rng: np.random.Generator, kernel: int, of: int, **changed: object) -> Conv:
    outputs = int(rng.integers(1, 6))
    fields: dict[str, object] = {
        "weights": rng.integers(-8, 8, size=(outputs, 2, kernel, kernel)),
        "weight_format": W_FORMAT,
        "bias": rng.integers(-30, 31, size=outputs),
        "neuron": Neuron("liaf", str(rng.choice(RESETS)), 77, int(rng.integers(1, 200)), Format(False, 4, 0)),
        "readout": None,
        "pool": of,
    }
    return Conv(**(fields | changed))


def make_x(rng: np.random.Generator, height: int, width: int, channels: int = 2) -> tuple[np.ndarray, Tensor]:
    x = rng.integers(0, 16, size=(3, channels, height, width)) * (rng.random((3, channels, height, width)) < 0.6)
    return x, Tensor(3, channels, height, width, X_FORMAT)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("pool", [1, 2, 4])
@pytest.mark.parametrize("size", [(4, 4), (5, 7), (9, 6), (4, 11)])
@pytest.mark.parametrize("readout", [None, "liaf"])
def test_convolution_equals_the_scalar_loop(kernel: int, pool: int, size: tuple[int, int], readout: str | None):
    rng = np.random.default_rng([kernel, pool, *size])
    op = make_conv(rng, kernel, pool, readout=readout)
    x, tensor = make_x(rng, *size)
    trace, n = op.execute(x, tensor), op.neuron
    z = np.array(slow_conv(x.tolist(), op.weights.tolist(), op.bias.tolist(), pool))
    assert trace.values["z"].tolist() == z.tolist()
    assert op.infer(tensor).shape == z.shape
    shift = 1 + 3 + 2 * (pool.bit_length() - 1)
    score = np.zeros(z.shape[1], dtype=np.int64)
    for o, i, j in product(*map(range, z.shape[1:])):
        us, ys = slow_neuron(z[:, o, i, j].tolist(), n.mode, n.reset, n.alpha_q, n.v_th, shift, 15, n.ties)
        assert trace.values["u"][:, o, i, j].tolist() == us
        assert readout or trace.output[:, o, i, j].tolist() == ys
        score[o] += sum(max(u, 0) for u in us)
    assert not readout or trace.output.tolist() == score.tolist()


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("pool", [1, 2])
@pytest.mark.parametrize("reset", RESETS)
def test_no_input_leaves_the_proven_range(kernel: int, pool: int, reset: str):
    """Per output: the inputs that raise, or lower, its sum most; then greedily, so that the reset never costs."""
    rng = np.random.default_rng([kernel, pool, len(reset)])
    for _ in range(20):
        neuron = Neuron("liaf", reset, int(rng.choice([77, 255])), int(rng.integers(1, 3000)), Format(False, 4, 0))
        op = make_conv(rng, kernel, pool, neuron=neuron)
        tensor = Tensor(6, 2, 6, 6, X_FORMAT)
        low, high = op.membrane_range(tensor)
        for o in range(len(op.weights)):
            lowest, highest = greedy(op, o, pool, neuron)
            assert low <= lowest and highest <= high


def greedy(op: Conv, o: int, pool: int, neuron: Neuron) -> tuple[int, int]:
    """Extremes of u over six frames of one inner neuron, each frame full of the best values, or just below v_th."""
    weights = op.weights[o].ravel().tolist()
    top = sum(max(w, 0) for w in weights) * 15 * pool * pool
    bottom = sum(min(w, 0) for w in weights) * 15 * pool * pool
    bias = int(op.bias[o]) * pool * pool
    lowest, highest = 0, 0
    for targets in product((bottom, top, None), repeat=4):
        h = 0
        for target in targets:
            z = bias + target if target is not None else min(max(neuron.v_th - 1 - h, bias + bottom), bias + top)
            lowest, highest = min(lowest, h + z), max(highest, h + z)
            h = neuron.alpha_q * slow_reset(h + z, neuron.reset, neuron.v_th) // 256
    return lowest, highest


def test_the_range_is_reached_where_nothing_resets():
    weights = np.array([[[[3]], [[-5]]]])
    neuron = Neuron("liaf", "zero", 0, 10_000, Format(False, 4, 0))
    op = Conv(weights, W_FORMAT, np.array([2]), neuron, None, 2)
    tensor = Tensor(1, 2, 2, 2, X_FORMAT)
    full = np.zeros((2, 1, 2, 2, 2), dtype=np.int64)
    full[0, :, 0], full[1, :, 1] = 15, 15
    high, low = (int(op.execute(x, tensor).values["u"][0, 0, 0, 0]) for x in full)
    assert (low, high) == (4 * (2 - 75), 4 * (2 + 45))
    assert op.membrane_range(tensor) == (low, high)


def test_score_bits_hold_the_highest_and_lowest_score():
    neuron = Neuron("liaf", "zero", 0, 10_000, Format(False, 4, 0))
    op = Conv(np.array([[[[7]]]]), W_FORMAT, np.array([0]), neuron, "liaf", 1)
    tensor = Tensor(5, 1, 1, 1, X_FORMAT)
    score = int(op.execute(np.full((5, 1, 1, 1), 15), tensor).output[0])
    assert score == 525 and op.score_bits(tensor) == 1 + score.bit_length()


def test_outputs_reached_equals_counting():
    rng = np.random.default_rng(5)
    for kernel, pool, height, width in product((1, 3), (1, 2, 4), (4, 5, 7), (4, 6, 9)):
        op = make_conv(rng, kernel, pool)
        geometry = op.geometry(Tensor(1, 2, height, width, X_FORMAT))
        found = geometry.steps(height, width)
        rows, columns, reach = height // pool * pool, width // pool * pool, kernel // 2
        for y, x in product(range(height), range(width)):
            near = [
                (r, s) for r, s in product(range(rows), range(columns)) if abs(r - y) <= reach and abs(s - x) <= reach
            ]
            reached = {(r // pool, s // pool) for r, s in near} if op.folded else near
            assert found[y, x] == len(reached)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("pool", [1, 2, 4, 8])
def test_a_pool_is_folded_where_multiplies_fall_by_more_than_weights_rise(kernel: int, pool: int):
    op = make_conv(np.random.default_rng(kernel), kernel, pool)
    tensor = Tensor(1, 2, 24, 24, X_FORMAT)
    sizes = {True: kernel + pool - 1, False: kernel}
    reached = {True: ((kernel + pool - 1) / pool) ** 2, False: kernel**2}
    assert op.folded == (reached[True] * sizes[True] ** 2 < reached[False] * sizes[False] ** 2)
    assert op.folded == ((kernel, pool) == (3, 2))
    weights = {"apart": sizes[False] ** 2, "folded": sizes[True] ** 2}
    multiplies = {"apart": reached[False], "folded": reached[True]}
    assert op.ways() == {"folded": op.folded, "multiplies": multiplies, "weights": weights}
    assert op.weight_rows(Words(2)).shape == (2, sizes[op.folded], sizes[op.folded], len(op.weights))
    inner = op.geometry(tensor).steps(24, 24)[8:16, 8:16]
    assert inner.mean() == reached[op.folded]


def test_a_folded_kernel_fits_its_width():
    for value in (W_FORMAT.low, W_FORMAT.high):
        op = make_conv(np.random.default_rng(1), 3, 2, weights=np.full((1, 2, 3, 3), value), bias=np.zeros(1, np.int64))
        assert op.stored_weight_bits == W_FORMAT.width + 2
        assert abs(op.weight_rows(Words(2))).max() == 4 * abs(value)


def test_cycles_of_a_window():
    rng = np.random.default_rng(6)
    op = make_conv(rng, 3, 2, weights=rng.integers(-8, 8, size=(5, 2, 3, 3)), bias=np.zeros(5, np.int64))
    x, tensor = make_x(rng, 5, 6)
    keep = np.array([True, False, True])
    found = op.cycles(x, keep, tensor, Words(4, lanes_in=2), Words(4))
    pooled_rows, pooled_columns = (
        [{i // 2 for i in (r - 1, r, r + 1) if 0 <= i < of} for r in range(n)] for n, of in ((5, 4), (6, 6))
    )
    per_place = [2 * len(r) * len(c) for r in pooled_rows for c in pooled_columns]
    counts = [np.count_nonzero(frame.reshape(2, -1), axis=0) for frame in x]
    assert found.events == counts[0].sum() + counts[2].sum()
    assert found.multiplies == sum(int(c @ per_place) for c in (counts[0], counts[2]))
    words = 2 * 3 * 2
    assert found.neuron == 4 * words and found.gate == 0
    turns = LAYER_CYCLES + LAST_CYCLES + 2 * DRAIN_CYCLES
    assert found.control == turns
    cost = np.maximum(Words(4, lanes_in=2).pack(np.broadcast_to(np.reshape(per_place, (5, 6)), (1, 2, 5, 6)))[0], 1)
    filled = Words(4, lanes_in=2).pack(x) != 0
    starts = pass_starts(filled, cost, keep.tolist(), words, [0, 0, 0])
    assert found.total == starts[-1] + words + LAST_CYCLES + LAYER_CYCLES
    assert found.idle == found.total - found.multiplies - found.neuron - found.control >= 0
    late = op.cycles(x, keep, tensor, Words(4, lanes_in=2), Words(4), np.array([0, 900, 0]))
    assert late.total == found.total + late.gate and late.gate > 0 and late.idle == found.idle


@pytest.mark.parametrize("taps", TAPS[1:])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("pool", [1, 2])
def test_steps_are_blocks_of_a_tile(taps: int, kernel: int, pool: int):
    """Blocks begin n apart from the first output that the kernel reaches on a map without borders."""
    op, n = make_conv(np.random.default_rng(taps), kernel, pool), {4: 2, 9: 3}[taps]
    step = pool if op.folded else 1
    for height, width in ((4, 4), (5, 7), (8, 6)):
        geometry = op.geometry(Tensor(1, 2, height, width, X_FORMAT))
        reach, used = kernel // 2, [size // pool * pool for size in (height, width)]
        found = geometry.steps(height, width, n)
        for y, x in product(range(height), range(width)):
            blocks = 1
            for at, size in zip((y, x), used, strict=True):
                near = [o // step for o in range(at - reach, at + reach + 1)]
                reached = {o - near[0] for o in near if 0 <= o < size // step}
                blocks *= len({place // n for place in reached})
            assert found[y, x] == blocks


def test_taps_are_further_lanes_where_that_takes_no_more_cycles():
    rng = np.random.default_rng(3)

    def deep(kernel: int, pool: int, outputs: int, size: int, taps: int) -> bool:
        weights = rng.integers(-8, 8, size=(outputs, 2, kernel, kernel))
        op = make_conv(rng, kernel, pool, weights=weights, bias=np.zeros(outputs, np.int64))
        return op.deep(Tensor(1, 2, size, size, X_FORMAT), 4, taps)

    assert not deep(3, 2, 4, 8, 1) and not deep(1, 1, 4, 8, 1)  # one tap is no choice
    assert deep(1, 1, 16, 8, 4) and deep(3, 1, 4, 1, 4) and deep(3, 4, 4, 8, 4)  # one output, one place, a pool apart
    assert not deep(1, 1, 4, 8, 4)  # an event takes one cycle either way, a pass a quarter
    assert not deep(3, 2, 4, 8, 4) and not deep(3, 1, 4, 8, 9)
    assert not deep(3, 1, 4, 8, 4) and deep(3, 1, 16, 8, 4)  # 4 blocks of 1 word against 9 outputs; against 9 of 4


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"weights": np.zeros((2, 3, 3, 3), np.int64)}, "weights of shape (2, 3, 3, 3) on 2 channels"),
        ({"weights": np.zeros((2, 2, 3), np.int64)}, "weights of shape (2, 2, 3)"),
        ({"weights": np.zeros((2, 2, 5, 5), np.int64)}, "k 1 or 3"),
        ({"weights": np.full((2, 2, 3, 3), 8)}, "weights beyond s4.3, accepted: -8..7"),
        ({"bias": np.zeros(9, np.int64)}, "bias of shape (9,)"),
        ({"pool": 3}, "pool 3, accepted: 1, 2, 4, 8"),
        ({"pool": 8}, "pool 8 on 5x6 leaves nothing"),
        ({"readout": "max"}, "readout 'max', accepted: liaf, sum"),
        ({"readout": "sum"}, "alpha_q must be 0"),
    ],
)
def test_what_does_not_fit_is_told(changed: dict[str, object], told: str):
    op = make_conv(np.random.default_rng(1), 3, 2, **changed)
    with pytest.raises(UserError, match=r"^conv: ") as refused:
        op.infer(Tensor(3, 2, 5, 6, X_FORMAT))
    assert told in str(refused.value)


def test_signed_input_is_refused():
    with pytest.raises(UserError, match=r"input format s4\.1, accepted: unsigned"):
        make_conv(np.random.default_rng(1), 3, 2).infer(Tensor(3, 2, 5, 6, Format(True, 4, 1)))
