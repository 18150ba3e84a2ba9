"""Settings with which the whole flow takes seconds, and the command line as a user calls it."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from razorsnn.cli import app
from razorsnn.config import Config

SIMULATED = {"recordings_per_class": 3, "size": 16, "duration_us": 100_000}
DATA = {"sensor": (16, 16), "grid": (16, 16), "frames": 4}
TRAIN = {"epochs": 2, "folded_epochs": 1, "threads": 1}


def flow_config(**sections: dict[str, Any]) -> Config:
    """Eight gestures of 16 x 16 pixels, four frames, one convolution; a section given adds to these."""
    values: dict[str, dict[str, Any]] = {
        "data": DATA,
        "simulated": SIMULATED,
        "network": {"layers": "4C3-AP2-8"},
        "gate": {"embeddings": 2},
        "train": TRAIN,
        "hardware": {"lanes": 4},
    }
    for name, section in sections.items():
        values[name] = values[name] | section
    return Config.model_validate(values)


def save_toml(config: Config, path: Path) -> Path:
    """The settings as the file that --config takes."""
    values = config.model_dump(mode="json", exclude_none=True)
    lines = [f"seed = {values.pop('seed')}"]
    for name, section in values.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def recordings(root: Path, classes: tuple[str, ...] = ("a", "b")) -> Path:
    """Two classes of two recordings, 5 bytes an event: x, y, polarity and time."""
    for name in classes:
        (root / name).mkdir(parents=True)
        for index in range(2):
            (root / name / f"{index}.bin").write_bytes(bytes([3, 4, 0, 0, 9, 5, 6, 128, 1, 9]))
    return root


def refusal(*arguments: object) -> str:
    """What the command says on stderr, after it was seen to be one line, with exit code 2."""
    result = CliRunner().invoke(app, [str(part) for part in arguments])
    assert result.exit_code == 2, result.output
    return one_line(result.stderr)


def process_refusal(environment: dict[str, str], *arguments: object) -> str:
    """The same of a process of its own."""
    command = [sys.executable, "-m", "razorsnn", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    assert done.returncode == 2, done.stderr
    return one_line(done.stderr)


def one_line(text: str) -> str:
    """`text`, without the progress bar that a slow machine shows before it."""
    text = text.rsplit("\r", 1)[-1]
    assert text.startswith("error: ") and text.count("\n") == 1 and "Traceback" not in text, text
    return text


def changed_at(folder: Path) -> dict[str, int]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
