"""The folds of benchmarks/folds.py: every recording unseen once, and every unseen window counted once."""

import pytest

from benchmarks.folds import figures_of, fold_config, in_fold, refusal
from razorsnn.samples import Samples, read_samples, split
from tests.tiny_flow import flow_config

FOLDS = 3


@pytest.fixture(scope="module")
def samples() -> Samples:
    return read_samples("simulated", flow_config())


def held(samples: Samples, fold: int, seed: int = 1) -> list[str]:
    return split(in_fold(samples, fold, FOLDS, seed), fold_config(flow_config()))[1].recordings


def test_each_recording_is_unseen_once(samples: Samples):
    unseen = [name for fold in range(FOLDS) for name in held(samples, fold)]
    assert sorted(unseen) == samples.recordings


def test_a_fold_has_its_share_of_each_class(samples: Samples):
    labels = {slot.recording: slot.label for slot in samples.slots}
    for label in set(labels.values()):
        count = list(labels.values()).count(label)
        found = [sum(labels[name] == label for name in held(samples, fold)) for fold in range(FOLDS)]
        assert all(count // FOLDS <= one <= -(-count // FOLDS) for one in found)


def test_other_windows_than_the_unseen_train(samples: Samples):
    folded = in_fold(samples, 0, FOLDS, 1)
    train, validation = split(folded, fold_config(flow_config()))
    assert sorted([*train.names, *validation.names]) == sorted(samples.names)
    assert not set(train.recordings) & set(validation.recordings)


def test_a_net_of_other_folds_is_trained_anew(samples: Samples):
    """It knows what was unseen then: `train_on` tells data by its fingerprint."""
    folds = [(0, 3), (1, 3), (0, 2)]
    assert len({in_fold(samples, fold, of, 1).fingerprint for fold, of in folds}) == len(folds)


@pytest.mark.parametrize(("folds", "jobs", "told"), [(1, 2, "--folds 1"), (99, 2, "--folds 99"), (2, 0, "--jobs 0")])
def test_what_cannot_be_done_is_told_before_the_trainings(samples: Samples, folds: int, jobs: int, told: str):
    assert refusal(samples, flow_config(), folds, jobs).startswith(f"{told}; accepted: ")


def test_settings_without_a_gate_are_told(samples: Samples):
    assert "gate.kind none" in refusal(samples, flow_config(gate={"kind": "none"}), FOLDS, 1)
    assert refusal(samples, flow_config(), FOLDS, 1) == ""


def test_folds_are_drawn_with_the_seed(samples: Samples):
    assert held(samples, 0, seed=1) == held(samples, 0, seed=1) != held(samples, 0, seed=2)


def test_each_window_counts_once():
    run = {"windows": 30, "right": 29, "right, float": 30, "cycles": 10.0, "dense": 500.0, "bound": 9.0}
    run |= {"skip": 20.0, "prune": 400.0, "fold": 250.0, "saved": 8.0, "cost": 1.0, "differ in RTL": 0}
    runs = [run, run | {"windows": 10, "right": 8, "cycles": 20.0, "cost": 5.0, "differ in RTL": 2}]
    found = {name.split(": ", 1)[1]: value for name, value, _, _ in figures_of("net", "engine", runs)}
    assert found["accuracy on unseen windows, integers"] == 37 / 40
    assert found["cycles a window after the last event, engine"] == 12.5
    assert found["dense engine / measured, engine"] == 40
    assert found["dense engine / fold alone, engine"] == 2
    assert found["gates: (saved - cost) / saved, engine"] == 0.75
    assert found["RTL windows that differ, engine"] == 2
