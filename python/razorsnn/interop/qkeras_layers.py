"""QKeras layers as operations of our graph, exactly: integer * scale is the value that Keras computes with.

A block is a convolution or dense layer, then perhaps a normalisation, an average pool and a quantized_relu: the order
of our own layers (ops/synapse.py). What we lack is refused by the layer's name, with what is accepted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from razorsnn.fixed import Format, Ints, bits_signed
from razorsnn.interop.qkeras_file import KerasLayer, Reals
from razorsnn.ir import Tensor
from razorsnn.ops.conv import POOLS, Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import Neuron

MOST_WEIGHT_BITS = 8
CONVOLUTIONS = ("QConv2D", "QConv2DBatchnorm")
SYNAPSES = (*CONVOLUTIONS, "QDense")
NORMALISATIONS = ("QBatchNormalization", "BatchNormalization")
AVERAGES = ("QAveragePooling2D", "AveragePooling2D")
ACTIVATIONS = ("QActivation", "Activation", "Softmax")
IDLE = ("Dropout", "SpatialDropout2D", "ActivityRegularization", "GaussianNoise", "GaussianDropout")
"""Layers that do nothing once the model is trained."""


@dataclass(frozen=True)
class Spiking:
    """What Keras has no word for: the neurons that take the place of its activations."""

    alpha_q: int
    v_th: float
    reset: str

    def neuron(self, z_frac: int, out: Format, readout: str | None) -> Neuron:
        """v_th at the sums' frac, half up, never below 1; a readout of sums has no leak."""
        v_th = max(1, int(np.floor(self.v_th * 2.0**z_frac + 0.5)))
        return Neuron("liaf", self.reset, 0 if readout == "sum" else self.alpha_q, v_th, out, "even")


@dataclass(frozen=True)
class Block:
    """A layer of weights and what follows it, up to its activation; None where there is none."""

    synapse: KerasLayer
    normalisation: KerasLayer | None = None
    average: KerasLayer | None = None
    activation: KerasLayer | None = None


def activation_format(layer: KerasLayer) -> Format | None:
    """The unsigned format of a quantized_relu; None for none (linear). Refuses other functions."""
    found = layer.activation or {"class": "linear"}
    if found["class"] == "linear":
        return None
    layer.require(found["class"] == "quantized_relu", f"activation {found['class']}; accepted: quantized_relu")
    for name, wanted in (
        ("use_sigmoid", 0),
        ("negative_slope", 0),
        ("use_stochastic_rounding", False),
        ("qnoise_factor", 1),
    ):
        layer.require(found[name] == wanted, f"quantized_relu with {name} {found[name]}; accepted: {wanted}")
    bound = None if found["is_quantized_clip"] else found["relu_upper_bound"]
    layer.require(bound is None, f"quantized_relu with relu_upper_bound {bound}; accepted: None")
    return _unsigned(layer, found)


def input_format(layer: KerasLayer) -> Format:
    """The format of a quantizer in front of the first weights: what the events' counts are read as."""
    found = layer.activation or {"class": "linear"}
    if found["class"] != "quantized_bits":
        form = activation_format(layer)
        if form is None:
            raise layer.refusal("activation linear; accepted: quantized_relu or quantized_bits")
        return form
    layer.require(not found["keep_negative"], "quantized_bits keeps negative values; accepted: keep_negative=False")
    layer.require(found["alpha"] in (None, 1), f"quantized_bits with alpha {found['alpha']}; accepted: 1")
    return _unsigned(layer, found)


def _unsigned(layer: KerasLayer, quantizer: dict[str, Any]) -> Format:
    bits, integer = int(quantizer["bits"]), int(quantizer["integer"])
    layer.require(1 <= bits <= 8, f"{quantizer['class']} of {bits} bits; accepted: 1 to 8")
    return Format(False, bits, bits - integer)


def operation(block: Block, x: Tensor, spiking: Spiking, readout: str | None) -> Conv | Dense:
    """The block as an operation on `x`."""
    layer = block.synapse
    if layer.kind in CONVOLUTIONS:
        _require_convolution(layer)
    pool = pool_size(block.average) if block.average else 1
    kernel, bias = _values(block)
    out = activation_format(block.activation) if block.activation and readout is None else None
    pool_log2 = pool.bit_length() - 1
    weights, form = _integers(block, kernel, bias, x, out, pool_log2)
    z_frac = x.format.frac + form.frac + 2 * pool_log2
    neuron = spiking.neuron(z_frac, out or Format(False, 8, z_frac), readout)
    rest = (form, _scaled(bias, x.format.frac + form.frac), neuron, readout)
    if layer.kind in CONVOLUTIONS:
        return Conv(weights.transpose(3, 2, 0, 1), *rest, pool)
    # Keras flattens [H, W, C]; a dense layer's rows lie in that order.
    rows = weights.reshape(x.height, x.width, x.channels, -1)
    return Dense(rows.transpose(3, 2, 0, 1), *rest)


