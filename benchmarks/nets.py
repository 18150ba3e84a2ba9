"""A net of the settings' shape with random weights, whose activity and pruning are set on real frames: no training.

Its answers are worthless; its cycles are those of a trained net that is as active and prunes as much.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from razorsnn.config import Config
from razorsnn.fixed import LEAK_FRAC, Format, Ints
from razorsnn.ir import Graph, Op, Source, Tensor
from razorsnn.notation import ConvSpec, DenseSpec, LayerSpec, parse_layers
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import Neuron
from razorsnn.ops.razor import AFFINE_BITS, EMBEDDING_BITS, Razor, exp_table, sigmoid_table
from razorsnn.ops.synapse import Synapse
from razorsnn.ops.tally import Tally

Gate = TypeVar("Gate", Razor, Tally)
BISECTIONS = 14
WEIGHT_FRAC = 6


@dataclass(frozen=True)
class Wanted:
    """Shares: non-zero outputs of each hidden layer, and frames that each gate prunes."""

    activity: tuple[float, ...]
    pruned: float


def calibrated_net(
    config: Config, wanted: Wanted, frames: NDArray[np.uint8], class_names: Sequence[str], seed: int
) -> Graph:
    """A verified graph as active as `wanted` on frames [N, T, C, H, W]."""
    rng, data = np.random.default_rng(seed), config.data
    form = Format(False, config.quantisation.input_bits, 0)
    start = tensor = Tensor(data.frames, data.channels, *data.grid, form)
    windows, ops = list(frames.astype(np.int64)), list[Op]()
    *hidden, last = parse_layers(config.network.layers)
    for spec, share in zip(hidden, wanted.activity, strict=True):
        ops += [_active(rng, spec, tensor, config, windows, share)]
        windows, tensor = [ops[-1].execute(x, tensor).output for x in windows], ops[-1].infer(tensor)
        ops += [_pruning(rng, tensor, config, windows, wanted.pruned)]
        windows, tensor = [ops[-1].execute(x, tensor).output for x in windows], ops[-1].infer(tensor)
    ops.append(_layer(rng, last, tensor, config, config.network.readout))
    return Graph("calibrated", Source(data.sensor), start, tuple(ops), tuple(class_names)).verified()


def _layer(rng: np.random.Generator, spec: LayerSpec, x: Tensor, config: Config, readout: str | None = None) -> Synapse:
    form = Format(True, config.quantisation.weight_bits, WEIGHT_FRAC)
    high = form.high // 4
    pool = spec.pool if isinstance(spec, ConvSpec) else 1
    z_frac = x.format.frac + WEIGHT_FRAC + 2 * (pool.bit_length() - 1)
    v_th, alpha_q = max(1, round(config.network.v_th * 2**z_frac)), int(config.network.alpha * 2**LEAK_FRAC + 0.5)
    out = Format(False, config.quantisation.activation_bits, config.quantisation.activation_bits - 2)
    neuron = Neuron(config.network.neuron, config.network.reset, alpha_q, v_th, out)
    if isinstance(spec, DenseSpec):
        weights = rng.integers(-high, high + 1, size=(spec.units, *x.shape[1:]))
        return Dense(weights, form, np.zeros(spec.units, np.int64), neuron, readout)
    weights = rng.integers(-high, high + 1, size=(spec.channels, x.channels, spec.kernel, spec.kernel))
    return Conv(weights, form, np.zeros(spec.channels, np.int64), neuron, readout, pool)


def _active(
    rng: np.random.Generator, spec: LayerSpec, x: Tensor, config: Config, windows: list[Ints], share: float
) -> Synapse:
    """A layer whose bias, one for all channels, leaves this share of outputs non-zero: found by bisection."""
    layer = _layer(rng, spec, x, config)
    low, high = -(1 << 12), 1 << 12
    for _ in range(BISECTIONS):
        middle = (low + high) // 2
        layer = replace(layer, bias=np.full_like(layer.bias, middle))
        active = np.mean([np.count_nonzero(y) / y.size for y in _outputs(layer, x, windows)])
        low, high = (low, middle) if active > share else (middle, high)
    return layer


def _outputs(layer: Synapse, x: Tensor, windows: list[Ints]) -> Iterator[Ints]:
    return (layer.execute(window, x).output for window in windows)


def _pruning(rng: np.random.Generator, x: Tensor, config: Config, windows: list[Ints], share: float) -> Razor | Tally:
    """A gate whose threshold prunes this share of the frames."""
    if config.gate.kind != "razor":
        tally = Tally("peak" if config.gate.kind == "peak" else "events", 0)
        return _thresholded(tally, x, windows, share)
    count, size = config.gate.embeddings, (config.gate.embeddings, x.frames)
    gate = Razor(
        embeddings=rng.integers(-64, 65, size=size),
        embedding_format=Format(True, EMBEDDING_BITS, 6),
        affine=rng.integers(-40, 41, size=size),
        affine_format=Format(True, AFFINE_BITS, 10),
        offset=np.zeros(count, np.int64),
        exp=exp_table(),
        sigmoid=sigmoid_table(),
        threshold=0,
        operand=config.gate.operand,
        refined=x.format,
    )
    return _thresholded(gate, x, windows, share)


def _thresholded(gate: Gate, x: Tensor, windows: list[Ints], share: float) -> Gate:
    scores = np.concatenate([gate.execute(window, x).values["score"] for window in windows])
    return replace(gate, threshold=int(np.quantile(scores, share)) + 1)
