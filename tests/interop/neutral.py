"""Neutral files of QKeras models, as qkeras_program.py writes them, without QKeras: what a test changes, it says."""

from pathlib import Path
from typing import Any

import numpy as np

from razorsnn.interop.qkeras_program import write

LINEAR = {"class": "linear"}
BITS = {"class": "quantized_bits", "bits": 4, "integer": 0, "keep_negative": True, "alpha": 1}
SIZE, CHANNELS, CLASSES = 4, 2, 3


def relu(bits: int = 4, integer: int = 2, **others: Any) -> dict[str, Any]:
    return {
        "class": "quantized_relu", "bits": bits, "integer": integer, "use_sigmoid": 0, "negative_slope": 0.0,
        "use_stochastic_rounding": False, "relu_upper_bound": None, "is_quantized_clip": True, "qnoise_factor": 1.0,
    } | others  # fmt: skip


def layer(name: str, kind: str, shape: tuple[int, ...], **others: Any) -> dict[str, Any]:
    """`arrays` lie in the entry until `save` takes them out; `settings` are added to those of the kind."""
    settings = {"data_format": "channels_last"}
    if kind.startswith("QConv"):
        settings |= {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), "groups": 1, "kernel_size": (3, 3)}
    if kind.endswith("Pooling2D"):
        settings |= {"pool_size": (2, 2), "strides": (2, 2), "padding": "valid"}
    entry = {"name": name, "class": kind, "output_shape": (None, *shape), "kernel_quantizer": None, "arrays": {}}
    entry |= {"average_quantizer": None, "activation": None, **others}
    return entry | {"settings": settings | others.get("settings", {})}


def weighted(name: str, kind: str, shape: tuple[int, ...], inputs: int, seed: int, **others: Any) -> dict[str, Any]:
    """A layer whose weights use every bit of s4.3, and biases of half a weight's step at most of 1."""
    rng = np.random.default_rng(seed)
    size = (3, 3, inputs, shape[-1]) if kind.startswith("QConv") else (inputs, shape[-1])
    kernel = rng.integers(-8, 8, size=size) / 8
    kernel.flat[0] = -1 / 8
    arrays = {"kernel": kernel, "bias": rng.integers(-8, 9, size=shape[-1]) / 8, "scale": np.array(1.0)}
    given = {"kernel_quantizer": BITS, "activation": LINEAR, **others}
    return layer(name, kind, shape, **given | {"arrays": arrays | others.get("arrays", {})})


def layers() -> dict[str, dict[str, Any]]:
    """A convolution, normalised, averaged and cut off; a flat; two dense layers."""
    return {
        "conv": weighted("conv", "QConv2D", (4, 4, 5), 2, 1),
        "norm": layer("norm", "QBatchNormalization", (4, 4, 5), arrays=_norm()),
        "pool": layer("pool", "QAveragePooling2D", (2, 2, 5)),
        "relu": layer("relu", "QActivation", (2, 2, 5), activation=relu()),
        "flat": layer("flat", "Flatten", (20,)),
        "hidden": weighted("hidden", "QDense", (6,), 20, 2, activation=relu(3, 1)),
        "scores": weighted("scores", "QDense", (CLASSES,), 6, 3),
        "softmax": layer("softmax", "Activation", (CLASSES,), activation={"class": "softmax"}),
    }


def _norm() -> dict[str, np.ndarray]:
    return {"multiplier": np.array([1, 2, 0.5, 1, 2]), "offset": np.array([0.25, -1, 0, 0.5, 0])}


def save(
    path: Path, chain: dict[str, dict[str, Any]], shape: tuple[int, ...] = (SIZE, SIZE, CHANNELS), **facts: Any
) -> Path:
    """The file of a chain, in the order of its entries; a layer that names no `inputs` reads the one before."""
    entries, arrays, before = [], {}, "input"
    for index, entry in enumerate(chain.values()):
        own = {f"{index}.{name}": np.asarray(value, np.float32) for name, value in entry["arrays"].items()}
        arrays |= own
        entries.append({"inputs": [before], **{name: value for name, value in entry.items() if name != "arrays"}})
        before = entry["name"]
    described = {"name": "net", "input_shape": [None, *shape], "outputs": ["out"], "layers": entries}
    write(path, described | facts, arrays)
    return path
