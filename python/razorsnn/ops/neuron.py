"""LIAF and LIF neurons: the neuron pass that ends each frame of a spiking layer (not an operation of its own).

Contract (HLS hls/razorsnn/neuron.hpp, RTL rtl/rsnn_neuron.sv compute the same):
    equation   u[t] = h[t-1] + z[t],  h[-1] = 0
               s[t] = u[t] >= v_th
               y[t] = cast(max(u[t], 0))  ("liaf")   |   s[t]  ("lif")
               h[t] = floor(alpha_q * reset(u[t], s[t]) / 256)
    reset      where s: "zero" -> 0 | "threshold" -> v_th | "subtract" -> u - v_th; elsewhere u
    readout    "liaf": score += max(u, 0), before any cast | "sum": score += z, no neuron state (h = 0)
    shapes     z, u, s, y, h: [T, N], N = C * H * W neurons; the score [N]
    widths     u and h at z's frac; membranes as wide as `membrane_range` proves; y as `out`
    rounding   y to the nearest, halves as `ties` says (fixed.py), then saturated; h floored
    latency    one word of `lanes` neurons a cycle (ops/synapse.py, `Synapse.cycles`)
"""

from dataclasses import dataclass

import numpy as np

from razorsnn.compiled import compiled
from razorsnn.errors import UserError
from razorsnn.fixed import TIES, Format, Ints, Whole, cast_counted, leak

RESETS = ("zero", "threshold", "subtract")
MODES = ("liaf", "lif")
READOUTS = ("liaf", "sum")


def after_reset(u: Whole, v_th: int, factor: int, summand: int) -> Whole:
    """reset(u, s), of a neuron or of each of many."""
    return u + (u >= v_th) * (factor * u + summand)


@compiled(after_reset, leak)
def _leaky_sums(z: Ints, u: Ints, v_th: int, factor: int, summand: int, alpha_q: int) -> None:
    """Sets the membranes u [T, N]."""
    u[0] = z[0]
    for t in range(1, len(u)):
        for n in range(u.shape[1]):
            u[t, n] = z[t, n] + leak(after_reset(u[t - 1, n], v_th, factor, summand), alpha_q)


@dataclass(frozen=True)
class Neuron:
    """alpha_q is alpha * 256, v_th an integer at the layer's z frac, `out` the format of y, `ties` of its rounding."""

    mode: str
    reset: str
    alpha_q: int
    v_th: int
    out: Format
    ties: str = "up"

    @property
    def fields(self) -> dict[str, int]:
        """Its settings as numbers, as the layer table has them."""
        return {
            "alpha": self.alpha_q,
            "reset": RESETS.index(self.reset),
            "spike": int(self.mode == "lif"),
            "ties_even": int(self.ties == "even"),
            "out_max": self.out.high,
        }

    def describe(self, readout: str | None) -> str:
        name = f"readout {readout}" if readout else self.mode
        ties = "" if self.ties == "up" else f", ties {self.ties}"
        return f"{name}, reset {self.reset}, alpha {self.alpha_q}/256, v_th {self.v_th}{ties}"

    def check(self, z_frac: int) -> None:
        """Raises UserError where a field is out of range for sums with `z_frac` fraction bits."""
        problems = [
            (self.mode in MODES, f"mode {self.mode!r}, accepted: {', '.join(MODES)}"),
            (self.ties in TIES, f"ties {self.ties!r}, accepted: {', '.join(TIES)}"),
            (self.reset in RESETS, f"reset {self.reset!r}, accepted: {', '.join(RESETS)}"),
            (0 <= self.alpha_q <= 255, f"alpha_q {self.alpha_q}, accepted: 0..255"),
            (self.v_th > 0, f"v_th {self.v_th}, accepted: 1 or more"),
            (not self.out.signed and 1 <= self.out.width <= 8, f"output format {self.out}, accepted: u1..u8"),
            (
                0 <= z_frac - self.out.frac <= 31,
                f"output frac {self.out.frac}, accepted: {z_frac - 31}..{z_frac}",
            ),
        ]
        for fine, message in problems:
            if not fine:
                raise UserError(f"neuron {message}")

    def reset_value(self, u: Ints) -> Ints:
        """reset(u, s) for each u."""
        return after_reset(u, self.v_th, *self._after)

    @property
    def _after(self) -> tuple[int, int]:
        """What reset(u, s) adds to u where s: a factor of u, and a summand."""
        return {"zero": (-1, 0), "threshold": (-1, self.v_th), "subtract": (0, -self.v_th)}[self.reset]

    def output(self, u: Ints, z_frac: int) -> Ints:
        return self.output_counted(u, z_frac)[0]

    def saturations(self, u: Ints, z_frac: int) -> int:
        """How many of these neurons' outputs `cast` saturates."""
        return self.output_counted(u, z_frac)[1]

    def output_counted(self, u: Ints, z_frac: int) -> tuple[Ints, int]:
        """y, and how many of them `cast` saturates; it takes u < 0 to 0, as y has no sign."""
        if self.mode == "lif":
            return (u >= self.v_th).astype(np.int64), 0
        y, _, saturations = cast_counted(u, z_frac, self.out, self.ties)
        return y, saturations

    def membranes(self, z: Ints) -> Ints:
        """u [T, N] from z [T, N]: the recurrence of equation LIAF over the window."""
        u = np.empty_like(z)
        _leaky_sums(z, u, self.v_th, *self._after, self.alpha_q)
        return u

    def reset_range(self, low: int, high: int) -> tuple[int, int]:
        """The range of reset(u, s) for u in low..high."""
        if high < self.v_th:
            return low, high
        below = self.v_th - 1
        top = {"zero": max(below, 0), "threshold": self.v_th, "subtract": max(below, high - self.v_th)}
        return min(low, 0), top[self.reset]

    def membrane_range(self, low: Ints, high: Ints, frames: int) -> tuple[int, int]:
        """The widest range of u over a window, for z per neuron kind in low..high (each with 0 in reach of a part sum).

        Worst case of the recurrence, step by step, so a membrane of this range cannot overflow; a part of a
        frame's sum is in range too, because any product may be 0.
        """
        lowest, highest = 0, 0
        for z_low, z_high in set(zip(np.minimum(low, 0).tolist(), np.maximum(high, 0).tolist(), strict=True)):
            h_low, h_high = 0, 0
            for _ in range(frames):
                u_low, u_high = h_low + z_low, h_high + z_high
                lowest, highest = min(lowest, u_low), max(highest, u_high)
                after_low, after_high = self.reset_range(u_low, u_high)
                settled = (h_low, h_high)
                h_low, h_high = int(leak(after_low, self.alpha_q)), int(leak(after_high, self.alpha_q))
                if settled == (h_low, h_high):
                    break
        return lowest, highest
