"""The fewest cycles that a layer can take, and those of the same engine made dense: nothing here knows the engine.

    multiply   of each non-zero activation in a kept frame: its outputs at pooled size, times the words of `lanes`
               output channels; `inputs` of a frame and position at once, of a dense layer those of all positions.
               Outputs are in banks (y mod n, x mod n), n * n = taps, of which each takes one a
               cycle: so many cycles as the fullest bank has outputs of it. Or taps are further lanes, an output a
               cycle: fewer cycles count.
    neuron     every neuron once a frame, lanes * taps a cycle
    razor      every position once for its mask; of a pruned frame every non-zero, because any of them could have kept
               it; of a kept frame one word, the one that decides. lanes * taps positions a cycle.
Nothing is added for control, pipelines, memories, or for finding the non-zeros.
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from razorsnn.fixed import Ints
from razorsnn.ir import Tensor
from razorsnn.layers import Layer
from razorsnn.targets.reference import LayerResult


@dataclass(frozen=True)
class Engine:
    """How wide it is: `lanes` channels and `taps` outputs of `inputs` activations a cycle."""

    lanes: int
    taps: int = 1
    inputs: int = 1

    @property
    def wide_as(self) -> int:
        """Multiplies a cycle of one activation."""
        return self.lanes * self.taps

    def wide(self, count: int) -> int:
        """Cycles for `count` things at full width."""
        return -(-count // self.wide_as)


@dataclass(frozen=True)
class Bound:
    """Cycles of one window in one layer and its gate."""

    multiply: int
    neuron: int
    razor: int

    @property
    def total(self) -> int:
        return self.multiply + self.neuron + self.razor


def reached(layer: Layer, folded: bool, side: int = 1) -> Ints:
    """[H, W]: the outputs that each input position reaches, at pooled size if `folded`, else before pooling.

    In side * side banks: those in the fullest one.
    """
    geometry, x = layer.synapse.geometry(layer.operand), layer.operand
    if geometry.dense:
        return np.ones((x.height, x.width), dtype=np.int64)
    reach = layer.synapse.weights.shape[2] // 2
    pool = 1 << geometry.pool_log2
    step = pool if folded else 1
    return np.outer(
        -(-_along(x.height, geometry.output.height * pool, reach, step) // side),
        -(-_along(x.width, geometry.output.width * pool, reach, step) // side),
    )


def _along(length: int, used: int, reach: int, step: int) -> Ints:
    """[length]: how many different outputs, `step` apart, the outputs 0..used-1 around each place fall into."""
    near = [range(max(0, at - reach), min(used, at + reach + 1)) for at in range(length)]
    return np.array([len({output // step for output in outputs}) for outputs in near], dtype=np.int64)


def event_cycles(layer: Layer, engine: Engine, folded: bool) -> Ints:
    """[H, W]: multiply cycles of an activation at each position."""
    channels = len(layer.synapse.weights)
    banked = reached(layer, folded, isqrt(engine.taps)) * -(-channels // engine.lanes)
    return np.minimum(banked, reached(layer, folded) * engine.wide(channels))


def multiply_cycles(
    layer: Layer, x: Ints, keep: NDArray[np.bool_], engine: Engine, skip: bool, prune: bool, fold: bool
) -> int:
    """Of x [T, C, H, W]: zeros are skipped if `skip`, frames without keep if `prune`; pools folded if `fold`."""
    work = x != 0 if skip else np.ones_like(x, dtype=np.bool_)
    counts = work[keep if prune else slice(None)].sum(axis=1)
    if layer.synapse.geometry(layer.operand).dense:
        return int(engine.wide(len(layer.synapse.weights)) * _at_once(counts.sum(axis=(1, 2)), engine).sum())
    return int((_at_once(counts, engine).sum(axis=0) * event_cycles(layer, engine, fold)).sum())


def _at_once(counts: Ints, engine: Engine) -> Ints:
    return -(-counts // engine.inputs)


def neuron_cycles(layer: Layer, engine: Engine) -> int:
    out: Tensor = layer.synapse.geometry(layer.operand).output
    return out.frames * engine.wide(out.positions)


def lower_bound(result: LayerResult, x: Ints, engine: Engine) -> Bound:
    """Of a layer that ran; x [T, C, H, W] as it stands before the gate."""
    multiply = multiply_cycles(result.layer, result.operand, result.keep, engine, skip=True, prune=True, fold=True)
    return Bound(multiply, neuron_cycles(result.layer, engine), _razor(result, x, engine))


def _razor(result: LayerResult, x: Ints, engine: Engine) -> int:
    if not result.layer.razor:
        return 0
    looked_at = [
        1 if kept else engine.wide(int(np.count_nonzero(frame))) for frame, kept in zip(x, result.keep, strict=True)
    ]
    return engine.wide(result.layer.input.positions) + sum(looked_at)


def dense_cycles(
    result: LayerResult, x: Ints, engine: Engine, skip: bool = False, prune: bool = False, fold: bool = False
) -> int:
    """The same engine without gates, and without what is not named: every activation of x costs its multiplies."""
    keep = result.keep
    return multiply_cycles(result.layer, x, keep, engine, skip, prune, fold) + neuron_cycles(result.layer, engine)
