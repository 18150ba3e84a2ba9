"""Sweeps over settings with Optuna: which nets no other beats in accuracy, activity and cycles at once.

The study in the storage knows what was tried, whoever tried it: processes and machines that share the storage share
the sweep. Each trial is a run of runs.py, so one that was interrupted goes on from its checkpoint.
"""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from razorsnn.config import Config
from razorsnn.differing import differing
from razorsnn.errors import UserError
from razorsnn.experiments import plots
from razorsnn.experiments.runs import Runs, figures
from razorsnn.experiments.space import Choice, Dimension, combinations, nested, parse_space
from razorsnn.experiments.tables import QUICK_RECORDINGS, base_config, changed, default_folder, quick
from razorsnn.experiments.watch import Watch
from razorsnn.files import make_folder, write_json

OBJECTIVES = {
    "accuracy": StudyDirection.MAXIMIZE,
    "activity": StudyDirection.MINIMIZE,
    "cycles": StudyDirection.MINIMIZE,
}
DONE = (TrialState.COMPLETE, TrialState.PRUNED)
MADE_FROM, REFUSED = "made_from", "refused"
HEARTBEAT_S = 30


def sweep(
    data: str,
    over: Sequence[str],
    given: Path | None,
    trials: int,
    is_quick: bool,
    storage: str | None,
    out: Path | None,
) -> dict[str, Any]:
    """Goes on until `trials` are done, and writes out/results.json and front.svg.

    storage: URL of a database; without, out/sweep.db. UserError: a setting or value that is not accepted, settings
    without an accelerator, a study of other settings or data, a storage that cannot be reached, no trial that could be
    measured.
    """
    warnings.filterwarnings("ignore", category=ExperimentalWarning)  # heartbeats and the grid, since years
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # a warning is the traceback of what is told anyway
    out = out or default_folder("sweep", data, is_quick)
    base = base_config(data, given)
    base = quick(base) if is_quick else base
    space = parse_space(over, base)
    _require_accelerators(base, space)
    runs = Runs(out / "runs", data, QUICK_RECORDINGS if is_quick else None)
    samples = runs.samples(base)
    made_from = {
        "data": samples.fingerprint,
        "windows": len(samples.slots),
        "over": dict(text.split("=", 1) for text in over),
        "settings": base.model_dump(mode="json"),
    }
    make_folder(out)
    url = storage or f"sqlite:///{(out / 'sweep.db').resolve()}"
    study, first = _opened(url, made_from)
    study.sampler = _sampler(space, base.seed if first else None, trials)
    wanted = int(min(trials, combinations(space)))
    with Watch(wanted, lambda: rows(study)) as watch:
        while sum(trial.state in DONE for trial in study.get_trials(deepcopy=False)) < wanted:
            _one_trial(study, space, base, runs, watch)
    return _written(study, runs.data, out)


def _require_accelerators(base: Config, space: Sequence[Dimension]) -> None:
    settings = [base]
    for one in space:
        values = one.values if isinstance(one, Choice) else ()
        settings += [changed(base, nested(one.key, value), one.key) for value in values]
    for config in settings:
        if config.gate.baseline:
            raise UserError(
                f"{config.gate.baseline}: no accelerator has it, so it has no cycles to compare; accepted: gates that "
                "are deployed"
            )


def _sampler(space: Sequence[Dimension], seed: int | None, trials: int) -> optuna.samplers.BaseSampler:
    """Each combination once where they are few; else TPE, which learns from what all processes found.

    Without a seed it draws as no other process does.
    """
    if combinations(space) <= trials:
        return optuna.samplers.BruteForceSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, constant_liar=True)


