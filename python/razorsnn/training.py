"""A training and the folder that it fills: one at a time, whole or told, and left alone once it is done."""

import logging
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from razorsnn import processes, trained
from razorsnn.builds import METRICS
from razorsnn.config import MODEL, SAVED, Config, save_config
from razorsnn.files import make_folder, remove_file, write_json
from razorsnn.graphfile import FILES
from razorsnn.ir import Source
from razorsnn.samples import Samples, split, votes

logger = logging.getLogger("razorsnn")


def train_on(samples: Samples, run: Path, config: Config, resume: bool) -> dict[str, Any]:
    """`flow.train`, on windows that were read, or on some of them."""
    with processes.joined():
        return _trained(samples, run, config, resume)


def _trained(samples: Samples, run: Path, config: Config, resume: bool) -> dict[str, Any]:
    made_from = {"settings": config.fingerprint(), "data": samples.fingerprint}
    processes.told(lambda: trained.require_place(run))
    finished, missing = processes.told(lambda: (trained.metrics(run), trained.missing(run, config)))
    if finished and not missing and finished["made_from"] == made_from:
        return {**finished["metrics"], "run": run, "up_to_date": True}
    if finished:
        why = f"its {missing} is missing" if missing else "was trained with other settings or on other data"
        logger.warning("%s: %s; it is trained anew", run, why)
    return _train(samples, run, config, resume and finished is None, made_from, finished)


def _train(
    samples: Samples,
    run: Path,
    config: Config,
    resume: bool,
    made_from: dict[str, str],
    former: dict[str, Any] | None,
) -> dict[str, Any]:
    from razorsnn.train import WindowSet, fit
    from razorsnn.train.checkpoint import CHECKPOINT

    chosen, held = split(samples, config)
    train_set, held_set = (WindowSet(part.frames(), part.labels, votes(part, config)) for part in (chosen, held))
    resumed = resume and processes.told(lambda: (run / CHECKPOINT).exists())
    source = Source(config.data.sensor, config.data.dt_us)
    with ExitStack() as claimed:
        begin = partial(processes.told, partial(_begun, run, config, resumed, former, claimed))
        found = fit(config, train_set, held_set, samples.class_names, source, run, resumed, run.name, begin)
        epochs = found.pop("epochs")
        metrics = {"windows": {"train": len(chosen.slots), "validation": len(held.slots)}, **found}
        content = {
            "made_from": made_from,
            "source": samples.source,
            "class_names": list(samples.class_names),
            "recordings": [chosen.prints[name] for name in chosen.recordings],
            "validation": held.names,
            "metrics": metrics,
            "epochs": epochs,
        }
        processes.told(lambda: write_json(run / METRICS, content))
    return metrics | {"run": run}


def _begun(run: Path, config: Config, resumed: bool, former: dict[str, Any] | None, claimed: ExitStack) -> None:
    """Makes the folder `run`, without a former net: what is in it from here on is of one training."""
    from razorsnn.train.checkpoint import CHECKPOINT

    make_folder(run)
    trained.claim(run, former, claimed)
    for stale in (METRICS, MODEL, *FILES, *([] if resumed else [CHECKPOINT])):
        remove_file(run / stale)
    save_config(config, run / SAVED)
