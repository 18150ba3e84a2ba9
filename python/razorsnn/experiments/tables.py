"""The tables that can be run, from tables.toml: rows of settings, and the paper's figures beside them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from razorsnn.assets import asset
from razorsnn.config import Config, load_config, validated
from razorsnn.datasets import ACCEPTED, MADE, STORED
from razorsnn.errors import UserError

FILE = Path(__file__).with_name("tables.toml")

QUICK_EPOCHS, QUICK_FOLDED, QUICK_RECORDINGS, QUICK_VALIDATION = 16, 4, 400, 0.3
"""Of a quick run: at most so many epochs and recordings, at least such a share of them unseen."""


@dataclass(frozen=True)
class Row:
    """`settings` change those of the data set. `paper`: accuracy in percent by data set."""

    name: str
    settings: dict[str, Any]
    paper: dict[str, float]
    note: str | None


@dataclass(frozen=True)
class Table:
    """`maps`: the figure shows where activations are, not how many windows are told."""

    name: str
    title: str
    rows: tuple[Row, ...]
    maps: bool


def read_tables() -> dict[str, Table]:
    return {name: _table(name, values) for name, values in tomllib.loads(FILE.read_text()).items()}


def _table(name: str, values: dict[str, Any]) -> Table:
    rows = [
        Row(row["name"], merged(values["base"], row["settings"]), row.get("paper", {}), row.get("note"))
        for row in values["rows"]
    ]
    return Table(name, values["title"], tuple(rows), values.get("maps", False))


def find_table(name: str) -> Table:
    """UserError: there is none of that name."""
    tables = read_tables()
    if name not in tables:
        known = ", ".join(f"{table.name} ({table.title.split(':')[0].lower()})" for table in tables.values())
        raise UserError(f"{name}: no such table; accepted: {known}")
    return tables[name]


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with `changes`, section by section."""
    result = dict(values)
    for key, change in changes.items():
        old = result.get(key)
        result[key] = merged(old, change) if isinstance(old, Mapping) and isinstance(change, Mapping) else change
    return result


def changed(config: Config, changes: Mapping[str, Any], origin: str) -> Config:
    """UserError, naming `origin`, where a change is no setting or its value is not accepted."""
    return validated(origin, merged(config.model_dump(), changes))


def dataset_name(data: str) -> str | None:
    """Of a data set that has a name; None for a folder."""
    name = data.partition(":")[0]
    return name if name in (*MADE, *STORED) else None


def default_folder(command: str, data: str, is_quick: bool) -> Path:
    """runs/<command>/<data set>; of a folder its own name."""
    name = dataset_name(data) or re.sub(r"[^\w.-]+", "_", Path(data).resolve().name)
    return Path("runs") / command / (f"{name}-quick" if is_quick else name)


def shipped_settings(data: str) -> Path | None:
    """The file of those that ship for the data set; None for a folder."""
    name = dataset_name(data)
    return asset("configs") / f"{name}.toml" if name else None


def base_config(data: str, given: Path | None) -> Config:
    """The settings `given`, or those that ship for the data set. UserError: a folder without settings."""
    file = given or shipped_settings(data)
    if file is None:
        names = ", ".join(ACCEPTED)
        raise UserError(f"{data}: no data set with settings of its own; accepted: {names}, or a folder and --config")
    return load_config(file)


def quick(config: Config) -> Config:
    """Settings of a run of minutes: fewer epochs and simulated recordings, more of them to measure with."""
    train, data = config.train, config.data
    epochs = min(train.epochs, QUICK_EPOCHS)
    per_class = max(2, QUICK_RECORDINGS // config.network.classes)
    changes = {
        "train": {"epochs": epochs, "folded_epochs": min(train.folded_epochs, QUICK_FOLDED, epochs - 1)},
        "data": {"validation": max(data.validation, QUICK_VALIDATION)},
        "simulated": {"recordings_per_class": min(config.simulated.recordings_per_class, per_class)},
    }
    return changed(config, changes, "--quick")
