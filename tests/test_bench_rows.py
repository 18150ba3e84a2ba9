"""The bench's other rows: added to what is there; layers against density as a window gives them; the least of runs."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bound import Engine
from benchmarks.density import curve, drawn
from benchmarks.gesture import bound_figures, plan_figures
from benchmarks.measures import layers
from benchmarks.rows import add_rows, rows_of
from benchmarks.speed import least
from razorsnn.plan import make_plan
from razorsnn.stream import frame_beats
from razorsnn.targets.reference import output_cycles, run_window
from tests.nets import NetClass, random_frames, random_graph
from tests.stimuli import event_words

NET = NetClass(gated=False, frames=6, size=(9, 8), sensor=(9, 8))


def test_rows_replace_those_of_their_name(tmp_path: Path):
    add_rows(tmp_path, "one", rows_of([("a", 1.0, None, "s"), ("b", 2.0, 3, "s")], "first"))
    add_rows(tmp_path, "two", rows_of([("b", 4.0, 3, "s"), ("c", 5.0, 6, "s")], "second"))
    assert json.loads((tmp_path / "results.json").read_text()) == [
        {"name": "a", "value": 1.0, "goal": None, "unit": "s", "command": "first"},
        {"name": "b", "value": 4.0, "goal": 3, "unit": "s", "command": "second"},
        {"name": "c", "value": 5.0, "goal": 6, "unit": "s", "command": "second"},
    ]


@pytest.mark.parametrize("seed", range(4))
def test_a_curve_is_what_windows_of_that_density_take(seed: int):
    plan, densities = make_plan(random_graph(NET, seed), NET.lanes), (0.0, 0.1, 0.5)
    first = plan.layers[0]
    found = curve(plan, first, densities)
    windows = [drawn(first, density) for density in densities]
    assert found == [run_window(plan, frames.astype(np.uint8)).layers[0].total_cycles for frames in windows]
    assert np.count_nonzero(windows[0]) == 0 and np.all(windows[1] <= windows[2])
    assert abs(windows[2].mean() - 0.5) < 0.06


def test_the_least_of_some_runs_counts():
    calls: list[str] = []

    def busy(name: str, rounds: int) -> None:
        calls.append(name)
        sum(range(rounds))

    found = least({"short": lambda: busy("short", 0), "long": lambda: busy("long", 3_000_000)}, 3)
    assert calls == ["short", "long"] * 3
    assert found["short"] < found["long"]


def test_gesture_figures_are_those_of_plan_and_window():
    net = NetClass(frames=6, size=(9, 8), sensor=(9, 8))
    plan = make_plan(random_graph(net, 4), 4)
    frames = random_frames(net, 4)
    result, words = run_window(plan, frames), event_words(frames, plan.shape, 0)
    found = {name: (value, goal) for name, value, goal, _ in plan_figures(plan, result, words)}
    rows = {name.removeprefix("Gesture, 4 lanes: "): pair for name, pair in found.items()}
    assert rows["multipliers of a zcu104"] == (sum(plan.multipliers().values()), 1728)
    assert rows["fits a zcu104"] == (1, 1)
    assert rows["frames pruned"][0] == np.count_nonzero(~result.keep) / result.keep.size > 0
    scores = output_cycles(plan, result, frame_beats(words, net.frames))
    assert rows["cycles after the last event"][0] == scores[-1] - (len(words) - 1)


def test_bounds_of_gesture_are_those_of_every_layer_and_of_all():
    net = NetClass(frames=6, size=(9, 8), sensor=(9, 8))
    plan, frames = make_plan(random_graph(net, 4), 4, taps=4, inputs=2), random_frames(net, 4)
    rows = layers(plan, [(frames, run_window(plan, frames))], Engine(4, 4, 2))
    values = [value for _, value, _, _ in bound_figures(plan, rows)]
    assert values[:-1] == [row["bound"] / row["measured"] for row in rows]
    assert values[-1] == sum(row["bound"] for row in rows) / sum(row["measured"] for row in rows)
