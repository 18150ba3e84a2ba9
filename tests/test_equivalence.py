"""Nets that nobody chose: reference = csim = RTL, in scores, keep bits, counters and the cycle of every output beat.

RAZORSNN_NETS sets how many nets are drawn (60 without it): the longer run on demand. Those of one shape class share
one Verilator build and one compiled top of csim.
"""

import os
from collections.abc import Callable

import numpy as np
import pytest

from razorsnn.settings import SETTINGS, VARIES
from razorsnn.targets.reference import WindowResult, run_window
from razorsnn.targets.rtlsim import Stimulus
from tests.families import HLS, RTL, Family, assert_cycles, assert_equal, make_family, window_frames
from tests.nets import NetClass, random_graph
from tests.stimuli import event_words

CLASSES = {
    "binned": NetClass(lanes=4, frames=4, embeddings=2, size=(7, 5), sensor=(15, 13)),
    "one lane, no gate": NetClass(
        lanes=1, frames=3, channels=1, size=(5, 6), sensor=(5, 6), classes=4, gated=False, input_bits=2,
        activation_bits=3, weight_bits=(3, 5, 6),
    ),
    "two lanes, one frame": NetClass(
        lanes=2, frames=1, channels=1, size=(3, 5), sensor=(9, 5), classes=5, embeddings=1, input_bits=8,
        activation_bits=2, weight_bits=(2, 7), most_layers=2,
    ),
    "eight lanes": NetClass(
        lanes=8, frames=3, size=(5, 5), sensor=(5, 11), classes=9, embeddings=4, input_bits=5, activation_bits=6,
        weight_bits=(2, 3, 4, 5, 6, 7, 8), most_layers=2,
    ),
    "eight embeddings, one frame": NetClass(
        lanes=8, frames=1, channels=1, size=(2, 2), sensor=(2, 2), classes=3, embeddings=8, most_layers=2,
    ),
    "gates without scores": NetClass(
        lanes=4, frames=5, size=(5, 4), sensor=(5, 4), embeddings=1, razors=False, classes=4, most_layers=2,
    ),
    "streaming": NetClass(
        lanes=4, frames=5, embeddings=1, razors=False, size=(7, 5), sensor=(15, 13), streaming=True,
    ),
    "streaming, four taps, two inputs": NetClass(
        lanes=4, taps=4, inputs=2, frames=3, embeddings=1, razors=False, size=(6, 5), sensor=(6, 5), classes=9,
        streaming=True,
    ),
    "streaming, nine taps, one frame": NetClass(
        lanes=2, taps=9, frames=1, embeddings=1, gated=False, size=(7, 5), sensor=(7, 5), streaming=True, most_layers=2,
    ),
    "wide": NetClass(
        lanes=16, frames=5, size=(4, 5), sensor=(4, 9), classes=17, embeddings=3, input_bits=3, activation_bits=8,
        most_layers=2,
    ),
    "four taps": NetClass(
        lanes=2, taps=4, frames=4, embeddings=2, size=(7, 5), sensor=(15, 13), classes=9, weight_bits=(2, 4, 6),
    ),
    "four taps, one lane": NetClass(
        lanes=1, taps=4, frames=3, channels=1, size=(6, 5), sensor=(6, 5), classes=3, embeddings=1, input_bits=3,
        most_layers=2,
    ),
    "spikes": NetClass(
        lanes=4, frames=4, embeddings=2, input_bits=1, activation_bits=1, least_bits=1, modes=("lif",),
        resets=("subtract",), alphas=(240,),
    ),
    "one kind of neuron": NetClass(
        lanes=2, taps=4, frames=3, size=(6, 5), sensor=(6, 5), embeddings=2, least_bits=4, modes=("liaf",),
        resets=("threshold",), ties=("even",), alphas=(77,),
    ),
    "two engines, four taps": NetClass(
        lanes=2, taps=4, frames=4, embeddings=2, size=(7, 5), sensor=(15, 13), classes=9, engines=(1, 2),
    ),
    "three engines, no gate": NetClass(lanes=4, frames=3, size=(5, 6), sensor=(5, 6), gated=False, engines=(2, 1, 1)),
    "two inputs": NetClass(
        lanes=8, inputs=2, frames=4, embeddings=2, size=(5, 6), sensor=(5, 6), weight_bits=(2, 4, 6),
    ),
    "two inputs, four taps, two engines": NetClass(
        lanes=4, taps=4, inputs=2, frames=3, channels=3, size=(6, 5), sensor=(6, 5), classes=9, engines=(2, 1),
    ),
    "four inputs of spikes": NetClass(
        lanes=8, inputs=4, frames=3, size=(4, 5), sensor=(4, 5), embeddings=3, input_bits=1, activation_bits=1,
        least_bits=1, modes=("lif",), most_layers=2,
    ),
    "four inputs of spikes, one leak": NetClass(
        lanes=4, taps=4, inputs=4, frames=3, size=(5, 6), sensor=(5, 6), embeddings=2, input_bits=1, activation_bits=1,
        least_bits=1, modes=("lif",), alphas=(240,), most_layers=2,
    ),
    "four inputs, nine taps": NetClass(
        lanes=2, taps=9, inputs=4, frames=3, size=(7, 5), sensor=(7, 5), embeddings=2, alphas=(77,), most_layers=2,
    ),
    "nine taps": NetClass(
        lanes=4, taps=9, frames=3, size=(7, 8), sensor=(9, 8), classes=4, embeddings=2, input_bits=2, activation_bits=5,
    ),
    "nine taps, three channels": NetClass(
        lanes=1, taps=9, frames=3, channels=3, size=(4, 7), sensor=(4, 7), classes=11, gated=False, activation_bits=3,
    ),
}  # fmt: skip
NETS = int(os.environ.get("RAZORSNN_NETS", "60"))
EACH = -(-NETS // len(CLASSES))


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Family]:
    made: dict[str, Family] = {}

    def get(name: str) -> Family:
        if name not in made:
            net, graphs = CLASSES[name], [random_graph(CLASSES[name], seed) for seed in range(EACH)]
            made[name] = make_family(net, graphs, tmp_path_factory.mktemp("nets"), HLS + RTL)
        return made[name]

    return get


