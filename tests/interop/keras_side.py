"""Runs in QKeras' environment: makes models with random weights, and notes what they and their quantizers compute.

    python -I keras_side.py FOLDER

FOLDER/<name>.h5                  each of MODELS and of REFUSED
FOLDER/<name>.npz                 inputs, outputs before a softmax, and <layer>.kernel as quantised, of MODELS
FOLDER/quantisers.npz             of each quantizer of the grid: <class>,<bits>,<integer>,<keep_negative>.x and .y
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QAveragePooling2D, QBatchNormalization, QConv2D, QConv2DBatchnorm, QDense
from qkeras.quantizers import quantized_bits, quantized_relu

layers = tf.keras.layers
SAMPLES = 64


def bits(width, integer=0, alpha=1, **others):
    return quantized_bits(width, integer, alpha=alpha, **others)


def weights(width=4, alpha=1):
    return {"kernel_quantizer": bits(width, alpha=alpha), "bias_quantizer": bits(6, 1)}


def normalised():
    """Normalisations with powers of two, pools, and activations on their own: functional, with a softmax."""
    x = start = layers.Input((16, 16, 2))
    x = QConv2D(6, 3, padding="same", name="conv", **weights())(x)
    x = QBatchNormalization(epsilon=0.0, name="norm")(x)
    x = QAveragePooling2D(2, name="pool")(x)
    x = QActivation(quantized_relu(4, 3), name="relu")(x)
    x = QConv2D(5, 3, padding="same", use_bias=False, kernel_quantizer=bits(8), activation="quantized_relu(4,2)")(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    x = QDense(8, name="scores", **weights(6))(x)
    return tf.keras.Model(start, layers.Softmax()(x))


def folded():
    """Kernels that were quantised after their normalisation was folded in; Keras' own average."""
    conv = {"padding": "same", "kernel_quantizer": bits(5, 1), "bias_quantizer": bits(8, 3)}
    return tf.keras.Sequential(
        [
            layers.Input((6, 8, 1)),
            QConv2DBatchnorm(7, 3, name="first", activation=quantized_relu(3, 3), **conv),
            QConv2DBatchnorm(4, 1, name="second", **conv),
            layers.AveragePooling2D(2),
            QActivation(quantized_relu(8, 4)),
            layers.Flatten(),
            QDense(5, **weights(), activation="relu"),
        ]
    )


def flat():
    """Numbers in, with a quantizer of their own; a scale of a quarter."""
    return tf.keras.Sequential(
        [
            layers.Input((11,)),
            QActivation(quantized_bits(5, 2, keep_negative=False, alpha=1)),
            QDense(9, name="first", **weights(4, alpha=0.25), activation=quantized_relu(6, 1)),
            QDense(6, name="second", **weights(2), activation=quantized_relu(2, 2)),
            QDense(4, name="scores", **weights(8)),
        ]
    )


def auto_po2():
    """As QKeras makes it without alpha: a power of two for each channel."""
    return tf.keras.Sequential(
        [layers.Input((4, 4, 1)), layers.Flatten(), QDense(3, kernel_quantizer=quantized_bits(4))]
    )


def auto():
    return tf.keras.Sequential([layers.Input((4,)), QDense(1, kernel_quantizer=bits(4, alpha="auto"))])


def strided():
    """Also what QKeras' own examples do: they pool by the maximum."""
    conv = QConv2D(3, 3, strides=2, padding="same", name="stem", **weights(), activation="quantized_relu(4)")
    return tf.keras.Sequential([layers.Input((8, 8, 2)), conv, layers.Flatten(), QDense(2, **weights())])


MODELS = {made.__name__: made for made in (normalised, folded, flat)}
REFUSED = {made.__name__: made for made in (auto_po2, auto, strided)}


def set_random(model, rng):
    """Weights within the quantizers' ranges; normalisations with variances and factors near powers of two."""
    for weight in model.weights:
        if weight.dtype != tf.float32:
            continue
        name, shape = weight.name, weight.shape
        value = rng.uniform(-1, 1, shape)
        if "variance" in name:
            value = 4.0 ** rng.integers(-1, 2, shape)
        if "gamma" in name:
            value = 2.0 ** rng.integers(-1, 1, shape)
        weight.assign(value.astype(np.float32))


def inputs(model, rng):
    """Counts, as few as events make; of a flat model fractions of a quarter, some of them ties or beyond its range."""
    shape = (SAMPLES, *model.input_shape[1:])
    if len(shape) == 2:
        return rng.integers(0, 32, shape).astype(np.float32) / 8
    return (rng.integers(0, 16, shape) * (rng.random(shape) < 0.4)).astype(np.float32)


def note(model, file, rng):
    read = inputs(model, rng)
    last = [layer for layer in model.layers if not isinstance(layer, layers.Softmax)][-1]
    outputs = tf.keras.Model(model.input, last.output)(read, training=False)
    kernels = {}
    for layer in model.layers:
        if isinstance(layer, QConv2DBatchnorm):
            kernels[f"{layer.name}.kernel"] = layer.kernel_quantizer_internal(layer.get_folded_weights()[0])
        elif hasattr(layer, "kernel_quantizer_internal"):
            kernels[f"{layer.name}.kernel"] = layer.kernel_quantizer_internal(layer.kernel)
    np.savez(file, inputs=read, outputs=outputs, **kernels)


def grid():
    """Every eighth of a step from below the lowest value to above the highest, so each code, tie and saturation."""
    found = {}
    for width in range(1, 9):
        for integer in range(width + 2):
            for signed in (True, False):
                if signed and width == 1:
                    continue  # a single signed bit is the sign, not a number
                quantizer = quantized_bits(width, integer, keep_negative=signed, alpha=1)
                found |= _applied(quantizer, "quantized_bits", width, integer, signed)
            found |= _applied(quantized_relu(width, integer), "quantized_relu", width, integer, False)
    return found


def _applied(quantizer, kind, width, integer, signed):
    step = 2.0 ** (integer - (width - signed))
    codes = np.arange(8 * (-(2 ** (width - signed)) * signed - 3), 8 * (2 ** (width - signed) + 3)) / 8
    x = (codes * step).astype(np.float32)
    key = f"{kind},{width},{integer},{int(signed)}"
    return {f"{key}.x": x, f"{key}.y": quantizer(tf.constant(x)).numpy()}


def main(folder):
    for seed, (name, made) in enumerate({**MODELS, **REFUSED}.items()):
        model, rng = made(), np.random.default_rng(seed)
        set_random(model, rng)
        if made is auto_po2:  # channels of very different sizes, so that their scales differ
            model.layers[-1].kernel.assign(model.layers[-1].kernel * [1.0, 0.25, 0.0625])
        model.save(folder / f"{name}.h5")
        if name in MODELS:
            note(model, folder / f"{name}.npz", rng)
    np.savez(folder / "quantisers.npz", **grid())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
