"""Networks that nobody chose: graphs drawn from a seed, and windows of events for them."""

from dataclasses import dataclass, field

import numpy as np

from razorsnn.fixed import TIES, Format
from razorsnn.ir import Graph, Op, Source, Tensor
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import MODES, RESETS, Neuron
from razorsnn.ops.razor import AFFINE_BITS, LOGIT, MASK_FRAC, MASK_INPUT, RULES, Razor, exp_table, sigmoid_table
from razorsnn.ops.static import Static
from razorsnn.ops.tally import MEASURES, Tally


@dataclass(frozen=True)
class NetClass:
    """What the nets of one class share, so that they share a build; the rest is drawn."""

    lanes: int = 4
    taps: int = 1
    inputs: int = 1
    frames: int = 4
    channels: int = 2
    size: tuple[int, int] = (7, 6)
    sensor: tuple[int, int] = (7, 6)
    classes: int = 3
    embeddings: int = 2
    gated: bool = True
    razors: bool = True
    input_bits: int = 4
    activation_bits: int = 4
    weight_bits: tuple[int, ...] = field(default=(2, 4, 8))
    most_layers: int = 3
    streaming: bool = False
    engines: tuple[int, ...] = ()
    """Of several, how many layers each runs: then no number of layers is drawn, and each but the first has a gate."""
    least_bits: int = 2
    """Of an activation."""
    modes: tuple[str, ...] = MODES
    resets: tuple[str, ...] = RESETS
    ties: tuple[str, ...] = TIES
    alphas: tuple[int, ...] = (0, 77, 200, 255)


def random_graph(net: NetClass, seed: int) -> Graph:
    """A verified graph of the class `net`: layers, channels, kernels, pools, resets, operands, widths drawn."""
    rng = np.random.default_rng(seed)
    x = Tensor(net.frames, net.channels, *net.size, Format(False, net.input_bits, 0))
    start, ops = x, []
    for index in range(sum(net.engines) - 1 if net.engines else int(rng.integers(1, net.most_layers + 1))):
        if index and net.gated and (net.engines or rng.random() < 0.8):
            x = _append(ops, random_gate(rng, x, net), x)
        x = _append(ops, random_layer(rng, x, net, None), x)
    if net.gated:
        last = random_razor(rng, x, net.embeddings) if net.razors else random_simple(rng, x)
        x = _append(ops, last, x)
    readout = str(rng.choice(["liaf", "sum"]))
    _append(ops, random_layer(rng, x, net, readout), x)
    names = tuple(f"class{index}" for index in range(net.classes))
    return Graph(f"random{seed}", Source(net.sensor), start, tuple(ops), names).verified()


def _append(ops: list[Op], op: Op, x: Tensor) -> Tensor:
    ops.append(op)
    return op.infer(x)


def random_layer(rng: np.random.Generator, x: Tensor, net: NetClass, readout: str | None) -> Op:
    weight_format = Format(True, int(rng.choice(net.weight_bits)), int(rng.integers(0, 8)))
    low, high = weight_format.low, weight_format.high
    dense = readout is not None or rng.random() < 0.25
    outputs = net.classes if readout else int(rng.integers(1, 2 * net.lanes + 2))
    kernel, pool = int(rng.choice([1, 3])), 1
    if not dense:
        pool = int(rng.choice([of for of in (1, 2, 4) if of <= min(x.height, x.width)]))
    shape = (outputs, x.channels, x.height, x.width) if dense else (outputs, x.channels, kernel, kernel)
    weights = rng.integers(low, high + 1, size=shape)
    bias = rng.integers(2 * low, 2 * high + 1, size=outputs)
    neuron = random_neuron(rng, x, weight_format, pool, net, readout)
    if dense:
        return Dense(weights, weight_format, bias, neuron, readout)
    return Conv(weights, weight_format, bias, neuron, readout, pool)


