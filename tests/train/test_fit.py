"""Training from end to end on windows that a small net can tell; interruption and resumption; bad input."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from razorsnn.config import Config
from razorsnn.errors import UserError
from razorsnn.graphfile import load_graph
from razorsnn.plan import make_plan
from razorsnn.targets.reference import run_window
from razorsnn.train import WindowSet, fit, float_scores, load, quantised_scores
from razorsnn.train.data import Batch
from razorsnn.train.loop import Trainer
from tests.train.tiny import DEVICES, NAMES, SOURCE, tiny_config, tiny_windows

TRAIN, VALIDATION = tiny_windows(48, 1), tiny_windows(15, 2)


def trained(run: Path, config: Config, resume: bool = False, train: WindowSet = TRAIN) -> dict[str, Any]:
    return fit(config, train, VALIDATION, NAMES, SOURCE, run, resume, "tiny")


def without_times(metrics: dict[str, Any]) -> dict[str, Any]:
    epochs = [{key: value for key, value in epoch.items() if key != "seconds"} for epoch in metrics["epochs"]]
    return {**metrics, "epochs": epochs}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Config, dict[str, Any]]:
    run = tmp_path_factory.mktemp("run")
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4})
    return run, config, trained(run, config)


def test_a_net_learns(finished: tuple[Path, Config, dict[str, Any]]) -> None:
    _, _, metrics = finished
    assert metrics["accuracy"] == 1.0
    assert metrics["float"]["accuracy"] == 1.0
    losses = [epoch["loss"] for epoch in metrics["epochs"]]
    assert len(losses) == 12 and losses[-1] < losses[0] / 2
    assert [epoch["stage"] for epoch in metrics["epochs"]] == ["live"] * 8 + ["exact"] * 4
    assert len(metrics["activity"]) == 3 and len(metrics["output_activity"]) == len(metrics["pruned"]) == 2


def test_the_saved_graph_scores_as_the_saved_model(finished: tuple[Path, Config, dict[str, Any]]) -> None:
    run, config, metrics = finished
    plan = make_plan(load_graph(run), lanes=4)
    results = [run_window(plan, window) for window in VALIDATION.frames]
    model = load(run, config)
    assert np.array_equal(quantised_scores(model, VALIDATION.frames), [result.scores for result in results])
    right = [result.winner == label for result, label in zip(results, VALIDATION.labels, strict=True)]
    assert metrics["accuracy"] == np.mean(right)
    assert metrics["pruned"] == (1 - np.mean([result.keep for result in results], axis=(0, 2))).tolist()


def test_float_scores_are_near_but_not_the_integers(finished: tuple[Path, Config, dict[str, Any]]) -> None:
    run, config, _ = finished
    model = load(run, config)
    scores, keep, activity = float_scores(model, VALIDATION.frames)
    exact = quantised_scores(model, VALIDATION.frames) * model.score_scale
    assert 0 < np.abs(scores - exact).max() < np.abs(exact).max() / 4
    assert keep.shape == (15, 2, 5) and len(activity) == 3


def test_model_file_holds_tensors_and_plain_values(finished: tuple[Path, Config, dict[str, Any]]) -> None:
    run, _, _ = finished
    content = torch.load(run / "model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in content["state"].values())
    assert list((run / "logs").glob("events.out.tfevents.*"))


class Interrupted(Trainer):
    """Is interrupted in its step number `at`."""

    at = 0

    def _step(self, batch: Batch) -> Any:
        type(self).at -= 1
        if type(self).at < 0:
            raise KeyboardInterrupt
        return super()._step(batch)


@pytest.mark.parametrize("steps", [2, 9, 20])
@pytest.mark.parametrize("operand", ["raw", "refined"])
@pytest.mark.parametrize("device", DEVICES)
def test_resumed_equals_uninterrupted(
    steps: int, operand: str, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six batches an epoch: interrupted before the first checkpoint of an epoch, live, and folded."""
    config = tiny_config(gate={"operand": operand}, train={"device": device})
    whole = trained(tmp_path / "whole", config)
    Interrupted.at = steps
    monkeypatch.setattr("razorsnn.train.Trainer", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "parts", config)
    monkeypatch.undo()
    resumed = trained(tmp_path / "parts", config, resume=True)
    assert without_times(resumed) == without_times(whole)
    for name in ("graph.json", "graph.npz"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    models = [load(tmp_path / part, config).state_dict() for part in ("parts", "whole")]
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[1])


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    config = tiny_config(train={"epochs": 2, "folded_epochs": 1})
    first = trained(tmp_path, config)
    assert trained(tmp_path, config, resume=True) == first


def test_the_seed_decides(tmp_path: Path) -> None:
    runs = [trained(tmp_path / str(run), tiny_config(seed)) for run, seed in enumerate((1, 1, 2))]
    losses = [[epoch["loss"] for epoch in metrics["epochs"]] for metrics in runs]
    assert losses[0] == losses[1] != losses[2]


