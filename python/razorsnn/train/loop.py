"""The training loop: normalisation live first, then folded; from then on every number is the deployed one."""

import shutil
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.utils.tensorboard import SummaryWriter

from razorsnn.config import Config
from razorsnn.evaluation import vote
from razorsnn.progress import progress_bar
from razorsnn.train import checkpoint, fused, world
from razorsnn.train.activity import ActivityPenalty
from razorsnn.train.data import Batch, WindowSet, batch_count, training_batches
from razorsnn.train.device import chosen_device
from razorsnn.train.model import Passed, RazorNet
from razorsnn.train.quantisers import Stage
from razorsnn.train.scores import Scored, calibrate_gates, score

CALIBRATION_WINDOWS = 512
LOGS = "logs"


class Trainer:
    """Model, optimiser and schedule, epoch by epoch, with a checkpoint in `run` after each."""

    def __init__(self, config: Config, train: WindowSet, validation: WindowSet, run: Path) -> None:
        self.config, self.train, self.validation, self.run = config, train, validation, run
        self.steps = batch_count(train, config.train.batch)
        self.device = chosen_device(config.train.device)
        self.model = RazorNet(config).to(self.device)
        self.shared = world.shared(self.model)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=config.train.learning_rate)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, max_lr=config.train.learning_rate, total_steps=config.train.epochs * self.steps
        )
        hidden, steps = len(self.model.layers) - 1, config.train.epochs * self.steps
        self.activity = ActivityPenalty(config.train, hidden, steps, self.device)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=config.train.precision == "float16")
        if config.train.compile:
            fused.require(self.model.layers[0].neuron, self.model.layers[0].weight, config.data.frames)
        self.history: list[dict[str, Any]] = []
        self.data = checkpoint.data_hash(train, validation)
        world.require_alike("settings", checkpoint.settings_text(config))
        world.require_alike("recordings", self.data)

    @property
    def epoch(self) -> int:
        """Whole epochs done."""
        return len(self.history)

    def save(self) -> None:
        if world.rank():
            return
        checkpoint.save(
            self.run / checkpoint.CHECKPOINT,
            {
                "settings": checkpoint.settings_text(self.config),
                "data": self.data,
                "stage": self.model.stage.value,
                "model": self.model.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(),
                "penalties": self.activity.state,
                "scaler": self.scaler.state_dict(),
                "history": self.history,
            },
        )

    def resume(self) -> None:
        """Goes back to the last checkpoint. UserError: there is none, or it is of other settings or data."""
        path = self.run / checkpoint.CHECKPOINT
        content = world.told(lambda: checkpoint.read_same(path, self.config, self.data))
        checkpoint.restore(path, self.model, content["model"])
        self.model.stage = Stage(content["stage"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.schedule.load_state_dict(content["schedule"])
        if "penalties" in content:
            self.activity.state.copy_(content["penalties"])
        if self.scaler.is_enabled():
            self.scaler.load_state_dict(content["scaler"])
        self.history = content["history"]

    def fit(self) -> None:
        """Trains from where it stands to the last epoch."""
        if self.epoch == 0:
            if not world.rank():
                shutil.rmtree(self.run / LOGS, ignore_errors=True)
            self.save()
        total, silent = self.config.train.epochs, world.rank() > 0
        bar = progress_bar(
            total=total * self.steps, initial=self.epoch * self.steps, unit="batch", desc="training", disable=silent
        )
        with bar, nullcontext() if silent else SummaryWriter(str(self.run / LOGS), purge_step=self.epoch) as writer:
            while self.epoch < total:
                bar.set_description(f"epoch {self.epoch + 1}/{total}")
                self.history.append(self._epoch(bar))
                self.save()
                if writer:
                    _log(writer, self.history[-1])
                bar.set_postfix_str(_summary(self.history[-1]))

    def _epoch(self, bar: Any) -> dict[str, Any]:
        started = time.monotonic()
        if self.epoch == self.config.train.epochs - self.config.train.folded_epochs:
            self._fold()
        self.model.train()
        losses, hits = [], []  # read at the end: to read a number is to wait for a GPU
        for drawn in training_batches(self.config, self.train, self.epoch):
            batch = drawn.on(self.device)
            loss, passed = self._step(batch)
            losses.append(loss)
            hits.append((passed.scores.argmax(dim=1) == batch.labels).sum())
            bar.update()
        sums = [float(np.mean([float(loss) for loss in losses])), float(torch.stack(hits).sum())]
        loss, right = world.summed(torch.tensor(sums, dtype=torch.float64)).tolist()
        found = score(self.model, self.validation.frames, self.model.stage)
        return {
            "epoch": self.epoch + 1,
            "stage": self.model.stage.value,
            "loss": loss,
            "train_accuracy": right / len(self.train),
            **validation_metrics(found, self.validation),
            "seconds": time.monotonic() - started,
        }

    def _step(self, batch: Batch) -> tuple[torch.Tensor, Passed]:
        passed: Passed = self.shared(batch.frames)
        loss = self._loss(passed, batch.labels) * (len(batch.labels) / batch.total)
        self.optimiser.zero_grad()
        self.scaler.scale(loss * world.size()).backward()  # of which the mean over processes is taken
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.step()
        self.activity.follow(passed)
        return loss.detach(), passed

    def _loss(self, passed: Passed, labels: torch.Tensor) -> torch.Tensor:
        """Rate loss on the output averaged over T, and the activity penalty."""
        rate = passed.scores.to(self.model.dtype) / self.config.data.frames
        settings = self.config.train
        if settings.loss == "mse":
            loss = functional.mse_loss(rate, functional.one_hot(labels, rate.shape[1]).to(rate.dtype))
        else:
            loss = functional.cross_entropy(rate, labels)
        penalty = self.activity.loss(passed)
        return loss if penalty is None else loss + penalty

    def _fold(self) -> None:
        """From here on normalisation is frozen and folded; thresholds are set anew on the folded net."""
        self.model.stage = Stage.EXACT
        rng = np.random.default_rng(self.config.seed)
        some = rng.permutation(len(self.train.frames))[:CALIBRATION_WINDOWS]
        calibrate_gates(self.model, self.train.frames[some])


def validation_metrics(found: Scored, windows: WindowSet) -> dict[str, Any]:
    starts = windows.starts
    votes = {} if starts is None else {"accuracy_by_vote": vote(windows.labels, found.scores, starts)}
    return votes | {
        "accuracy": found.accuracy(windows.labels),
        "activity": found.activity,
        "output_activity": found.outputs,
        "pruned": found.pruned,
    }


def _summary(metrics: dict[str, Any]) -> str:
    return f"loss {metrics['loss']:.4f}, validation {100 * metrics['accuracy']:.1f} %"


def _log(writer: SummaryWriter, metrics: dict[str, Any]) -> None:
    epoch = metrics["epoch"]
    for name in ("loss", "train_accuracy", "accuracy"):
        writer.add_scalar(name, metrics[name], epoch)
    for name in ("activity", "output_activity", "pruned"):
        for index, value in enumerate(metrics[name]):
            writer.add_scalar(f"{name}/{index}", value, epoch)
