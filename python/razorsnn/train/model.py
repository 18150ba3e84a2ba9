"""The net of a configuration: a chain of gates and spiking layers, run in one of the three stages."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from razorsnn.config import Config, ConvSpec, LayerSpec
from razorsnn.fixed import LEAK_FRAC, Format
from razorsnn.train.choices import CHOICES
from razorsnn.train.conv import ConvLayer
from razorsnn.train.dense import DenseLayer
from razorsnn.train.gate import Gate
from razorsnn.train.neuron import NeuronSettings
from razorsnn.train.quantisers import Stage, half_up
from razorsnn.train.razor import GateSettings, RazorGate, refined_format
from razorsnn.train.synapse import SpikingLayer
from razorsnn.train.ta import TaGate
from razorsnn.train.thresholds import RelativeGate, StaticGate

RAZORS = {"absolute": RazorGate, "relative": RelativeGate, "static": StaticGate}
MIXED = {"bfloat16": torch.bfloat16, "float16": torch.float16}

INTEGER_BITS = 2
"""Of a LIAF activation: normalised sums lie within +-4, nearly all of them."""


@dataclass(frozen=True)
class Passed:
    """One forward pass of N windows. scores: float64 [N, classes], sums over T.

    outputs: of each hidden layer; operands: what each layer read, [T, N, C, H, W]; keep, gate_scores: [T, N] a gate.
    """

    scores: Tensor
    outputs: list[Tensor]
    operands: list[Tensor]
    keep: list[Tensor]
    gate_scores: list[Tensor]


class RazorNet(nn.Module):
    """`ops`: gates and spiking layers in order. The last is the readout."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(config.seed)
        self.input = Format(False, config.quantisation.input_bits, 0)
        self.frames = config.data.frames
        self.input_shape = (config.data.frames, config.data.channels, *config.data.grid)
        self.stage = Stage.LIVE
        self.ops = nn.ModuleList(_build(config, self.input, generator))
        self.dtype = torch.float64 if config.train.precision == "double" else torch.float32
        self.to(self.dtype)
        for layer in self.layers:
            layer.mixed = MIXED.get(config.train.precision)

    @property
    def device(self) -> torch.device:
        return self.layers[0].weight.device

    @property
    def gates(self) -> list[Gate]:
        return [op for op in self.ops if isinstance(op, Gate)]

    @property
    def layers(self) -> list[SpikingLayer]:
        return [op for op in self.ops if isinstance(op, SpikingLayer)]

    @property
    def score_scale(self) -> float:
        """Real score = integer score * scale, in the exact stage."""
        z_frac = self.layers[-1].exact().z_frac
        assert z_frac is not None
        return 2.0**-z_frac

    def forward(self, frames: Tensor) -> Passed:
        """frames: uint8 [N, T, C, H, W], on any device."""
        merged = frames.to(self.device).transpose(0, 1).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        x = merged.to(self.dtype).unflatten(0, (frames.shape[1], frames.shape[0]))
        passed = Passed(x, [], [], [], [])
        for op in self.ops:
            if isinstance(op, Gate):
                result = op(x, self.stage)
                passed.keep.append(result.keep)
                passed.gate_scores.append(result.score)
                x = result.operand
            else:
                passed.operands.append(x)
                x = op(x, self.stage)
                passed.outputs.append(x)
        return Passed(x, passed.outputs[:-1], passed.operands, passed.keep, passed.gate_scores)


def activation_format(config: Config) -> Format:
    """Of a hidden layer's output: spikes are 0 or 1; analog ones have A bits."""
    bits = config.quantisation.activation_bits
    return Format(False, 1, 0) if config.network.neuron == "lif" else Format(False, bits, bits - INTEGER_BITS)


def neuron_settings(config: Config, last: bool) -> NeuronSettings:
    net = config.network
    alpha_q = 0 if last and net.readout == "sum" else min(half_up(net.alpha * 2**LEAK_FRAC), 2**LEAK_FRAC - 1)
    out = activation_format(config)
    ties, fused = config.quantisation.ties, config.train.compile
    return NeuronSettings(net.neuron, net.reset, alpha_q, net.v_th, net.surrogate_width, out, ties, fused)


def _build(config: Config, x_format: Format, generator: torch.Generator) -> Iterator[nn.Module]:
    channels, height, width = config.data.channels, *config.data.grid
    specs = config.network.parsed
    for index, spec in enumerate(specs):
        if _gated(config, index):
            gate = _gate(config, channels * height * width, x_format, generator)
            yield gate
            if isinstance(gate, RazorGate) and gate.settings.operand != "raw":
                x_format = gate.settings.refined
        layer = _layer(config, spec, (channels, height, width), x_format, index == len(specs) - 1, generator)
        yield layer
        channels = layer.weight.shape[0]
        height, width = (height // layer.pool, width // layer.pool) if isinstance(layer, ConvLayer) else (1, 1)
        x_format = layer.neuron.out


def _gated(config: Config, index: int) -> bool:
    """Whether a gate stands before layer `index`: that before the second one reads what the encoder puts out."""
    if index == 0 or config.gate.kind == "none":
        return False
    return config.gate.position == "all" or (config.gate.position == "encoder") == (index == 1)


def _gate(config: Config, positions: int, x_format: Format, generator: torch.Generator) -> Gate:
    gate, frames = config.gate, config.data.frames
    if gate.kind == "ta":
        return TaGate(frames, gate.reduction, gate.ratio, generator)
    if gate.kind in CHOICES:
        return CHOICES[gate.kind](gate.ratio)
    refined = refined_format(x_format, config.quantisation.activation_bits, gate.embeddings)
    settings = GateSettings(gate.embeddings, gate.ratio, gate.operand, refined, gate.weighting)
    return RAZORS[gate.threshold](frames, positions, x_format, settings, generator)


def _layer(
    config: Config,
    spec: LayerSpec,
    x: tuple[int, int, int],
    x_format: Format,
    last: bool,
    generator: torch.Generator,
) -> SpikingLayer:
    readout = config.network.readout if last else None
    neuron, bits = neuron_settings(config, last), config.quantisation.weight_bits
    if isinstance(spec, ConvSpec):
        shape = (spec.channels, x[0], spec.kernel, spec.kernel)
        return ConvLayer(shape, x_format, bits, neuron, readout, spec.pool, generator)
    return DenseLayer((spec.units, *x), x_format, bits, neuron, readout, 1, generator)