def test_cross_entropy_learns_too(tmp_path: Path) -> None:
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4, "loss": "cross_entropy"}, gate={"kind": "none"})
    metrics = trained(tmp_path, config)
    assert metrics["accuracy"] == 1.0
    assert metrics["pruned"] == []


def test_penalty_makes_activations_rare(tmp_path: Path) -> None:
    runs = [
        trained(tmp_path / str(penalty), tiny_config(train={"epochs": 8, "activity_penalty": penalty}))
        for penalty in (0.0, 3.0)
    ]
    free, held = (np.mean(metrics["output_activity"]) for metrics in runs)
    assert held < free / 1.5


def test_recordings_train_in_slices_and_vote(tmp_path: Path) -> None:
    """Three windows a recording, of one class each: the vote adds their scores."""
    order = np.argsort(VALIDATION.labels, kind="stable")
    held = WindowSet(VALIDATION.frames[order], VALIDATION.labels[order], np.arange(0, 15, 5))
    train = replace(TRAIN, starts=np.arange(48))
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4})
    metrics = fit(config, train, held, NAMES, SOURCE, tmp_path, False, "tiny")
    scores = quantised_scores(load(tmp_path, config), held.frames)
    winners = scores.reshape(3, 5, -1).sum(axis=1).argmax(axis=1)
    assert metrics["accuracy_by_vote"] == np.mean(winners == [0, 1, 2])
    assert metrics["epochs"][0]["accuracy_by_vote"] <= 1 and metrics["epochs"][-1]["train_accuracy"] <= 1


def test_resuming_with_other_settings_names_them(tmp_path: Path) -> None:
    trained(tmp_path, tiny_config())
    other = tiny_config(gate={"ratio": 0.5}, train={"learning_rate": 0.02}, hardware={"lanes": 8})
    with pytest.raises(
        UserError, match=r"gate.ratio was 0.4 and is 0.5; train.learning_rate was 0.01 and is 0.02; accepted: "
    ):
        trained(tmp_path, other, resume=True)


def test_resuming_on_other_data_is_refused(tmp_path: Path) -> None:
    trained(tmp_path, tiny_config())
    for other in (tiny_windows(48, 3), replace(TRAIN, starts=np.arange(0, 48, 2))):
        with pytest.raises(UserError, match="cannot resume on other data"):
            trained(tmp_path, tiny_config(), resume=True, train=other)


def test_resuming_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"checkpoint.pt: cannot be read \(No such file"):
        trained(tmp_path, tiny_config(), resume=True)


@pytest.mark.parametrize(
    ("section", "what"),
    [
        ({"network": {"layers": "5C3-AP2-3C3-3"}}, r"0\.norm\.bias is \(4,\), these settings need \(5,\)"),
        ({"network": {"layers": "4C3-AP2-3"}}, r"2\.weight is \(3, 4, 3, 3\), these settings need \(3, 4, 3, 4\)"),
        ({"gate": {"kind": "none"}}, r"1\.affine is \(2, 5\), these settings need nothing"),
        ({"gate": {"embeddings": 3}}, r"1\.affine is \(2, 5\), these settings need \(3, 5\)"),
    ],
)
def test_a_model_of_another_shape_is_refused(
    section: dict[str, Any], what: str, finished: tuple[Path, Config, dict[str, Any]]
) -> None:
    with pytest.raises(UserError, match=rf"model.pt: a model of another shape: .*{what}"):
        load(finished[0], tiny_config(**section))


def test_a_damaged_or_foreign_model_is_refused(tmp_path: Path, finished: tuple[Path, Config, dict[str, Any]]) -> None:
    whole = (finished[0] / "model.pt").read_bytes()
    path = tmp_path / "model.pt"
    for content in (whole[: len(whole) // 2], b"", b"no model", b"\x80\x02cos\nsystem\nq\x00."):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"model.pt: damaged, or not a file that `train` wrote"):
            load(tmp_path, tiny_config())
    torch.save({"schema": 1, "state": [1, 2]}, path)
    with pytest.raises(UserError, match="a model of another shape"):
        load(tmp_path, tiny_config())
    torch.save([1, 2], path)
    with pytest.raises(UserError, match="not a file that `train` wrote, of schema 1"):
        load(tmp_path, tiny_config())
    path.unlink()
    with pytest.raises(UserError, match=r"model.pt: cannot be read"):
        load(tmp_path, tiny_config())


def test_windows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    wrong = [
        (replace(TRAIN, frames=TRAIN.frames[:, :4]), r"windows of shape \(4, 2, 7, 9\); accepted: \(5, 2, 7, 9\)"),
        (replace(TRAIN, frames=TRAIN.frames + np.uint8(13)), r"a count of 1\d; accepted: 0\.\.15"),
        (WindowSet(TRAIN.frames[:0], TRAIN.labels[:0]), "training: no windows"),
    ]
    for windows, message in wrong:
        with pytest.raises(UserError, match=message):
            trained(tmp_path, tiny_config(), train=windows)
    with pytest.raises(UserError, match=r"network.layers ends in 4, the data has 3 classes"):
        trained(tmp_path, tiny_config(network={"layers": "3FC-4"}))
