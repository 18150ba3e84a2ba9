"""Nets of one shape class as builds that share their compiled parts, and what every back end must give for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from razorsnn.contents import load_writes
from razorsnn.ir import Graph
from razorsnn.plan import Plan, make_plan
from razorsnn.shape import Shape
from razorsnn.stream import Beats, frame_beats
from razorsnn.targets import hls, rtl
from razorsnn.targets.csim import run_csim, run_loads
from razorsnn.targets.outcome import BackendRun
from razorsnn.targets.reference import WindowResult, output_cycles
from razorsnn.targets.rtlsim import Stimulus, simulate, simulate_loads
from tests.nets import NetClass, random_frames

WINDOWS = 4


@dataclass(frozen=True)
class Family:
    """The nets of one shape class as builds, and the folder of compiled parts that they share."""

    net: NetClass
    plans: list[Plan]
    builds: list[Path]
    cache: Path

    @property
    def shape(self) -> Shape:
        return self.plans[0].shape

    def run(self, index: int, windows: Sequence[Beats], sanitize: bool = False) -> BackendRun:
        return run_csim(self.builds[index], windows, self.cache, sanitize)

    def simulate(self, index: int, stimulus: Stimulus) -> BackendRun:
        return simulate(self.plans[index], self.builds[index] / "rtl", self.cache, stimulus)

    def run_loaded(self, indices: Sequence[int], windows: Sequence[Sequence[Beats]]) -> list[BackendRun]:
        """csim of the first net's sources; the contents of the others are loaded, one after the other."""
        loads = [load_writes(self.plans[index].single) for index in indices[1:]]
        return run_loads(self.builds[indices[0]], windows, loads, self.cache)

    def simulate_loaded(
        self, indices: Sequence[int], windows: Sequence[Sequence[Beats]], how: Stimulus | None = None
    ) -> list[BackendRun]:
        """The same in RTL."""
        plans = [self.plans[index] for index in indices]
        loads = [load_writes(plan) for plan in plans[1:]]
        return simulate_loads(plans, self.builds[indices[0]] / "rtl", self.cache, windows, loads, how)


def own_plan(net: NetClass, graph: Graph) -> Plan:
    """A graph of the class, in a shape class of its own."""
    return make_plan(
        graph, net.lanes, taps=net.taps, engines=net.engines or 1, inputs=net.inputs, streaming=net.streaming
    )


def make_family(
    net: NetClass, graphs: Sequence[Graph], folder: Path, targets: Sequence[Callable[[Plan, Path], object]]
) -> Family:
    """Builds of all graphs, each in the smallest shape class that holds them all."""
    shape = reduce(Shape.covering, (own_plan(net, graph).shape for graph in graphs))
    plans = [make_plan(graph, net.lanes, shape) for graph in graphs]
    builds = [folder / f"net{index}" for index in range(len(graphs))]
    for plan, build in zip(plans, builds, strict=True):
        for emit in targets:
            emit(plan, build)
    (folder / "cache").mkdir()
    return Family(net, plans, builds, folder / "cache")


HLS = (hls.emit,)
RTL = (rtl.emit,)


def assert_equal(result: BackendRun, expected: Sequence[WindowResult]) -> None:
    """Scores, keep bits and every counter that both have."""
    np.testing.assert_array_equal(result.outcome.scores, [window.scores for window in expected])
    np.testing.assert_array_equal(result.outcome.keep, [window.keep for window in expected])
    kept = np.array([[layer.keep.sum() for layer in window.layers] for window in expected])
    np.testing.assert_array_equal(result.counters["kept"], kept)
    np.testing.assert_array_equal(result.counters["pruned"], len(expected[0].layers[0].keep) - kept)
    for name in ("events", "multiplies", "saturations"):
        assert result.counters[name].tolist() == [getattr(window, name) for window in expected], name


def assert_cycles(plan: Plan, result: BackendRun, expected: Sequence[WindowResult], words: Sequence[Beats]) -> None:
    """Every output beat of every window, counted from its first input beat."""
    beats = (frame_beats(one, plan.shape.frames) for one in words)
    cycles = [output_cycles(plan, window, counts) for window, counts in zip(expected, beats, strict=True)]
    np.testing.assert_array_equal(result.outcome.cycles, cycles)


def window_frames(net: NetClass, seed: int) -> list[np.ndarray]:
    return [random_frames(net, WINDOWS * seed + index) for index in range(WINDOWS)]


def full_window(net: NetClass) -> np.ndarray:
    """Frames of which none is empty: what is lost in a window is seen in its scores."""
    seeds = (seed for seed in range(100) if random_frames(net, seed).any(axis=(1, 2, 3)).all())
    return random_frames(net, next(seeds))
