"""Training: windows of frames in, a quantised net out. The only importers of torch."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before torch is loaded: threads that wait sleep. Those that spin bring a machine with other work to a crawl.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# A GPU's matrix products add in one order only where they have this room.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch

from razorsnn.config import MODEL, Config
from razorsnn.errors import UserError
from razorsnn.graphfile import FILES, save_graph
from razorsnn.ir import Source
from razorsnn.train import checkpoint, world
from razorsnn.train.data import WindowSet, batch_count, check_windows
from razorsnn.train.export import to_graph
from razorsnn.train.loop import Trainer, validation_metrics
from razorsnn.train.model import RazorNet
from razorsnn.train.quantisers import Stage
from razorsnn.train.scores import float_scores, quantised_scores, score

__all__ = ["RazorNet", "WindowSet", "fit", "float_scores", "load", "quantised_scores"]


def fit(
    config: Config,
    train: WindowSet,
    validation: WindowSet,
    class_names: tuple[str, ...],
    source: Source,
    run: Path,
    resume: bool,
    name: str,
    begin: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Trains, and writes to `run`: model.pt, graph.json + graph.npz, logs, checkpoint.pt after each epoch.

    A net with gates that are baselines has no graph. `begin` is called when nothing is refused any more, and before
    anything is written.
    Returns metrics of the deployed integers on `validation`, of the same net with real weights ("float"), and of
    each epoch ("epochs"). Resumed, the result is that of a training without interruption.
    UserError: windows or classes that do not fit the settings; a checkpoint that is missing or of other settings.
    """
    for windows, what in ((train, "training"), (validation, "validation")):
        check_windows(config, windows, what, len(class_names))
    if config.train.batch * config.data.frames == 1:
        raise UserError("train.batch 1 with data.frames 1: nothing to normalise over; accepted: 2 or more of either")
    torch.set_num_threads(config.train.threads)
    _require_shares(train, config)
    trainer = Trainer(config, train, validation, run)
    if resume:
        trainer.resume()
    begin()
    trainer.fit()
    model = trainer.model.cpu()  # where float32 sums are exact; a GPU's convolutions may round
    if not world.rank():
        _write(model, name, class_names, source, run, config.gate.baseline is None)
    return {
        **validation_metrics(score(model, validation.frames, Stage.EXACT), validation),
        "float": validation_metrics(score(model, validation.frames, Stage.FLOAT), validation),
        "epochs": trainer.history,
    }


def _require_shares(train: WindowSet, config: Config) -> None:
    smallest = len(train) // batch_count(train, config.train.batch)
    if smallest < world.size():
        raise UserError(
            f"train.batch {config.train.batch}: a batch has {smallest} windows for {world.size()} processes; accepted: "
            "at least one for each"
        )


def _write(model: RazorNet, name: str, class_names: tuple[str, ...], source: Source, run: Path, deployed: bool) -> None:
    checkpoint.save(run / MODEL, {"state": model.state_dict()})
    if deployed:
        save_graph(to_graph(model, name, class_names, source, {}), run / FILES[0])
    else:
        for stale in FILES:
            (run / stale).unlink(missing_ok=True)


def load(run: Path, config: Config) -> RazorNet:
    """The trained net of `run`. UserError: no model.pt, a damaged one, or one of another shape than `config`."""
    torch.set_num_threads(config.train.threads)
    path = run / MODEL
    content = checkpoint.read(path)
    model = RazorNet(config)
    checkpoint.restore(path, model, content.get("state"))
    model.stage = Stage.EXACT
    return model.eval()
