"""The shapes of the paper's networks: reference = csim at full size, and = RTL scaled down.

Full size takes RTL simulation too long, but for SHD, which test_published_flow.py takes through the whole flow. Scaled
are channels, frames and grids. What is unlike all other nets of the tests stays: one row of 700 inputs and 100
frames, 101 classes of a sensor that is not square, five convolutions with a pool of four at the end.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from razorsnn.assets import asset
from razorsnn.config import Config, load_config
from razorsnn.errors import UserError
from razorsnn.graphfile import load_graph, save_graph
from razorsnn.ir import Graph, Source
from razorsnn.plan import make_plan
from razorsnn.targets.reference import run_window
from razorsnn.targets.rtlsim import Stimulus
from razorsnn.train.export import to_graph
from tests.families import HLS, RTL, Family, assert_cycles, assert_equal, make_family
from tests.nets import NetClass
from tests.stimuli import event_words
from tests.train.tiny import used_model

LANES = 8
SCALED: dict[str, dict[str, dict[str, Any]]] = {
    "shd": {"network": {"layers": "9FC-8FC-20"}},
    "n_caltech101": {"data": {"grid": [9, 12], "frames": 4}, "network": {"layers": "4C3-5C3-AP2-8C3-AP2-9FC-101"}},
    "cifar10_dvs": {
        "data": {"grid": [66, 64], "frames": 2},
        "network": {"layers": "3C3-AP2-4C3-AP2-4C3-AP2-8C3-AP2-9C3-AP4-8FC-10"},
    },
}
"""Name of the settings file -> what is changed in it."""


def shipped(name: str) -> Config:
    return load_config(asset("configs") / f"{name}.toml")


def scaled(name: str) -> Config:
    values = shipped(name).model_dump(mode="json")
    for section, changes in SCALED[name].items():
        values[section] |= changes
    return Config.model_validate(values)


def some_frames(config: Config, count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (count, config.data.frames, config.data.channels, *config.data.grid)
    density = rng.choice([0.0, 0.05, 0.2], size=(count, config.data.frames, 1, 1, 1))
    return (rng.integers(1, 6, shape) * (rng.random(shape) < density)).astype(np.uint8)


def graph_of(config: Config, name: str) -> Graph:
    names = tuple(f"class{index}" for index in range(config.network.classes))
    source = Source(config.data.sensor, config.data.dt_us)
    return to_graph(used_model(config, some_frames(config, 4, 1)), name, names, source, {})


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Family]:
    def get(name: str) -> Family:
        graph = graph_of(scaled(name), name)
        net = NetClass(lanes=LANES)  # only its lanes are read: the graph is given
        return make_family(net, [graph], tmp_path_factory.mktemp(name), HLS + RTL)

    return get


@pytest.mark.parametrize("name", SCALED)
def test_the_shape_is_equal_on_every_target(family: Callable[[str], Family], name: str) -> None:
    nets, frames = family(name), some_frames(scaled(name), 2, 2)
    words = [event_words(window, nets.shape, index) for index, window in enumerate(frames)]
    expected = [run_window(nets.plans[0], window) for window in frames]
    assert all(result.scores.any() for result in expected)
    simulated = nets.simulate(0, Stimulus(words, seed=1))
    assert_equal(nets.run(0, words), expected)
    assert_equal(simulated, expected)
    assert_cycles(nets.plans[0], simulated, expected, words)


@pytest.mark.parametrize(("name", "classes"), [("n_caltech101", 101), ("cifar10_dvs", 10)])
def test_the_full_size_is_equal_in_hls(name: str, classes: int, tmp_path: Path) -> None:
    """Weights as training starts, statistics and thresholds of one window of random events."""
    config = shipped(name)
    frames = some_frames(config, 1, 1)
    names = tuple(f"class{index}" for index in range(classes))
    model = used_model(config, frames, passes=3, change=0.0)
    graph = to_graph(model, name, names, Source(config.data.sensor, config.data.dt_us), {})
    save_graph(graph, tmp_path / "graph.json")
    nets = make_family(NetClass(lanes=64), [load_graph(tmp_path)], tmp_path, HLS)
    expected = run_window(nets.plans[0], frames[0])
    assert all(layer.synapse.output.any() for layer in expected.layers)
    assert all(0 < layer.keep.sum() < config.data.frames for layer in expected.layers[1:])
    assert_equal(nets.run(0, [event_words(frames[0], nets.shape, 0)]), [expected])


def test_shd_as_it_ships_fits() -> None:
    graph = graph_of(shipped("shd"), "shd")
    plan = make_plan(graph, 64)
    assert (plan.shape.frames, plan.shape.height, plan.shape.width, plan.shape.channels) == (100, 1, 700, 1)
    words = 11  # of 64 positions, for 700
    assert (plan.shape.input_depth, plan.shape.weight_depth) == (100 * words, 64 * words * 2 + 128 * 2 + 128)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": Source((4097, 700))}, "sensor_height 4097, accepted: up to 4096; a sensor binned before its"),
        ({"source": Source((1, 5000))}, "sensor_width 5000, accepted: up to 4096; a sensor binned before its"),
    ],
)
def test_a_sensor_that_event_words_cannot_address_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_plan(replace(graph_of(scaled("shd"), "shd"), **change), LANES)