def random_neuron(
    rng: np.random.Generator, x: Tensor, weight_format: Format, pool: int, net: NetClass, readout: str | None
) -> Neuron:
    z_frac = x.format.frac + weight_format.frac + 2 * (pool.bit_length() - 1)
    scale = pool * pool * weight_format.high * max(1, x.format.high // 2)
    mode = str(rng.choice(net.modes, p=[0.75, 0.25] if len(net.modes) > 1 else None))
    shift = int(np.clip(np.log2(scale) + rng.integers(-3, 3), 0, 31))
    out = Format(False, int(rng.integers(net.least_bits, net.activation_bits + 1)), z_frac - shift)
    alpha = 0 if readout == "sum" else int(rng.choice(net.alphas))
    v_th, ties = int(rng.integers(1, 2 * scale + 2)), str(rng.choice(net.ties))
    return Neuron(mode, str(rng.choice(net.resets)), alpha, v_th, out, ties)


def random_gate(rng: np.random.Generator, x: Tensor, net: NetClass) -> Op:
    return random_razor(rng, x, net.embeddings) if net.razors and rng.random() < 0.7 else random_simple(rng, x)


def random_simple(rng: np.random.Generator, x: Tensor) -> Op:
    """A gate without embeddings."""
    if rng.random() < 0.5:
        return Static(rng.integers(0, 2, size=x.frames))
    measure, high = str(rng.choice(MEASURES)), x.format.high
    limits = [0, 1, high // 2, high] if measure == "peak" else [0, 1, high, x.positions * high // 8]
    return Tally(measure, int(rng.choice(limits)))


def random_razor(rng: np.random.Generator, x: Tensor, count: int) -> Razor:
    """A gate whose logits, masks and threshold lie where they matter: most keep some frames and prune some."""
    size = (count, x.frames)
    frac = x.format.frac
    embedding_format = Format(True, 8, max(6, MASK_INPUT.frac - 8 - frac) + int(rng.integers(0, 3)))
    affine_format = Format(True, AFFINE_BITS, max(LOGIT.frac - frac, 9 - frac + int(rng.integers(0, 6))))
    peak = int(255 * count * x.format.high)
    shift = MASK_FRAC + int(rng.integers(-1, 2))
    refined = Format(False, x.format.width, MASK_FRAC + frac - shift)
    rule, thresholds = str(rng.choice(RULES, p=[0.7, 0.3])), [0, 1, peak // 8, peak // 3, peak // 2, peak]
    return Razor(
        embeddings=rng.integers(-128, 128, size=size),
        embedding_format=embedding_format,
        affine=rng.integers(-300, 301, size=size),
        affine_format=affine_format,
        offset=rng.integers(-4000, 4001, size=count),
        exp=exp_table(),
        sigmoid=sigmoid_table(),
        threshold=int(rng.choice([0, 1, 64, 128, 200, 256] if rule == "relative" else thresholds)),
        operand=str(rng.choice(["raw", "refined"])),
        refined=refined,
        rule=rule,
    )


def random_frames(net: NetClass, seed: int) -> np.ndarray:
    """Frames [T, C, H, W] uint8 of very different density, some empty, some full."""
    rng = np.random.default_rng(seed)
    density = rng.choice([0.0, 0.02, 0.2, 0.6, 1.0], size=(net.frames, 1, 1, 1))
    shape = (net.frames, net.channels, *net.size)
    value = rng.integers(1, 1 << net.input_bits, size=shape)
    return (value * (rng.random(shape) < density)).astype(np.uint8)


def dense_chain(
    units: list[int], frames: int = 2, channels: int = 1, gates: tuple[Razor, ...] = (), **top: int
) -> Graph:
    """Dense layers of ones; `top`: v_th or alpha_q of all."""
    x = Tensor(frames, channels, 1, 1, Format(False, 8, 0))
    start, ops = x, []
    for index, count in enumerate(units):
        if index and index <= len(gates):
            ops.append(gates[index - 1])
        neuron = Neuron("liaf", "zero", top.get("alpha_q", 0), top.get("v_th", 5), Format(False, 8, 0))
        weights = np.full((count, x.channels, 1, 1), 127)
        last = "liaf" if index == len(units) - 1 else None
        ops.append(Dense(weights, Format(True, 8, 0), np.zeros(count, np.int64), neuron, last))
        x = ops[-1].infer(x)
    return Graph("chain", Source((1, 1)), start, tuple(ops), tuple(map(str, range(units[-1])))).verified()
