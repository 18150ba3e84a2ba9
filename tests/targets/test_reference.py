"""The reference: a chain of its layers' operations, counters that add up, and the cycles of the output beats."""

from dataclasses import replace

import numpy as np
import pytest

from razorsnn.ir import Graph, Op
from razorsnn.layers import output_words
from razorsnn.ops.static import Static
from razorsnn.ops.timeline import LEAST_PASS_CYCLES
from razorsnn.plan import make_plan
from razorsnn.targets.cycles import (
    BEGIN_CYCLES,
    OPEN_CYCLES,
    READOUT_CYCLES,
    SCORE_WORD_CYCLES,
    START_CYCLES,
    latency_cycles,
    pace_cycles,
    stream_cycles,
)
from razorsnn.targets.reference import WindowResult, output_cycles, run_window, run_windows, saved_cycles, spent_cycles
from tests.nets import NetClass, random_frames, random_graph

NETS = [
    NetClass(),
    NetClass(lanes=2, classes=5, frames=6),
    NetClass(lanes=1, taps=4, classes=5),
    NetClass(gated=False),
    NetClass(razors=False),
]
CASES = [(net, seed) for net in NETS for seed in range(6)]


@pytest.mark.parametrize(("net", "seed"), CASES)
def test_a_window_is_its_operations_in_turn(net: NetClass, seed: int):
    graph = random_graph(net, seed)
    result = run_window(make_plan(graph, net.lanes, taps=net.taps), random_frames(net, seed))
    x, keep = random_frames(net, seed).astype(np.int64), []
    for op, tensor in zip(graph.ops, graph.tensors(), strict=False):
        trace = op.execute(x, tensor)
        keep += [trace.values["keep"].tolist()] if "keep" in trace.values else []
        x = trace.output
    assert result.scores.tolist() == x.tolist()
    assert result.keep.astype(int).tolist() == keep
    assert result.winner == x.tolist().index(max(x.tolist()))


@pytest.mark.parametrize(("net", "seed"), CASES)
def test_output_beats_follow_the_layers(net: NetClass, seed: int):
    plan = make_plan(random_graph(net, seed), net.lanes, taps=net.taps)
    result = run_window(plan, random_frames(net, seed))
    words = output_words(plan.layers[0])
    turn = max(29 + START_CYCLES, BEGIN_CYCLES + OPEN_CYCLES + max(words, LEAST_PASS_CYCLES) + 1)
    cycles = output_cycles(plan, result, np.array([12, 18])).tolist()
    first = turn + READOUT_CYCLES + sum(layer.total_cycles for layer in result.layers)
    expected = [first]
    for index in range(1, net.classes):
        expected.append(expected[-1] + 1 + (SCORE_WORD_CYCLES if index % (net.lanes * net.taps) == 0 else 0))
    assert cycles == expected


def test_pruned_frames_cost_no_scan_and_are_counted():
    net = NETS[0]
    results = [
        run_window(make_plan(random_graph(net, seed), net.lanes, taps=net.taps), random_frames(net, seed))
        for seed in range(9)
    ]
    layers = [layer for result in results for layer in result.layers]
    assert any((~layer.keep).any() for layer in layers)
    assert all((layer.operand[~layer.keep] == 0).all() for layer in layers)


def opened(graph: Graph, gate: Op) -> Graph:
    """The graph with this one gate keeping every frame."""
    every = Static(np.ones_like(gate.keep)) if isinstance(gate, Static) else replace(gate, threshold=0)
    return replace(graph, ops=tuple(every if op is gate else op for op in graph.ops))


def test_saved_cycles_are_those_that_the_net_without_pruning_takes_more():
    total = 0
    for net, seed in CASES:
        graph, frames = random_graph(net, seed), random_frames(net, seed)
        plan = make_plan(graph, net.lanes, taps=net.taps)
        for layer in run_window(plan, frames).layers:
            saved = saved_cycles(layer)
            if layer.gate:
                index = layer.layer.index
                opened_plan = make_plan(opened(graph, layer.layer.gate), net.lanes, taps=net.taps)
                whole = run_window(opened_plan, frames).layers[index]
                assert saved == whole.total_cycles - whole.cycles.gate - layer.total_cycles + layer.cycles.gate
            else:
                assert saved == 0
            total += saved
    assert total > 0


def test_counters_of_windows_are_those_of_each():
    net = NETS[0]
    plan = make_plan(random_graph(net, 2), net.lanes)
    windows = [random_frames(net, seed) for seed in range(4)]
    run = run_windows(plan, windows, [np.full(net.frames, 20 + index) for index in range(4)])
    singles: list[WindowResult] = [run_window(plan, frames) for frames in windows]
    assert run.outcome.scores.tolist() == [single.scores.tolist() for single in singles]
    assert run.counters["multiplies"].tolist() == [single.multiplies for single in singles]
    assert run.counters["events"].tolist() == [single.events for single in singles]
    assert (run.counters["kept"] + run.counters["pruned"] == net.frames).all()
    assert run.counters["nonzero"][:, 0].tolist() == [np.count_nonzero(frames) for frames in windows]


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_at_their_pace_frames_that_stream_never_wait(frames: int):
    """And a window's scores come `latency_cycles` after its last beat; a good deal sooner, and the input waits."""
    net = NetClass(frames=frames, gated=False)
    plan = make_plan(random_graph(net, 1), net.lanes, streaming=True)
    spent = np.array([spent_cycles(run_window(plan, random_frames(net, seed))) for seed in range(6)])
    beats = np.full((6, frames), pace_cycles(plan, spent))
    begins, ends, scores = stream_cycles(plan, spent, beats)
    assert (begins == np.append(0, ends[:-1] + 1)).all() and (ends + 1 == np.cumsum(beats.sum(axis=1))).all()
    assert (scores[:, -1] - ends).tolist() == [latency_cycles(plan, *pair) for pair in zip(spent, beats, strict=True)]
    slow = np.broadcast_to(spent.reshape(-1, len(plan.layers))[spent.sum(axis=2).argmax()], spent.shape)
    assert (stream_cycles(plan, slow, beats // 2).ends + 1 > np.cumsum(beats.sum(axis=1) // 2)).any()


def test_frames_that_a_window_lacks_are_computed_after_its_last_beat():
    net = NetClass(frames=4, gated=False)
    plan = make_plan(random_graph(net, 1), net.lanes, streaming=True)
    spent = spent_cycles(run_window(plan, np.zeros_like(random_frames(net, 0))))
    ended = np.array([500, 0, 0, 0])
    found = stream_cycles(plan, spent[None], [ended])
    assert found.begins.tolist() == [0] and found.ends[0] > 502
    assert latency_cycles(plan, spent, ended) == found.scores[0, -1] - 499


def test_the_lowest_index_wins_a_tie():
    assert WindowResult(np.array([3, 7, 7]), ()).winner == 1
