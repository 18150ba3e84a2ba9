"""The bench: its bound against loops over every product, and below the engine's cycles; its net as active as asked."""

from collections import Counter
from dataclasses import replace
from itertools import product
from math import isqrt

import numpy as np
import pytest

from benchmarks.bound import Engine, dense_cycles, lower_bound
from benchmarks.measures import gates, inputs, layers, products
from benchmarks.nets import Wanted, calibrated_net
from razorsnn.layers import Layer
from razorsnn.plan import make_plan
from razorsnn.targets.reference import run_window
from tests.nets import NetClass, random_frames, random_graph
from tests.tiny_flow import flow_config

NETS = [NetClass(), NetClass(lanes=2, classes=5, frames=6), NetClass(lanes=8, gated=False, size=(7, 5), sensor=(7, 5))]
CASES = [(net, seed) for net in NETS for seed in range(6)]


def outputs_of(layer: Layer, y: int, x: int, pool: int) -> set[tuple[int, int]]:
    """Places of the outputs that use input (y, x), `pool` x `pool` of them as one."""
    out = layer.synapse.geometry(layer.operand).output
    if layer.synapse.kind == "dense":
        return {(0, 0)}
    size, used = layer.synapse.weights.shape[2], 1 << layer.synapse.geometry(layer.operand).pool_log2
    found = set()
    for r, s in product(range(out.height * used), range(out.width * used)):
        if abs(r - y) <= size // 2 and abs(s - x) <= size // 2:
            found.add((r // pool, s // pool))
    return found


def multiplies(layer: Layer, work: np.ndarray, lanes: int, folded: bool) -> int:
    pool = 1 << layer.synapse.geometry(layer.operand).pool_log2 if folded else 1
    words = -(-len(layer.synapse.weights) // lanes)
    return sum(words * len(outputs_of(layer, y, x, pool)) for _, _, y, x in np.argwhere(work).tolist())


@pytest.mark.parametrize(("net", "seed"), CASES)
def test_the_bound_counts_every_product_that_has_to_be(net: NetClass, seed: int):
    frames = random_frames(net, seed)
    result = run_window(make_plan(random_graph(net, seed), net.lanes), frames)
    engine = Engine(net.lanes)
    assert products([(frames, result)]) == sum(
        multiplies(layer.layer, layer.operand, 1, folded=True) for layer in result.layers
    )
    for layer, x in zip(result.layers, inputs(frames, result), strict=True):
        least, words = lower_bound(layer, x, engine), engine.wide
        assert least.multiply == multiplies(layer.layer, layer.operand, net.lanes, folded=True)
        assert least.neuron == len(x) * words(layer.layer.synapse.geometry(layer.layer.operand).output.positions)
        pruned = sum(words(np.count_nonzero(frame)) for frame in x[~layer.keep])
        scored = words(x[0].size) + pruned + layer.keep.sum() if layer.layer.razor else 0
        assert least.razor == scored
        dense = dense_cycles(layer, x, engine)
        assert dense - least.neuron == multiplies(layer.layer, np.ones_like(x), net.lanes, folded=False)
        assert dense_cycles(layer, x, engine, skip=True, prune=True, fold=True) <= dense


@pytest.mark.parametrize(("net", "seed"), CASES)
def test_nothing_is_faster_than_the_bound(net: NetClass, seed: int):
    frames, plan = random_frames(net, seed), make_plan(random_graph(net, seed), net.lanes)
    rows = layers(plan, [(frames, run_window(plan, frames))], Engine(net.lanes))
    for row in rows:  # the razor works beside the engine, so that its part may be hidden
        assert 0 < row["least multiply"] + row["least neuron"] <= row["measured"]


@pytest.mark.parametrize("taps", [4, 9])
@pytest.mark.parametrize("seed", range(8))
def test_taps_are_banks_of_outputs_or_further_lanes(taps: int, seed: int):
    frames, n = random_frames(NETS[0], seed), isqrt(taps)
    plan = make_plan(random_graph(NETS[0], seed), 2, taps=taps)
    result = run_window(plan, frames)
    for layer, x in zip(result.layers, inputs(frames, result), strict=True):
        pool, channels = (
            1 << layer.layer.synapse.geometry(layer.layer.operand).pool_log2,
            len(layer.layer.synapse.weights),
        )
        ways = []
        for _, _, y, x_at in np.argwhere(layer.operand).tolist():
            outputs = outputs_of(layer.layer, y, x_at, pool)
            banks = Counter((row % n, column % n) for row, column in outputs)
            fullest = max(banks.values(), default=0) * -(-channels // 2)
            ways.append(min(fullest, len(outputs) * -(-channels // (2 * taps))))
        assert lower_bound(layer, x, Engine(2, taps)).multiply == sum(ways)
        least = lower_bound(layer, x, Engine(2, taps))
        assert least.multiply + least.neuron <= layer.total_cycles


@pytest.mark.parametrize(("seed", "at_once"), [(0, 2), (1, 2), (2, 4), (3, 4)])
def test_inputs_are_activations_of_a_position_at_once(seed: int, at_once: int):
    net = NetClass(lanes=4, frames=3, size=(5, 4), sensor=(5, 4), channels=3)
    frames, plan = random_frames(net, seed), make_plan(random_graph(net, seed), 4, inputs=at_once)
    result = run_window(plan, frames)
    for layer, x in zip(result.layers, inputs(frames, result), strict=True):
        dense, words = layer.layer.synapse.kind == "dense", -(-len(layer.layer.synapse.weights) // 4)
        pool = 1 << layer.layer.synapse.geometry(layer.layer.operand).pool_log2
        places = Counter((t, *((0, 0) if dense else at)) for t, _, *at in np.argwhere(layer.operand).tolist())
        ways = (-(-n // at_once) * words * len(outputs_of(layer.layer, *at, pool)) for (_, *at), n in places.items())
        least = lower_bound(layer, x, Engine(4, 1, at_once))
        assert least.multiply == sum(ways) <= layer.cycles.multiply
        assert least.multiply + least.neuron <= layer.total_cycles


def test_the_gates_of_a_window_are_weighed():
    frames, plan = random_frames(NETS[0], 2), make_plan(random_graph(NETS[0], 2), 4)
    *rows, total = gates(plan, [(frames, run_window(plan, frames))])
    assert [row["gate"] for row in rows] == [layer.name for layer in plan.gates]
    assert total["cost"] == sum(row["cost"] for row in rows) > 0
    for row in rows:
        assert row["net"] == (row["saved"] - row["cost"]) / max(1, row["saved"])


def test_a_calibrated_net_is_as_active_as_asked():
    config = flow_config(network={"layers": "6C3-AP2-8C3-4"}, gate={"embeddings": 2})
    config = config.model_copy(update={"data": config.data.model_copy(update={"frames": 8})})
    rng = np.random.default_rng(1)
    channels = config.data.channels
    frames = (rng.random((6, 8, channels, 16, 16)) < rng.uniform(0.02, 0.2, (6, 8, 1, 1, 1))).astype(np.uint8)
    graph = calibrated_net(config, Wanted((0.1, 0.2), 0.4), frames, list("abcd"), 1)
    results = [run_window(make_plan(graph, 4), window) for window in frames]
    found = [
        np.mean([np.count_nonzero(r.layers[i].synapse.output) / r.layers[i].synapse.output.size for r in results])
        for i in (0, 1)
    ]
    np.testing.assert_allclose(found, [0.1, 0.2], atol=0.03)
    pruned = 1 - np.mean([r.keep for r in results], axis=(0, 2))
    np.testing.assert_allclose(pruned, [0.4, 0.4], atol=0.05)
    assert replace(graph, name="other").verified() is not None