def _opened(url: str, made_from: dict[str, Any]) -> tuple[optuna.Study, bool]:
    """The study at `url`, and whether it is new; trials of processes that died are handed out again."""
    try:
        store = optuna.storages.RDBStorage(
            url,
            heartbeat_interval=HEARTBEAT_S,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
        )
        study = optuna.create_study(
            storage=store,
            study_name="razorsnn",
            directions=list(OBJECTIVES.values()),
            load_if_exists=True,
        )
    except Exception as error:  # of SQLAlchemy, of the database's driver, or that there is none
        text = " ".join(str(error).split())
        raise UserError(
            f"{url}: no storage can be opened there ({text}); accepted: a URL such as sqlite:///FILE, or "
            "postgresql://USER@HOST/NAME with its driver"
        ) from None
    stored = study.user_attrs.get(MADE_FROM)
    if stored is None:
        study.set_user_attr(MADE_FROM, made_from)
    elif found := differing(stored, made_from):
        raise UserError(
            f"{url}: holds a sweep of other settings or data: {'; '.join(found)}; accepted: the same, or another "
            "--out or --storage"
        )
    return study, stored is None


def _one_trial(study: optuna.Study, space: Sequence[Dimension], base: Config, runs: Runs, watch: Watch) -> None:
    """A trial that is interrupted, or fails, is put back, to be gone on with by whoever comes next."""

    def objective(trial: optuna.Trial) -> Sequence[float]:
        chosen = {one.key: _suggested(trial, one) for one in space}
        watch.running = chosen
        return _measured(trial, chosen, base, runs, watch)

    try:
        study.optimize(objective, n_trials=1)
    except BaseException:
        study.enqueue_trial(watch.running)
        raise


def _suggested(trial: optuna.Trial, one: Dimension) -> Any:
    if isinstance(one, Choice):
        return trial.suggest_categorical(one.key, one.values)
    if one.whole:
        return trial.suggest_int(one.key, int(one.low), int(one.high), log=one.log)
    return trial.suggest_float(one.key, one.low, one.high, log=one.log)


def _measured(
    trial: optuna.Trial, chosen: dict[str, Any], base: Config, runs: Runs, watch: Watch
) -> tuple[float, float, float]:
    """Settings that do not go together are refused, noted, and not tried again."""
    try:
        config = base
        for key, value in chosen.items():
            config = changed(config, nested(key, value), "trial")
        config.require_fitting_pools()
        config.require_fitting_hardware()
        with watch.quiet():
            found = figures(runs.result(config))
    except UserError as error:
        trial.set_user_attr(REFUSED, str(error))
        raise optuna.TrialPruned from None
    trial.set_user_attr("run", str(runs.path(config)))
    return found["accuracy"], found["activity"], found["cycles"]


def rows(study: optuna.Study) -> list[dict[str, Any]]:
    """The front: the trials that no other beats in one objective without losing in another; most accurate first."""
    front = study.best_trials if any(t.state is TrialState.COMPLETE for t in study.get_trials(deepcopy=False)) else []
    unique = {tuple(sorted(trial.params.items(), key=lambda item: item[0])): trial for trial in front}
    return sorted((_row(trial) for trial in unique.values()), key=lambda row: (-row["accuracy"], row["cycles"]))


def _row(trial: FrozenTrial) -> dict[str, Any]:
    values = trial.values or [math.nan] * len(OBJECTIVES)
    return {"trial": trial.number, **dict(zip(OBJECTIVES, values, strict=True)), **trial.params}


def _written(study: optuna.Study, data: str, out: Path) -> dict[str, Any]:
    trials = study.get_trials(deepcopy=False)
    done = [_row(trial) for trial in trials if trial.state is TrialState.COMPLETE]
    refused = [
        {"trial": trial.number, **trial.params, "why": trial.user_attrs[REFUSED]}
        for trial in trials
        if trial.state is TrialState.PRUNED
    ]
    front = rows(study)
    result = {"data": data, "trials": len(done), "refused": refused, "front": front}
    write_json(out / "results.json", result | {"all": done})
    if refused and not done:
        raise UserError(f"{out}: none of {len(refused)} trials could be measured: {refused[0]['why']}")
    plots.front(done, front, out / "front.svg")
    return result | {"results": out / "results.json", "figure": out / "front.svg"}