@pytest.mark.parametrize("seed", range(EACH))
@pytest.mark.parametrize("name", CLASSES)
def test_every_target_equals_the_reference(
    family: Callable[[str], Family], record_property: Callable[[str, object], None], name: str, seed: int
) -> None:
    nets = family(name)
    record_property("nets", EACH * len(CLASSES))
    frames = window_frames(nets.net, seed)
    words = [event_words(window, nets.shape, index) for index, window in enumerate(frames)]
    expected = [run_window(nets.plans[seed], window) for window in frames]
    simulated = nets.simulate(seed, Stimulus(words, seed=seed + 1))
    assert_equal(nets.run(seed, words), expected)
    assert_equal(simulated, expected)
    assert_cycles(nets.plans[seed], simulated, expected, words)


@pytest.mark.parametrize("name", CLASSES)
def test_sources_of_one_net_run_the_contents_of_another(family: Callable[[str], Family], name: str) -> None:
    """Each net of the class in turn, loaded over AXI into the sources of the first, and the first once more."""
    nets = family(name)
    order = [*range(EACH), 0]
    frames = [window_frames(nets.net, seed) for seed in order]
    words = [[event_words(window, nets.shape, seed) for window in windows] for seed, windows in enumerate(frames)]
    for simulated, computed, seed, windows, beats in zip(
        nets.simulate_loaded(order, words), nets.run_loaded(order, words), order, frames, words, strict=True
    ):
        expected = [run_window(nets.plans[seed], window) for window in windows]
        assert_equal(computed, expected)
        assert_equal(simulated, expected)
        assert_cycles(nets.plans[seed], simulated, expected, beats)
    lengths = {len(plan.layers) for plan in nets.plans}
    assert lengths == {sum(nets.net.engines)} if nets.net.engines else len(lengths) > 1 or EACH == 1


def _results(nets: Family) -> list[WindowResult]:
    drawn = [(plan, window) for seed, plan in enumerate(nets.plans) for window in window_frames(nets.net, seed)]
    return [run_window(plan, window) for plan, window in drawn]


def test_the_nets_are_as_different_as_they_must_be(family: Callable[[str], Family]) -> None:
    """Without this, a set that happens to prune or saturate nothing would prove little."""
    assert EACH * len(CLASSES) >= 50
    nets = [family(name) for name in CLASSES]
    rows = [row for one in nets for plan in one.plans for row in plan.table]
    wanted = {"reset": {0, 1, 2}, "spike": {0, 1}, "dense": {0, 1}, "reach": {0, 1}, "pool_log2": {0, 1, 2}}
    wanted |= {
        field: {0, 1}
        for field in ("step_log2", "gated", "fixed", "tallied", "tally_peak", "relative", "signed_sum", "ties_even")
    }
    for name in SETTINGS:
        assert {getattr(one.shape, name) == VARIES for one in nets} == {False, True}, name
    for field, values in wanted.items():
        assert {row[field] for row in rows} == values, field
    assert {row["refined"] for row in rows if row["gated"]} == {0, 1}
    results = [result for one in nets for result in _results(one)]
    assert {bool(keep) for result in results for keep in np.ravel(result.keep)} == {False, True}
    assert any(result.saturations for result in results)
    used = {form.width for one in nets for plan in one.plans for form in (x.synapse.weight_format for x in plan.layers)}
    assert used == set(range(2, 9))
