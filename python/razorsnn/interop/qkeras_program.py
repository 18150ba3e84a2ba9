"""Reads a QKeras model and writes what our graph needs of it as a neutral file, for interop/qkeras.py.

    python -I qkeras_program.py MODEL FILE.npz

QKeras needs a TensorFlow and a numpy older than ours, so this runs in an environment of its own, which has QKeras and
no razorsnn: it imports nothing of ours, and decides nothing. The file holds `model`, JSON text, and arrays:

    model            {"format", "name", "input_shape", "outputs", "layers": [{"name", "class", "inputs", "output_shape",
                     "settings", "kernel_quantizer", "activation"}, ...]}, layers in the model's order
    <index>.kernel   of a layer with weights: float32, quantised as the layer itself applies them, in Keras' order
    <index>.bias     likewise, [outputs]; zeros without a bias
    <index>.scale    of its kernel quantizer, one or one a channel
    <index>.multiplier, <index>.offset   of a normalisation, [channels]: y = x * multiplier + offset
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = "razorsnn qkeras 1"
SETTINGS = (
    "strides", "padding", "dilation_rate", "data_format", "groups", "kernel_size", "pool_size", "axis", "units",
)  # fmt: skip
"""What a layer is told by; those that it has."""


def write(path: Path, model: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """The neutral file."""
    with path.open("wb") as stream:
        text = np.array(json.dumps({"format": FORMAT, **model}))
        np.savez_compressed(stream, allow_pickle=False, model=text, **arrays)


def describe(model: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `write` takes, of a Keras model."""
    layers: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        for name, value in _arrays(layer).items():
            arrays[f"{len(layers)}.{name}"] = np.asarray(value, dtype=np.float32)
        layers.append(_layer(layer))
    facts = {"name": model.name, "input_shape": plain(model.input_shape), "outputs": list(model.output_names)}
    return {**facts, "layers": layers}, arrays


def _layer(layer: Any) -> dict[str, Any]:
    settings = {name: plain(getattr(layer, name)) for name in SETTINGS if hasattr(layer, name)}
    return {
        "name": layer.name,
        "class": type(layer).__name__,
        "inputs": _inputs(layer),
        "output_shape": plain(layer.output_shape),
        "settings": settings,
        "kernel_quantizer": _function(getattr(layer, "kernel_quantizer_internal", None)),
        "average_quantizer": _function(getattr(layer, "average_quantizer_internal", None)),
        "activation": _function(_activation(layer)),
    }


def _inputs(layer: Any) -> list[str]:
    """Names of the layers it reads; of all of them if it is used more than once."""
    sources = [node.inbound_layers for node in layer.inbound_nodes]
    flat = [one for found in sources for one in (found if isinstance(found, list) else [found])]
    return [one.name for one in flat]


def _activation(layer: Any) -> Any:
    if type(layer).__name__ == "QActivation":
        return layer.quantizer
    return getattr(layer, "activation", None)


def _function(function: Any) -> dict[str, Any] | None:
    """A quantizer by its class and its settings, any other function by its name."""
    if function is None:
        return None
    if not hasattr(function, "get_config"):
        return {"class": getattr(function, "__name__", type(function).__name__)}
    settings = {name: plain(value) for name, value in vars(function).items() if not name.startswith("_")}
    known = {name: value for name, value in settings.items() if isinstance(value, (bool, int, float, str, type(None)))}
    return {"class": type(function).__name__, **known}


def plain(value: Any) -> Any:
    """As JSON has it: lists for tuples, numbers for variables and numpy's."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def _arrays(layer: Any) -> dict[str, Any]:
    if hasattr(layer, "kernel_quantizer_internal") and hasattr(layer, "kernel"):
        return _weights(layer)
    if hasattr(layer, "moving_variance"):
        return _normalisation(layer)
    return {}


def _weights(layer: Any) -> dict[str, Any]:
    if hasattr(layer, "get_folded_weights"):
        kernel, bias = layer.get_folded_weights()
    else:
        kernel, bias = layer.kernel, layer.bias if layer.use_bias else np.zeros(layer.kernel.shape[-1], np.float32)
    quantizer = layer.kernel_quantizer_internal
    quantised = quantizer(kernel) if quantizer else kernel
    if layer.bias_quantizer_internal:
        bias = layer.bias_quantizer_internal(bias)
    scale = getattr(quantizer, "scale", None)
    return {"kernel": quantised, "bias": bias, "scale": 1.0 if scale is None else np.ravel(scale)}


def _normalisation(layer: Any) -> dict[str, Any]:
    """In the same float32 steps as tf.nn.batch_normalization."""
    import tensorflow as tf

    def quantised(name: str, value: Any) -> Any:
        quantizer = getattr(layer, f"{name}_quantizer_internal", None)
        return quantizer(value) if quantizer else tf.convert_to_tensor(value)

    multiplier = tf.math.rsqrt(quantised("variance", layer.moving_variance) + layer.epsilon)
    if layer.scale:
        multiplier *= quantised("gamma", layer.gamma)
    offset = -quantised("mean", layer.moving_mean) * multiplier
    if layer.center:
        offset = quantised("beta", layer.beta) + offset
    return {"multiplier": multiplier, "offset": offset}


def main(model: str, file: str) -> None:
    """Exits with one line that says why where the model cannot be read."""
    from qkeras.utils import load_qmodel

    try:
        read = load_qmodel(model, compile=False)
    except (OSError, ValueError, TypeError) as error:
        sys.exit(f"{model}: cannot be read as a QKeras model ({' '.join(str(error).split())[:300]})")
    if not getattr(read, "outputs", None):
        sys.exit(f"{model}: a model without a graph of layers; accepted: a Sequential or functional one")
    write(Path(file), *describe(read))


if __name__ == "__main__":
    main(*sys.argv[1:])
