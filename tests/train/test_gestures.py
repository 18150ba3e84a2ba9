"""What no linear model of summed frames can do (tests/datasets/test_simulated.py), the net does: it tells the pairs."""

from pathlib import Path

import numpy as np

from razorsnn.config import Config
from razorsnn.datasets.simulated import CLASS_NAMES, PAIRS
from razorsnn.graphfile import load_graph
from razorsnn.ir import Source
from razorsnn.plan import make_plan
from razorsnn.samples import read_samples, split
from razorsnn.simulation import reference
from razorsnn.train import WindowSet, fit
from tests.chance import most_by_chance

SETTINGS = {
    "simulated": {"recordings_per_class": 80},
    "data": {"sensor": [32, 32], "grid": [32, 32], "frames": 16, "validation": 0.25},
    "network": {"layers": "8C3-AP2-16C3-AP2-16C3-AP2-8"},
    "gate": {"ratio": 0.3},
    "train": {"epochs": 16, "folded_epochs": 3, "learning_rate": 1e-2, "activity_penalty": 0.1, "threads": 1},
}
TOLD = 0.9
"""Share of all recordings that must be right; a net that tells no pair gets half of them."""


def test_the_net_tells_pairs_that_differ_in_the_order_of_time(tmp_path: Path) -> None:
    config = Config.model_validate(SETTINGS)
    train, held = split(read_samples("simulated", config), config)
    sets = [WindowSet(part.frames(), part.labels) for part in (train, held)]
    metrics = fit(config, sets[0], sets[1], CLASS_NAMES, Source((32, 32)), tmp_path, False, "gestures")
    plan = make_plan(load_graph(tmp_path), 16)
    scores = reference(plan, held).outcome.scores
    print("accuracy", metrics["accuracy"], "pruned", metrics["pruned"])
    for pair in PAIRS.values():
        members = [CLASS_NAMES.index(name) for name in pair]
        of_pair = np.isin(held.labels, members)
        chosen = np.array(members)[scores[of_pair][:, members].argmax(axis=1)]
        assert np.count_nonzero(chosen == held.labels[of_pair]) > most_by_chance(int(of_pair.sum())), pair
    assert metrics["accuracy"] >= TOLD
