"""How a training step runs: on which device, in which precision, with which loop over time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.graphfile import load_graph
from razorsnn.plan import make_plan
from razorsnn.targets.reference import run_window
from razorsnn.train import fused, load, quantised_scores
from razorsnn.train.data import training_batches
from razorsnn.train.device import chosen_device
from razorsnn.train.loop import Trainer
from razorsnn.train.model import MIXED
from razorsnn.train.neuron import NeuronSettings, membranes
from razorsnn.train.quantisers import Stage
from razorsnn.train.scores import score
from tests.tiny_flow import flow_config, process_refusal, save_toml
from tests.train.elsewhere import emulated
from tests.train.test_fit import TRAIN, VALIDATION, Interrupted, trained, without_times
from tests.train.tiny import DEVICES, tiny_config

ROUNDING = 1e-13
"""Of sums of a few doubles near 1."""
COMPILED = {"epochs": 2, "folded_epochs": 1, "precision": "double"}


def trainer(run: Path, gate: dict[str, Any], **settings: Any) -> Trainer:
    return Trainer(tiny_config(gate=gate, train=settings), TRAIN, VALIDATION, run)


# ---- device

GATES = {
    "razor": {},
    "refined": {"operand": "refined"},
    "relative": {"threshold": "relative"},
    "static": {"threshold": "static"},
    **{kind: {"kind": kind} for kind in ("ta", "peak", "events", "uniform", "random")},
}


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_without_a_gpu_training_runs_on_the_cpu(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device(name) == torch.device("cpu")


def test_a_gpu_that_torch_does_not_see_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"train.device cuda: torch .* sees no such device; accepted here: auto, cpu$"):
        trained(tmp_path, tiny_config(train={"device": "cuda"}))


@pytest.mark.parametrize(("name", "rank", "index"), [("auto", "0", 0), ("cuda", "1", 1), ("cuda", "5", 1)])
def test_each_process_of_a_machine_takes_a_gpu_of_its_own(
    name: str, rank: str, index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[torch.device] = []
    deterministic: list[bool] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda on, warn_only: deterministic.append(on))
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setenv("LOCAL_RANK", rank)
    assert chosen_device(name) == torch.device("cuda", index) == taken[0]
    assert not torch.backends.cudnn.allow_tf32
    assert deterministic == [True]


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("device", DEVICES)
def test_a_seed_gives_one_net_on_any_device(gate: str, device: str, tmp_path: Path) -> None:
    config = tiny_config(gate=GATES[gate], train={"epochs": 2, "folded_epochs": 1, "device": device})
    runs = [without_times(trained(tmp_path / name, config)) for name in "ab"]
    assert runs[0] == runs[1]


@pytest.mark.filterwarnings("ignore:.* to a meta parameter in the current model")  # it is copied here
@pytest.mark.parametrize("gate", GATES)
def test_a_training_elsewhere_keeps_its_tensors_together(
    gate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an emulated device, interrupted and resumed: the numbers of the CPU, and files that a CPU reads."""
    short = {"epochs": 2, "folded_epochs": 1, "batch": 16, "activity_target": 0.1}
    config = tiny_config(gate=GATES[gate], train=short, network={"layers": "4C3-AP2-3FC-3"})
    expected = trained(tmp_path / "here", config)
    with emulated() as emulation:
        Interrupted.at = 4
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr("razorsnn.train.Trainer", Interrupted)
            trained(tmp_path / "there", config)
        found = trained(tmp_path / "there", config, resume=True)
    assert emulation.count > 1000
    assert without_times(found) == without_times(expected)
    ours, theirs = (load(tmp_path / place, config).state_dict() for place in ("there", "here"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


# ---- precision


PRODUCTS = [getattr(torch.ops.aten, name).default for name in ("convolution", "conv2d", "addmm", "mm", "linear")]


class Products(TorchDispatchMode):
    """Notes in which types convolutions and matrix products are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.types: set[torch.dtype] = set()

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        if function in PRODUCTS:
            self.types.update(given.dtype for given in arguments if isinstance(given, torch.Tensor))
        return function(*arguments, **(named or {}))


def multiplied_in(what: Callable[[], object]) -> set[torch.dtype]:
    with Products() as products:
        what()
    return products.types


@pytest.mark.parametrize("name", MIXED)
def test_only_live_training_steps_multiply_in_16_bits(name: str, tmp_path: Path) -> None:
    found = trainer(tmp_path, {"kind": "none"}, precision=name)
    batch = next(training_batches(found.config, TRAIN, 0))
    found.model.train()
    assert multiplied_in(lambda: found._step(batch)) == {MIXED[name]}
    assert {parameter.dtype for parameter in found.model.parameters()} == {torch.float32}
    assert multiplied_in(lambda: score(found.model, VALIDATION.frames, Stage.LIVE)) == {torch.float32}
    found._fold()
    assert multiplied_in(lambda: found._step(batch)) == {torch.float32}


@pytest.mark.parametrize("name", MIXED)
def test_a_net_learns_in_mixed_precision_and_is_deployed_as_it_scores(name: str, tmp_path: Path) -> None:
    config = tiny_config(train={"epochs": 12, "folded_epochs": 4, "precision": name})
    metrics = trained(tmp_path, config)
    assert metrics["accuracy"] == 1.0
    plan = make_plan(load_graph(tmp_path), lanes=4)
    expected = [run_window(plan, window).scores for window in VALIDATION.frames]
    assert np.array_equal(quantised_scores(load(tmp_path, config), VALIDATION.frames), expected)


@pytest.mark.parametrize("name", MIXED)
def test_mixed_training_resumes_as_if_it_had_not_stopped(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(train={"precision": name})
    whole = trained(tmp_path / "whole", config)
    Interrupted.at = 9
    monkeypatch.setattr("razorsnn.train.Trainer", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "parts", config)
    monkeypatch.undo()
    assert without_times(trained(tmp_path / "parts", config, resume=True)) == without_times(whole)


def test_steps_run_in_another_way_are_other_settings(tmp_path: Path) -> None:
    trained(tmp_path, tiny_config())
    other = tiny_config(train={"precision": "bfloat16", "device": "auto", "compile": True})
    told = (
        r"train.compile was False and is True; train.device was cpu and is auto; train.precision was single and is "
        r"bfloat16; accepted: "
    )
    with pytest.raises(UserError, match=told):
        trained(tmp_path, other, resume=True)


# ---- the compiled loop


@pytest.mark.parametrize("reset", ["zero", "threshold", "subtract"])
@pytest.mark.parametrize("z_frac", [None, 6])
def test_the_loop_that_is_compiled_is_the_plain_one(reset: str, z_frac: int | None) -> None:
    """In doubles. Sums lie on the grid, so that some meet the threshold and the surrogate's ends."""
    settings = NeuronSettings("liaf", reset, 77, 0.5, 0.25, Format(False, 4, 2))
    z = (torch.randn(6, 500, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 64).round() / 64
    plain = z.clone().requires_grad_()
    u = membranes(plain, settings, settings.v_th, z_frac)
    levels = torch.tensor([settings.alpha, 0.5, 0.375, 0.625, 0.25], dtype=torch.float64)
    leak = None if z_frac is None else torch.tensor([settings.alpha * 2.0**z_frac, 2.0**-z_frac], dtype=torch.float64)
    found = fused.forward(z, levels, leak, reset)
    assert {0.375, 0.5, 0.625} <= set(u.flatten().tolist())
    torch.testing.assert_close(found, u.detach(), rtol=0, atol=0 if z_frac else ROUNDING)
    gradient = torch.randn(u.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    u.backward(gradient)
    assert plain.grad is not None
    torch.testing.assert_close(fused.backward(gradient, u.detach(), levels, reset), plain.grad, rtol=0, atol=ROUNDING)


def test_a_compiled_training_is_the_plain_one(tmp_path: Path) -> None:
    """In doubles, live and folded: the same integers, and losses but for rounding."""
    runs = {compiled: trained(tmp_path / str(compiled), tiny_config(train=COMPILED | {"compile": compiled}))
            for compiled in (False, True)}  # fmt: skip
    for name in ("graph.npz",):
        assert (tmp_path / "True" / name).read_bytes() == (tmp_path / "False" / name).read_bytes()
    plain, compiled = ([epoch["loss"] for epoch in runs[key]["epochs"]] for key in (False, True))
    assert compiled == pytest.approx(plain, rel=1e-9)
    assert runs[True]["activity"] == runs[False]["activity"]


def test_a_compiler_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    settings = save_toml(flow_config(train={"compile": True}), tmp_path / "c.toml")
    environment = {"CXX": "/bin/false", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    command = ("train", "--data", "simulated", "--config", settings, "--run", tmp_path / "run")
    told = process_refusal(environment, *command)
    assert "train.compile: torch cannot compile here" in told and "accepted: false, or g++" in told
