"""What the folder of a training tells those who use its net."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from razorsnn.builds import MANIFEST, METRICS
from razorsnn.config import MODEL, SAVED, Config, load_config
from razorsnn.errors import UserError
from razorsnn.files import lock, read_json
from razorsnn.graphfile import FILES, load_graph
from razorsnn.samples import Samples, Seen

LOCK = ".lock"
"""Held by the training that writes to the folder."""


def require_place(run: Path) -> None:
    """UserError: what stands in `run` is no training's, and would be overwritten."""
    if (run / MANIFEST).exists():
        raise UserError(f"{run}: holds a {MANIFEST}, as a folder of sources does; accepted: a folder of its own")
    if not any((run / name).exists() for name in (SAVED, METRICS, *FILES)):
        return
    try:
        load_config(run / SAVED)
    except UserError as error:
        raise UserError(f"{run}: is something else ({error}); accepted: a new folder, or one of a training") from None


def metrics(run: Path) -> dict[str, Any] | None:
    """What a training that has ended left in `run`."""
    return read_json(run / METRICS) if (run / METRICS).exists() else None


def missing(run: Path, config: Config) -> str | None:
    """The first file of a trained net that is not there."""
    names = (MODEL, *(() if config.gate.baseline else FILES))
    return next((name for name in names if not (run / name).exists()), None)


def claim(run: Path, former: dict[str, Any] | None, claimed: ExitStack) -> None:
    """`run` is of one training alone until `claimed` ends, or its process. UserError: another one writes to it.

    Or has ended there since its metrics were `former`.
    """
    taken = lock(run / LOCK)
    if taken is None:
        raise UserError(f"{run}: another training writes to it; accepted: another --run, or its end")
    claimed.callback(taken.release)
    if metrics(run) != former:
        raise UserError(f"{run}: another training has ended there meanwhile; accepted: another --run, or once more")


def class_names(run: Path, config: Config) -> tuple[str, ...]:
    return tuple(read_json(run / METRICS)["class_names"]) if config.gate.baseline else load_graph(run).class_names


def require_graph(run: Path, config: Config) -> None:
    """UserError: no accelerator has this net's gates."""
    if config.gate.baseline:
        raise UserError(
            f"{run}: no accelerator has {config.gate.baseline}, only train and evaluate --backend float; accepted "
            "here: a run with gate.kind razor and gate.operand raw or refined, or with gate.kind peak, events, uniform "
            "or none"
        )


def seen(run: Path) -> Seen:
    """What `run` was trained with; nothing where it was not trained here."""
    found = metrics(run)
    if found is None:
        return Seen()
    return Seen(str(found["made_from"]["data"]), frozenset(found.get("recordings", ())))


def float_scores(run: Path, config: Config, samples: Samples) -> tuple[Any, Any, list[float]]:
    """Scores, keep bits and activity of the net with real weights."""
    from razorsnn import train

    return train.float_scores(train.load(run, config), samples.frames())