def pool_size(layer: KerasLayer) -> int:
    """n of an average over n x n. Refuses pools that overlap, leave out, or round."""
    sizes = tuple((size, size) for size in POOLS[1:])
    layer.require_setting("pool_size", sizes)
    layer.require_setting("strides", (layer.settings["pool_size"],))
    layer.require_setting("padding", ("valid",))
    layer.require_setting("data_format", ("channels_last",))
    layer.require(layer.average_quantizer is None, "a quantised factor (average_quantizer); accepted: None")
    return int(layer.settings["pool_size"][0])


def _require_convolution(layer: KerasLayer) -> None:
    layer.require_setting("kernel_size", ((1, 1), (3, 3)))
    layer.require_setting("strides", ((1, 1),))
    layer.require_setting("dilation_rate", ((1, 1),))
    layer.require_setting("groups", (1,))
    layer.require_setting("data_format", ("channels_last",))
    layer.require_setting("padding", ("same", "valid") if layer.settings["kernel_size"] == (1, 1) else ("same",))


def _values(block: Block) -> tuple[Reals, Reals]:
    """Kernel [..., outputs] and bias [outputs] with the normalisation folded in: exact in doubles."""
    layer = block.synapse
    _require_quantizer(layer)
    kernel, bias = layer.arrays["kernel"], layer.arrays["bias"]
    if block.normalisation is None:
        return kernel, bias
    multiplier, offset = block.normalisation.arrays["multiplier"], block.normalisation.arrays["offset"]
    product = bias * multiplier
    folded = product + offset
    exact = bool(np.all((folded - product == offset) & (folded - offset == product)))
    block.normalisation.require(exact, f"its offset and the bias of {layer.name} are too far apart to be added exactly")
    return kernel * multiplier, folded


def _require_quantizer(layer: KerasLayer) -> None:
    """Weights have one scale a layer, a power of two: that is what makes them integers of one format."""
    found = layer.kernel_quantizer or {"class": "none"}
    layer.require(found["class"] == "quantized_bits", f"kernel quantizer {found['class']}; accepted: quantized_bits")
    scale = np.unique(layer.arrays["scale"])
    some = ", ".join(f"{value:g}" for value in scale[:4])
    layer.require(len(scale) == 1, f"scales differ between channels ({some}); accepted: one for the layer (alpha=1)")
    mantissa = np.frexp(scale[0])[0]
    layer.require(mantissa == 0.5, f"scale {some} is not a power of two; accepted: alpha=1 or a power of two")


def _integers(
    block: Block, kernel: Reals, bias: Reals, x: Tensor, out: Format | None, pool_log2: int
) -> tuple[Ints, Format]:
    """The weights at the finest scale that anything of the block needs; refused where 8 bits do not hold them."""
    layer = block.synapse
    needs = {"its bias": finest(bias) - x.format.frac, "its weights": finest(kernel)}
    if out is not None and block.activation is not None:
        needs[f"the activation {block.activation.name}"] = out.frac - x.format.frac - 2 * pool_log2
    bits, natural = _own_format(layer) if block.normalisation is None else (2, needs["its weights"])
    layer.require(needs["its weights"] <= natural, f"weights off the grid of 2**-{natural} of its quantizer")
    finest_need = max(needs, key=lambda name: needs[name])
    frac = max(natural, needs[finest_need])
    peak = float(np.abs(kernel).max(initial=0.0)) * 2.0**frac
    fits = peak < 2**MOST_WEIGHT_BITS
    weights = _scaled(kernel, frac) if fits else np.zeros(1, dtype=np.int64)
    held = max(2, bits_signed(int(weights.min()), int(weights.max())))
    normalised = f", normalised by {block.normalisation.name}" if block.normalisation else ""
    layer.require(
        fits and held <= MOST_WEIGHT_BITS,
        f"weights up to {np.abs(kernel).max():g} on the grid of 2**-{frac} that {finest_need} needs{normalised}; "
        f"accepted: weights of at most {MOST_WEIGHT_BITS} bits there",
    )
    return weights, Format(True, max(held, min(bits + frac - natural, MOST_WEIGHT_BITS)), frac)


def _own_format(layer: KerasLayer) -> tuple[int, int]:
    """(bits, frac) of the kernel's quantizer and its scale."""
    quantizer = layer.kernel_quantizer
    assert quantizer is not None, "_require_quantizer refused it"
    bits, signed = int(quantizer["bits"]), int(quantizer["keep_negative"])
    scale_log2 = int(np.frexp(layer.arrays["scale"].flat[0])[1]) - 1
    return bits + 1 - signed, max(bits - signed, 0) - int(quantizer["integer"]) * int(bits > signed) - scale_log2


def finest(values: Reals) -> int:
    """The least frac with which all of `values` are integers; very low where all are 0."""
    mantissas, exponents = np.frexp(values[values != 0])
    if not len(mantissas):
        return -64
    whole = (mantissas * 2.0**53).astype(np.int64)
    zeros = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    return int((53 - exponents - zeros).max())


def _scaled(values: Reals, frac: int) -> Ints:
    """values * 2**frac, which are integers."""
    return (values * 2.0**frac).astype(np.int64)
