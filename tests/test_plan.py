"""Plans: addresses recomputed from the graph, memories, shape classes."""

import re
from dataclasses import replace
from itertools import product
from math import isqrt

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.layers import weight_count, weight_words
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.ops.conv import Conv
from razorsnn.ops.static import Static
from razorsnn.ops.synapse import Synapse
from razorsnn.plan import ASSUMED_ACTIVITY, HEADROOM, MORE, Plan, events_together, make_plan
from razorsnn.settings import SETTINGS, VARIES
from razorsnn.shape import EXACT, SIZES, Shape
from tests.nets import NetClass, dense_chain, random_graph

NETS = [
    NetClass(),
    NetClass(lanes=1, channels=3, classes=5),
    NetClass(lanes=8, embeddings=3),
    NetClass(gated=False),
    NetClass(razors=False),
    NetClass(lanes=2, taps=4),
    NetClass(lanes=1, taps=9, channels=3, classes=11),
]
PLANS = [make_plan(random_graph(net, seed), net.lanes, taps=net.taps) for net in NETS for seed in range(5)]
NAMES = [plan.graph.name + f" on {plan.shape.lanes} x {plan.shape.taps}" for plan in PLANS]


def stored(op: Synapse) -> np.ndarray:
    """The weights of one step from output to output: of a folded layer, what an impulse at each place gives."""
    if not (isinstance(op, Conv) and op.folded):
        return op.weights
    outputs, channels, kernel, _ = op.weights.shape
    size, pool = kernel + op.pool - 1, op.pool
    found = np.zeros((outputs, channels, size, size), dtype=np.int64)
    for c, a, b in product(range(channels), range(size), range(size)):
        impulse = np.zeros((1, channels, size + 2 * pool, size + 2 * pool), dtype=np.int64)
        impulse[0, c, pool + a - kernel // 2, pool + b - kernel // 2] = 1
        found[:, c, a, b] = op.sums(impulse)[0, :, 1, 1]
    return found


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_weight_addresses_point_at_the_weights(plan: Plan):
    """Every weight, read as the engine does: base + input * stride + block * groups + group, and its place there."""
    for layer, row in zip(plan.layers, plan.table, strict=True):
        weights = stored(layer.synapse)
        numbers = np.arange(1, weights[0].size + 1).reshape(1, *weights.shape[1:])
        places = np.argsort(layer.reads.pack(numbers).ravel())[-numbers.size :]
        taps, channels = plan.shape.taps, plan.shape.lanes * (plan.shape.taps if row["deep"] else 1)
        for index in np.ndindex(weights.shape):
            o, c, y, x = index
            count, (down, i), (across, j) = 1, (0, 0), (0, 0)
            if not row["dense"]:
                count, down, i = block_of(y, row, 1 if row["deep"] else isqrt(taps))
                _, across, j = block_of(x, row, 1 if row["deep"] else isqrt(taps))
            event = places[np.ravel_multi_index((c, y, x), weights.shape[1:])] if row["dense"] else c
            word = row["weight_base"] + event * row["row_stride"]
            word += (down * count + across) * row["groups_out"] + o // channels
            place = 0 if row["deep"] else i * isqrt(taps) + j
            assert plan.weights[word, place * plan.shape.lanes + o % channels] == weights[index]
    used = sum(np.count_nonzero(stored(layer.synapse)) for layer in plan.layers)
    assert np.count_nonzero(plan.weights) == used


def block_of(at: int, row: dict[str, int], n: int) -> tuple[int, int, int]:
    """Blocks along an axis of a kernel, and the one of weight `at` with its place there.

    A block's weights take one input to outputs beside each other, so they lie a step apart, the last one first.
    """
    step, firsts = 1 << row["step_log2"], []
    for phase in range(step):
        line = range(row["span"] - phase, -1, -step)
        firsts += [list(line)[start : start + n] for start in range(0, len(line), n)]
    firsts.sort()
    found = next(block for block in firsts if at in block)
    return len(firsts), firsts.index(found), found.index(at)


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_biases_and_gates_lie_where_the_table_says(plan: Plan):
    lanes, taps, count = plan.shape.lanes, plan.shape.taps, plan.shape.embeddings
    for layer, row in zip(plan.layers, plan.table, strict=True):
        banks = 1 if row["deep"] else taps
        for (o, bias), bank in product(enumerate(layer.synapse.bias.tolist()), range(banks)):
            group, lane = divmod(o, lanes * taps // banks)
            found = plan.bias[row["bias_base"] + group, bank * lanes + lane]
            assert found == bias * 4 ** (row["pool_log2"] + row["step_log2"])
        assert row["gated"] == int(layer.razor is not None)
        fixed = layer.gate.keep.tolist() if isinstance(layer.gate, Static) else [1] * plan.shape.frames
        assert row["fixed"] == int(isinstance(layer.gate, Static))
        assert plan.fixed_keep[layer.index].tolist() == fixed
        behind = [later for later in plan.table[layer.index + 1 : layer.index + 2] if later["gated"]]
        bases = (behind[0]["gate_base"], behind[0]["offset_base"]) if behind else (0, 0)
        assert (row["feeds"], row["feed_base"], row["feed_offset"]) == (len(behind), *bases)
        next_gate = plan.layers[layer.index + 1].tally if layer.index + 1 < len(plan.layers) else None
        peak, limit = (int(next_gate.measure == "peak"), next_gate.threshold) if next_gate else (0, 0)
        assert (row["tallied"], row["tally_peak"], row["tally_limit"]) == (int(layer.tally is not None), peak, limit)
        if layer.razor:
            for k, t in np.ndindex(count, plan.shape.frames):
                at = (row["gate_base"] + t) * count + k
                assert plan.embeddings[at] == layer.razor.embeddings[k, t]
                assert plan.affine[at] == layer.razor.affine[k, t]
            assert plan.offset[row["offset_base"] :][:count].tolist() == layer.razor.offset.tolist()


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_wide_weights_have_their_upper_bits_in_a_memory_of_their_own(plan: Plan):
    shape, found = plan.shape, {memory.name: memory.bits for memory in plan.memories()}
    whole, upper = plan.lower_weights.copy(), plan.upper_weights
    assert len(upper) == (shape.upper_depth if shape.upper_bits else 0)
    whole[: len(upper)] = (upper << shape.lower_bits) + whole[: len(upper)] % (1 << shape.lower_bits)
    assert np.array_equal(whole, plan.weights)
    half = 1 << (shape.lower_bits - 1)
    assert plan.lower_weights.min() >= -half and plan.lower_weights.max() < half
    words = [(layer.synapse.stored_weight_bits, len(weight_words(layer))) for layer in plan.layers]
    assert [count for _, count in words] == [weight_count(layer) for layer in plan.layers]
    depth, widest = sum(count for _, count in words), max(bits for bits, _ in words)
    bits = [
        depth * lower + (widest - lower) * sum(count for wide, count in words if wide > lower) for lower, _ in words
    ]
    assert found["weights"] + found.get("upper weights", 0) == shape.slots * min(bits)


def test_a_net_of_narrow_weights_fits_a_class_of_wide_ones():
    """What lies where the class has upper bits has them: those of the sign."""
    nets = [plan for plan in (make_plan(random_graph(NetClass(), seed), 4) for seed in range(60))]
    wide = next(plan for plan in nets if plan.shape.upper_depth > 9)
    narrow = next(plan for plan in nets if not plan.shape.upper_bits and plan.shape.lower_bits <= wide.shape.lower_bits)
    plan = make_plan(narrow.graph, 4, wide.shape.covering(narrow.shape))
    assert plan.shape.upper_bits and np.array_equal(plan.weights, narrow.weights)
    assert np.array_equal(plan.upper_weights, plan.weights[: plan.shape.upper_depth] >> plan.shape.lower_bits)


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_the_memories_hold_the_contents(plan: Plan):
    found = {memory.name: memory for memory in plan.memories()}
    assert (found["weights"].depth, found["bias"].depth) == (len(plan.weights), len(plan.bias))
    assert found["layer table"].depth == len(plan.table)
    assert found["layer table"].width == sum(width for _, width, _ in LAYER_FIELDS)
    read = {row["gated"] * (index % 2 + 1) for index, row in enumerate(plan.table)}
    assert ("odd sums" in found, "even sums" in found) == (1 in read, 2 in read)
    assert ("keep bits" in found) == bool(plan.shape.statics)
    if plan.shape.razors:
        count = plan.shape.embeddings
        assert (found["coefficients"].depth, found["offsets"].depth) == (len(plan.embeddings) / count, len(plan.offset))
        frames = [row["words_in"] for row in plan.table if row["gated"]]
        banks = [found[name] for name in ("even sums", "odd sums") if name in found]
        assert max(bank.depth for bank in banks) == max(frames)
        assert {bank.width for bank in banks} == {count * plan.shape.slots * plan.shape.sums_bits}
        assert found["occupancy"].depth == 2 * plan.shape.frames * -(-max(frames) // 16)
        assert ("frame scores" in found) == any(row["relative"] for row in plan.table)
    assert found["membranes"].depth == max(row["words_out"] for row in plan.table)
    assert all(memory.bits == memory.depth * memory.width > 0 for memory in found.values())
    low, high = -(1 << plan.shape.membrane_bits - 1), 1 << plan.shape.membrane_bits - 1
    assert low <= plan.bias.min() and plan.bias.max() < high


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_stores_hold_every_layer_that_writes_them(plan: Plan):
    for index, row in enumerate(plan.table[:-1]):
        depth = plan.shape.store_depth_odd if index % 2 else plan.shape.store_depth_even
        assert plan.shape.frames * row["words_out"] <= depth


def test_the_covering_shape_serves_both():
    a, b = (make_plan(random_graph(NETS[0], seed), 4) for seed in (0, 1))
    shape = a.shape.covering(b.shape)
    assert shape == b.shape.covering(a.shape) == shape.covering(a.shape)
    for name in SIZES:
        both = getattr(a.shape, name), getattr(b.shape, name)
        wanted = max(both) if name not in SETTINGS or len(set(both)) == 1 else VARIES
        assert getattr(shape, name) == wanted, name
    for plan in (a, b):
        assert make_plan(plan.graph, 4, shape).shape == shape


@pytest.mark.parametrize("name", EXACT)
def test_what_must_be_equal_is_named(name: str):
    shape = PLANS[0].shape
    other = replace(shape, **{name: getattr(shape, name) + 1})
    with pytest.raises(UserError, match=rf"shape class: {name} differs \(\d+ and \d+\) and must be equal"):
        shape.covering(other)


@pytest.mark.parametrize("name", sorted({*SIZES} - {*EXACT, *SETTINGS}))
def test_a_shape_class_that_is_too_small_names_what(name: str):
    plan = PLANS[0]
    value = getattr(plan.shape, name)
    small: Shape = replace(plan.shape, **{name: value - 1})
    told = f"does not fit the shape class: {name} {value} > {value - 1}{MORE if name in HEADROOM else ''}"
    with pytest.raises(UserError, match=f"{re.escape(told)}$"):
        make_plan(plan.graph, plan.shape.lanes, small)


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_a_setting_is_what_all_layers_have_that_use_it(plan: Plan):
    """A sum has no leak, and without a leak no reset counts; a readout has no output, and a spike no cast."""
    rows = [(row, row["signed_sum"] == 0, row["last"] == 0) for row in plan.table]
    found = {
        "alpha": {row["alpha"] for row, leaks, _ in rows if leaks},
        "reset": {row["reset"] for row, leaks, _ in rows if leaks and row["alpha"]},
        "spike": {row["spike"] for row, _, puts in rows if puts},
        "ties_even": {row["ties_even"] for row, _, puts in rows if puts and not row["spike"]},
        "out_max": {row["out_max"] for row, _, puts in rows if puts and not row["spike"]},
    }
    assert {*found} == {*SETTINGS}
    for name, values in found.items():
        wanted = values.pop() if len(values) == 1 else VARIES if values else 0
        assert getattr(plan.shape, name) == wanted, name
    free = plan.shape.varied()
    assert [getattr(free, name) for name in SETTINGS] == [VARIES] * len(SETTINGS)
    assert make_plan(plan.graph, plan.shape.lanes, free).table == plan.table


def test_multipliers_of_the_engine_follow_the_leak():
    """Events and leak share them; a leak of all layers needs none, and then spikes neither."""
    free = dense_chain([3, 2], v_th=(1 << 20) - 1)
    for shape, each in (
        (make_plan(free, 2).shape.varied(), 2),
        (replace(make_plan(dense_chain([3, 2]), 2).shape, alpha=VARIES, membrane_bits=18), 1),
        (make_plan(free, 2).shape, 1),
        (replace(make_plan(free, 2).shape, input_bits=1, activation_bits=1), 0),
    ):
        plan = replace(make_plan(free, 2), shape=shape)
        assert plan.multipliers()["engine"] == each * shape.slots


@pytest.mark.parametrize("taps", [0, 2, 3, 16, -1])
def test_taps_are_a_tile(taps: int):
    with pytest.raises(UserError, match=rf"^taps {taps}, accepted: 1, 4, 9$"):
        make_plan(PLANS[0].graph, 4, taps=taps)


@pytest.mark.parametrize("inputs", [0, 3, 8, -1])
def test_inputs_are_as_many_as_ports_of_copies(inputs: int):
    with pytest.raises(UserError, match=rf"^inputs {inputs}, accepted: 1, 2, 4$"):
        make_plan(PLANS[0].graph, 4, inputs=inputs)


def test_a_plan_in_a_shape_class_has_its_taps_and_inputs():
    plan = next(plan for plan in PLANS if plan.shape.taps == 4)
    assert make_plan(plan.graph, plan.shape.lanes, plan.shape).table == plan.table
    two = make_plan(plan.graph, plan.shape.lanes, taps=4, inputs=2)
    assert make_plan(plan.graph, plan.shape.lanes, two.shape).layers[0].inputs == 2
    with pytest.raises(UserError, match="inputs differs"):
        two.shape.covering(plan.shape)


def test_events_together_are_expected_as_often_as_they_are_drawn():
    rng = np.random.default_rng(1)
    for inputs in (1, 2, 4):
        expected = events_together(40, inputs)
        for channels in (1, 7, 40):
            drawn = -(-rng.binomial(channels, ASSUMED_ACTIVITY, 200_000) // inputs)
            assert abs(drawn.mean() - expected[channels]) < 0.02
    assert np.allclose(events_together(9, 1), ASSUMED_ACTIVITY * np.arange(10))


def test_inputs_cost_multipliers_and_every_other_one_a_copy_of_the_weights():
    one, two, four = (make_plan(PLANS[0].graph, 4, inputs=inputs) for inputs in (1, 2, 4))
    slots = one.shape.slots
    weights = [next(memory.bits for memory in plan.memories() if memory.name == "weights") for plan in (one, two, four)]
    engine = [plan.multipliers()["engine"] - one.multipliers()["engine"] for plan in (two, four)]
    assert engine == [slots, 3 * slots]
    assert weights[1:] == [weights[0], 2 * weights[0]]
