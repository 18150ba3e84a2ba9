"""The neutral file of a QKeras model, which qkeras_program.py writes: read, and its layers with what they hold."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn.errors import UserError
from razorsnn.interop.qkeras_program import FORMAT

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class KerasLayer:
    """One layer as Keras has it: channels last, values real. `arrays` as in qkeras_program.py."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    output_shape: tuple[int | None, ...]
    settings: dict[str, Any]
    kernel_quantizer: dict[str, Any] | None
    average_quantizer: dict[str, Any] | None
    activation: dict[str, Any] | None
    arrays: dict[str, Reals]

    def refusal(self, problem: str) -> UserError:
        """The error that names the layer."""
        return UserError(f"layer {self.name} ({self.kind}): {problem}")

    def require(self, true: bool, problem: str) -> None:
        """Raises the refusal unless `true`."""
        if not true:
            raise self.refusal(problem)

    def require_setting(self, name: str, accepted: tuple[Any, ...]) -> None:
        """UserError unless the setting, if the layer has it, is one of `accepted`."""
        found = self.settings.get(name, accepted[0])
        said = " or ".join(map(str, accepted))
        self.require(found in accepted, f"{name} {found}; accepted: {said}")


@dataclass(frozen=True)
class KerasModel:
    """A chain of layers; `input_shape` without the batch: (H, W, C) or (n,)."""

    name: str
    input_shape: tuple[int, ...]
    layers: tuple[KerasLayer, ...]


def read_model(path: Path) -> KerasModel:
    """The chain that a neutral file holds. UserError: no such file, or a model that is no chain of layers."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        content = json.loads(str(arrays["model"]))
        if content["format"] != FORMAT:
            raise KeyError(content["format"])
        layers = tuple(_layer(index, entry, arrays) for index, entry in enumerate(content["layers"]))
        shape, outputs = content["input_shape"], content["outputs"]
    except (OSError, zipfile.BadZipFile, ValueError, EOFError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a file that qkeras_program.py wrote ({type(error).__name__}: {error})") from error
    _require_chain(layers, shape, outputs)
    return KerasModel(content["name"], tuple(shape[1:]), layers)


def _layer(index: int, entry: dict[str, Any], arrays: dict[str, np.ndarray]) -> KerasLayer:
    prefix = f"{index}."
    own = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
    return KerasLayer(
        name=entry["name"],
        kind=entry["class"],
        inputs=tuple(entry["inputs"]),
        output_shape=tuple(entry["output_shape"]),
        settings={name: tuple(v) if isinstance(v, list) else v for name, v in entry["settings"].items()},
        kernel_quantizer=entry["kernel_quantizer"],
        average_quantizer=entry["average_quantizer"],
        activation=entry["activation"],
        arrays={name: value.astype(np.float64) for name, value in own.items()},
    )


def _require_chain(layers: tuple[KerasLayer, ...], shape: Any, outputs: list[str]) -> None:
    if not layers:
        raise UserError("a model without layers; accepted: a chain of them")
    if any(isinstance(part, list) for part in shape) or len(outputs) != 1:
        raise UserError(f"a model of {len(outputs)} outputs and input {shape}; accepted: one input and one output")
    for before, layer in zip((None, *layers[:-1]), layers, strict=True):
        fits = len(layer.inputs) == 1 and (before is None or layer.inputs[0] == before.name)
        read = before.name if before else "the input"
        layer.require(fits, f"reads {', '.join(layer.inputs)}; accepted: a chain, so {read} alone")
