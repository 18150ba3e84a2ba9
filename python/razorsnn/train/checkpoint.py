"""What training keeps on disk: model.pt and checkpoint.pt, tensors and plain values only, never code."""

import hashlib
import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from razorsnn.config import Config
from razorsnn.differing import differing
from razorsnn.errors import UserError
from razorsnn.files import write_bytes
from razorsnn.train.data import WindowSet
from razorsnn.train.model import RazorNet

SCHEMA = 1
CHECKPOINT = "checkpoint.pt"
UNRELATED = ("hardware", "simulated", "train.threads")
"""Settings that training does not read; what `simulated` makes is compared as data."""


def save(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and on the CPU, where every torch can read it. UserError as in `files.atomic_path`."""
    whole = io.BytesIO()  # torch would tell of a full disk in words of its own
    torch.save({"schema": SCHEMA, **_on_cpu(content)}, whole)
    write_bytes(path, whole.getvalue())


def _on_cpu(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _on_cpu(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_on_cpu(value) for value in content]
    return content.cpu() if isinstance(content, torch.Tensor) else content


def read(path: Path) -> dict[str, Any]:
    """What `save` wrote. UserError: missing, damaged, or something else."""
    try:
        stored = io.BytesIO(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); accepted: a file that `train` wrote") from None
    try:
        content = torch.load(stored, weights_only=True)
    except (RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise UserError(f"{path}: damaged, or not a file that `train` wrote ({type(error).__name__})") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise UserError(f"{path}: not a file that `train` wrote, of schema {SCHEMA}")
    return content


def restore(path: Path, model: RazorNet, state: Any) -> None:
    """Loads `state` of the file `path` into `model`. UserError: it is of a net of another shape."""
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    tensors = isinstance(state, dict) and all(isinstance(value, torch.Tensor) for value in state.values())
    found = {name: tuple(value.shape) for name, value in state.items()} if tensors else {}
    for name in sorted(expected.keys() | found.keys()):
        have, want = found.get(name, "nothing"), expected.get(name, "nothing")
        if have != want:
            raise UserError(f"{path}: a model of another shape: {name} is {have}, these settings need {want}")
    model.load_state_dict(state)


def settings_text(config: Config) -> str:
    """All settings, as text that is compared on resume."""
    return json.dumps(config.model_dump(mode="json"), sort_keys=True)


def data_hash(train: WindowSet, validation: WindowSet) -> str:
    """SHA-256 over frames, labels and recordings."""
    digest = hashlib.sha256()
    for part in (*_arrays(train), *_arrays(validation)):
        digest.update(str(part.shape).encode())
        digest.update(np.ascontiguousarray(part).data)  # no copy: frames may be mapped from a file larger than memory
    return digest.hexdigest()


def _arrays(windows: WindowSet) -> list[NDArray[Any]]:
    starts = [] if windows.starts is None else [windows.starts]
    return [windows.frames, windows.labels, *starts]


def read_same(path: Path, config: Config, data: str) -> dict[str, Any]:
    """`read`, of a checkpoint of these settings and this data. UserError as `read` and `require_same`."""
    content = read(path)
    require_same(path, content, config, data)
    return content


def require_same(path: Path, content: dict[str, Any], config: Config, data: str) -> None:
    """UserError, naming what differs, unless the checkpoint is of these settings and this data."""
    stored, given = json.loads(content["settings"]), json.loads(settings_text(config))
    found = differing(stored, given, UNRELATED)
    if found:
        raise UserError(
            f"{path}: cannot resume with other settings: {'; '.join(found)}; accepted: the same, another folder, or to "
            "start over without --resume"
        )
    if content["data"] != data:
        raise UserError(f"{path}: cannot resume on other data than it was trained on")
