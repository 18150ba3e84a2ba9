"""The notation of layers that TA-SNN uses, `64C3-AP2-128C3-256FC-10`."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ConvSpec:
    """`channels` kernels of `kernel` x `kernel`; an average over `pool` x `pool` before the neuron."""

    channels: int
    kernel: int
    pool: int = 1


@dataclass(frozen=True)
class DenseSpec:
    """`units` neurons, each of which reads every activation of the layer before."""

    units: int


LayerSpec = ConvSpec | DenseSpec
TOKEN = re.compile(r"(?P<conv>[1-9]\d{0,4})C(?P<kernel>[13])|AP(?P<pool>[248])|(?P<units>[1-9]\d{0,4})(FC)?")
NOTATION = "<n>C1, <n>C3, AP2, AP4, AP8 (after a convolution), <n>FC, and the number of classes at the end"


def parse_layers(text: str) -> tuple[LayerSpec, ...]:
    """Layers of a notation such as `64C3-AP2-128C3-256FC-10`. ValueError names the token and its position."""
    tokens = text.split("-")
    layers: list[LayerSpec] = []
    for position, token in enumerate(tokens, 1):
        try:
            _append(layers, token, last=position == len(tokens))
        except ValueError as error:
            where = f"{token!r} at position {position} of {text!r}"
            raise ValueError(f"{where}: {error}; accepted: {NOTATION}") from None
    return tuple(layers)


def _append(layers: list[LayerSpec], token: str, last: bool) -> None:
    match = TOKEN.fullmatch(token)
    if match is None:
        raise ValueError("not a layer")
    if token.isdecimal() != last:
        raise ValueError(f"a plain number {'must' if last else 'may only'} come last")
    if match["pool"]:
        _pool(layers, int(match["pool"]))
    elif match["conv"]:
        _convolve(layers, ConvSpec(int(match["conv"]), int(match["kernel"])))
    else:
        layers.append(DenseSpec(int(match["units"])))


def _pool(layers: list[LayerSpec], pool: int) -> None:
    before = layers[-1] if layers else None
    if not isinstance(before, ConvSpec) or before.pool != 1:
        raise ValueError("a pool must follow a convolution")
    layers[-1] = ConvSpec(before.channels, before.kernel, pool)


def _convolve(layers: list[LayerSpec], layer: ConvSpec) -> None:
    if layers and isinstance(layers[-1], DenseSpec):
        raise ValueError("a convolution may not follow a dense layer")
    layers.append(layer)
