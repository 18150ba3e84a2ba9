"""A table of the paper, run: every row with every seed, mean and spread, the paper's figure beside ours."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from razorsnn.config import Config
from razorsnn.differing import differing
from razorsnn.errors import UserError
from razorsnn.experiments import plots
from razorsnn.experiments.runs import RESULT, Runs, figures, made
from razorsnn.experiments.tables import (
    QUICK_RECORDINGS,
    Row,
    Table,
    base_config,
    changed,
    dataset_name,
    default_folder,
    find_table,
    merged,
    quick,
)
from razorsnn.files import make_folder, read_json, write_json
from razorsnn.progress import progress_bar

OWNER, RESULTS, RUNS = "made_from.json", "results.json", "runs"


def reproduce(
    table: str, data: str, given: Path | None, seeds: int, is_quick: bool, out: Path | None, jobs: int
) -> dict[str, Any]:
    """Runs what is not yet there, `jobs` at once, and writes out/<table>/results.json and figure.svg.

    Rows of all tables share their runs in out/runs. UserError: no such table or data set, settings that do not fit, a
    folder that holds results of other settings or data.
    """
    out = out or default_folder("reproduce", data, is_quick)
    wanted = find_table(table)
    base = base_config(data, given)
    base = quick(base) if is_quick else base
    plan = [(row, _config(base, row, base.seed + index)) for row in wanted.rows for index in range(seeds)]
    for _, config in plan:
        config.require_fitting_pools()
        config.require_fitting_hardware()
    runs = Runs(out / RUNS, data, QUICK_RECORDINGS if is_quick else None)
    _claim(out, data, base, runs)
    distinct = {runs.path(config): config for _, config in plan}  # rows of the same settings share their runs
    with progress_bar(total=len(distinct), desc=wanted.name, unit="run", leave=False) as bar:
        for _ in made(runs, list(distinct.values()), jobs):
            bar.update()
    found: dict[str, list[dict[str, Any]]] = {row.name: [] for row in wanted.rows}
    for row, config in plan:
        found[row.name].append(runs.result(config) | {"seed": config.seed, "run": str(runs.path(config))})
    return _written(wanted, data, is_quick, base, found, runs, out / wanted.name)


def _config(base: Config, row: Row, seed: int) -> Config:
    return changed(base, merged(row.settings, {"seed": seed}), f"{row.name} over the settings")


def _claim(out: Path, data: str, base: Config, runs: Runs) -> None:
    """Notes whose results `out` holds. UserError: those of others."""
    samples = runs.samples(base)
    mine = {"data": samples.fingerprint, "windows": len(samples.slots), "settings": base.model_dump(mode="json")}
    path = out / OWNER
    if path.exists() and any(runs.folder.glob(f"*/{RESULT}")):
        found = differing(read_json(path), mine)
        if found:
            raise UserError(
                f"{out}: holds results of other settings or data: {'; '.join(found)}; accepted: the same, or another "
                "folder for --out"
            )
    else:
        make_folder(out)
        write_json(path, mine)


def _written(
    table: Table,
    data: str,
    is_quick: bool,
    base: Config,
    found: Mapping[str, list[dict[str, Any]]],
    runs: Runs,
    folder: Path,
) -> dict[str, Any]:
    rows = [summary(row, found[row.name], dataset_name(data)) for row in table.rows]
    held = runs.held(base)
    result = {
        "table": table.name,
        "title": table.title,
        "data": data,
        "quick": is_quick,
        "unseen_windows": len(held.slots),
        "seeds": [run["seed"] for run in found[table.rows[0].name]],
        "units": "percent, but for cycles",
        "rows": rows,
        "notes": {row.name: row.note for row in table.rows if row.note},
    }
    write_json(folder / RESULTS, result | {"runs": found})
    if table.maps:
        nets = [(row.name, Path(found[row.name][0]["run"])) for row in table.rows]
        plots.activity_maps(nets, base.hardware.lanes, held.chosen([0]), folder / "figure.svg")
    else:
        plots.rows(table.title, rows, found, folder / "figure.svg")
    return result | {"results": folder / RESULTS, "figure": folder / "figure.svg"}


def summary(row: Row, runs: list[dict[str, Any]], dataset: str | None) -> dict[str, Any]:
    """Of the runs of a row: mean and spread (sample standard deviation) over seeds, means of all else.

    None: the paper's figure is not known to us; no accelerator, so no cycles; one seed, so no spread.
    """
    found = [figures(run) for run in runs]
    accuracy, cycles = ([one[key] for one in found] for key in ("accuracy", "cycles"))
    return {
        "row": row.name,
        "accuracy": fmean(accuracy),
        "spread": stdev(accuracy) if len(accuracy) > 1 else None,
        "paper": row.paper.get(dataset or ""),
        "pruned": fmean(one["pruned"] for one in found),
        "activity": fmean(one["activity"] for one in found),
        "cycles": None if None in cycles else fmean(cycles),
    }
