"""Neurons against scalar loops; the proven range of membranes holds against an adversary, and is reached."""

from itertools import product

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ops.neuron import MODES, RESETS, Neuron
from tests.ops.slow import slow_neuron, slow_reset

OUT = Format(False, 4, 2)
GOOD = Neuron("liaf", "zero", 77, 10, OUT)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("alpha_q", [0, 1, 77, 255])
@pytest.mark.parametrize("v_th", [1, 30, 1000])
@pytest.mark.parametrize(("z_frac", "ties"), [(2, "up"), (3, "up"), (6, "up"), (2, "even"), (3, "even"), (6, "even")])
def test_neurons_equal_the_scalar_loop(mode: str, reset: str, alpha_q: int, v_th: int, z_frac: int, ties: str):
    z = np.random.default_rng(v_th + z_frac).integers(-300, 400, size=(9, 24))
    neuron = Neuron(mode, reset, alpha_q, v_th, OUT, ties)
    u = neuron.membranes(z)
    expected = [slow_neuron(row.tolist(), mode, reset, alpha_q, v_th, z_frac - 2, 15, ties) for row in z.T]
    assert u.T.tolist() == [us for us, _ in expected]
    assert neuron.output(u, z_frac).T.tolist() == [ys for _, ys in expected]


def test_exactly_the_threshold_spikes():
    u = np.array([9, 10, 11])
    assert Neuron("lif", "zero", 77, 10, OUT).output(u, 2).tolist() == [0, 1, 1]
    assert [Neuron("lif", reset, 77, 10, OUT).reset_value(u).tolist() for reset in RESETS] == [
        [9, 0, 0],
        [9, 10, 10],
        [9, 0, 1],
    ]


def test_saturations_are_those_outputs_that_lose():
    u = np.array([-70, 61, 62, 63, 64, 900])  # at frac 4, so (u + 2) >> 2, 15 at most
    assert GOOD.saturations(u, 4) == 4
    assert Neuron("lif", "zero", 77, 10, OUT).saturations(u, 4) == 0


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("v_th", [1, 2, 5, 13])
def test_reset_range_is_exact_or_wider(reset: str, v_th: int):
    neuron = Neuron("liaf", reset, 77, v_th, OUT)
    for low, high in product(range(-6, 1), range(21)):
        after = [slow_reset(u, reset, v_th) for u in range(low, high + 1)]
        found_low, found_high = neuron.reset_range(low, high)
        assert found_low <= min(after) and max(after) == found_high


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("alpha_q", [0, 77, 255])
@pytest.mark.parametrize(("low", "high", "v_th"), [(-5, 9, 4), (-1, 30, 29), (0, 12, 100), (-20, 3, 2), (4, 9, 6)])
def test_no_input_leaves_the_proven_range(reset: str, alpha_q: int, low: int, high: int, v_th: int):
    """Every reachable state of four frames, all inputs of the range tried in each; 0 is a part sum of any of them."""
    neuron = Neuron("liaf", reset, alpha_q, v_th, OUT)
    proven = neuron.membrane_range(np.array([low]), np.array([high]), 4)
    states, seen = {0}, {0}
    for _ in range(4):
        u = {h + z for h in states for z in range(min(low, 0), max(high, 0) + 1)}
        seen |= u
        states = {alpha_q * slow_reset(value, reset, v_th) // 256 for value in u}
    assert (min(seen), max(seen)) == proven


def test_membranes_without_leak_hold_one_frame():
    assert Neuron("liaf", "zero", 0, 7, OUT).membrane_range(np.array([-9, -3]), np.array([4, 20]), 50) == (-9, 20)


def test_the_range_grows_with_the_frames_until_it_settles():
    neuron = Neuron("liaf", "zero", 128, 1000, OUT)
    ranges = [neuron.membrane_range(np.array([-16]), np.array([16]), frames)[1] for frames in (1, 2, 3, 50)]
    assert ranges == [16, 24, 28, 31]
    assert neuron.membrane_range(np.array([-16]), np.array([16]), 50)[0] == -32


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"mode": "relu"}, "mode 'relu', accepted: liaf, lif"),
        ({"reset": "none"}, "reset 'none', accepted: zero, threshold, subtract"),
        ({"alpha_q": 256}, "alpha_q 256, accepted: 0..255"),
        ({"alpha_q": -1}, "alpha_q -1, accepted: 0..255"),
        ({"v_th": 0}, "v_th 0, accepted: 1 or more"),
        ({"out": Format(True, 4, 2)}, "output format s4.2, accepted: u1..u8"),
        ({"out": Format(False, 9, 2)}, "output format u9.2, accepted: u1..u8"),
        ({"out": Format(False, 4, 7)}, "output frac 7, accepted: -25..6"),
        ({"out": Format(False, 4, -26)}, "output frac -26, accepted: -25..6"),
    ],
)
def test_a_neuron_out_of_range_is_told(changed: dict[str, object], told: str):
    with pytest.raises(UserError, match=r"^neuron ") as refused:
        Neuron(**({"mode": "liaf", "reset": "zero", "alpha_q": 77, "v_th": 10, "out": OUT} | changed)).check(6)
    assert told in str(refused.value)
    GOOD.check(6)
