"""A published data set through the flow: its own split, slices and votes, frames from the cache."""

from pathlib import Path

import numpy as np
import pytest

from razorsnn import flow
from razorsnn.assets import asset
from razorsnn.config import load_config
from razorsnn.experiments.tables import changed
from tests.datasets.published import write_cifar10_dvs, write_shd
from tests.tiny_flow import flow_config, refusal, save_toml

CONFIG = flow_config(
    data={"sensor": (128, 128), "grid": (8, 8), "frames": 3, "dt_us": 400, "crops": 4, "split": "given"},
    network={"layers": "2C3-AP2-10"},
    train={"event_drop": 0.3, "shift": 1},
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("cifar10_dvs")
    write_cifar10_dvs(root)
    return f"cifar10_dvs:{root}"


def test_training_and_evaluation_agree_on_the_vote(data: str, tmp_path: Path) -> None:
    trained = flow.train(data, tmp_path / "run", CONFIG, resume=False)
    assert trained["windows"]["validation"] == 40 and trained["windows"]["train"] >= 90
    found = flow.evaluate(tmp_path / "run", data, "reference", None, tmp_path / "scores.npz")
    assert (found["windows"], found["recordings"]) == (40, 10)
    with np.load(tmp_path / "scores.npz") as stored:
        assert stored["names"][5] == "automobile/cifar10_automobile_9.aedat@1"
        winners = stored["scores"].reshape(10, 4, 10).sum(axis=1).argmax(axis=1)
        assert found["accuracy_by_vote"] == np.mean(winners == stored["labels"][::4]) == trained["accuracy_by_vote"]
    assert flow.train(data, tmp_path / "run", CONFIG, resume=True)["up_to_date"]
    assert flow.evaluate(tmp_path / "run", data, "float", 8, None)["recordings"] == 2


def test_shd_goes_the_whole_way_at_full_size(tmp_path: Path) -> None:
    """From HDF5 in the published form to RTL: 700 x 1 x 1 inputs, 128FC-128FC-20, T = 100."""
    write_shd(tmp_path / "data")
    shipped = load_config(asset("configs") / "shd.toml")
    config = changed(shipped, {"train": {"epochs": 2, "folded_epochs": 1}}, "test")
    data, run = f"shd:{tmp_path / 'data'}", tmp_path / "run"
    trained = flow.train(data, run, config, resume=False)
    assert trained["windows"] == {"train": 40, "validation": 20} and len(trained["pruned"]) == 2
    flow.generate(run, tmp_path / "build", "all", None)
    found = flow.simulate(tmp_path / "build", data, 1, "all")
    assert {name: result["differences"] for name, result in found.items()} == {"hls": 0, "rtl": 0}
    assert found["rtl"]["windows"] == 1 and found["rtl"]["cycles_compared"]
    assert not any(found["rtl"]["counter_differences"].values())


def test_settings_that_do_not_fit_the_data_are_told(data: str, tmp_path: Path) -> None:
    def told(**sections: dict) -> str:
        settings = save_toml(flow_config(**sections), tmp_path / "settings.toml")
        return refusal("train", "--data", data, "--run", tmp_path / "run", "--config", settings)

    sensor = {"sensor": (128, 128), "frames": 3}
    assert "is outside of the sensor; accepted: x 0..15" in told()
    assert "network.layers ends in 8, the data has 10 classes" in told(data=sensor)
    refused = refusal("train", "--data", "cifar10_dvs", "--run", tmp_path / "run")
    assert "cifar10_dvs: the folder is missing; accepted: cifar10_dvs:PATH" in refused
    simulated = save_toml(flow_config(data={"split": "given"}), tmp_path / "simulated.toml")
    refused = refusal("train", "--data", "simulated", "--run", tmp_path / "run", "--config", simulated)
    assert "has no split of its own; accepted: recording, time" in refused
