"""The operations' equations as scalar loops over Python integers: slow, and with nothing taken from the package."""

from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

Nested = Any
"""Lists of lists of integers."""


def slow_cast(value: int, shift: int, low: int, high: int, ties: str = "up") -> int:
    real = Fraction(value, 1) * Fraction(2) ** -shift
    rounded = round(real) if ties == "even" else floor(real + Fraction(1, 2))
    return min(max(rounded, low), high)


def slow_conv(x: Nested, weights: Nested, bias: list[int], pool: int) -> Nested:
    """z [T][C_out][H // pool][W // pool] of x [T][C][H][W]."""
    kernel, height, width = len(weights[0][0]), len(x[0][0]), len(x[0][0][0])
    reach = (kernel - 1) // 2

    def before_pool(frame: Nested, o: int, r: int, s: int) -> int:
        total = bias[o]
        for c, a, b in product(range(len(frame)), range(kernel), range(kernel)):
            i, j = r + a - reach, s + b - reach
            if 0 <= i < height and 0 <= j < width:
                total += weights[o][c][a][b] * frame[c][i][j]
        return total

    def after_pool(frame: Nested, o: int, i: int, j: int) -> int:
        return sum(before_pool(frame, o, i * pool + r, j * pool + s) for r, s in product(range(pool), range(pool)))

    return [
        [
            [[after_pool(f, o, i, j) for j in range(width // pool)] for i in range(height // pool)]
            for o in range(len(bias))
        ]
        for f in x
    ]


def slow_dense(x: Nested, weights: Nested, bias: list[int]) -> Nested:
    """z [T][C_out][1][1]."""

    def one(frame: Nested, o: int) -> int:
        places = product(range(len(frame)), range(len(frame[0])), range(len(frame[0][0])))
        return bias[o] + sum(weights[o][c][i][j] * frame[c][i][j] for c, i, j in places)

    return [[[[one(frame, o)]] for o in range(len(bias))] for frame in x]


def slow_reset(u: int, reset: str, v_th: int) -> int:
    if u < v_th:
        return u
    return {"zero": 0, "threshold": v_th, "subtract": u - v_th}[reset]


def slow_neuron(z: list[int], mode: str, reset: str, alpha_q: int, v_th: int, shift: int, high: int, ties: str) -> Any:
    """(u, y) of one neuron over the frames."""
    h, us, ys = 0, [], []
    for value in z:
        u = h + value
        us.append(u)
        ys.append(int(u >= v_th) if mode == "lif" else slow_cast(max(u, 0), shift, 0, high, ties))
        h = floor(Fraction(alpha_q * slow_reset(u, reset, v_th), 256))
    return us, ys


def slow_razor(x: list[list[int]], gate: Any, x_frac: int) -> dict[str, Any]:
    """Every value of the gate's equations, of x [T][P]."""
    count, frames, places = len(gate.embeddings), range(len(x)), range(len(x[0]))
    embeddings, affine = gate.embeddings.tolist(), gate.affine.tolist()
    sums = [sum(row) for row in x]
    logit = gate.affine_format.frac + x_frac - 6
    a = [
        slow_cast(int(gate.offset[k]) + sum(affine[k][t] * sums[t] for t in frames), logit, -2048, 2047)
        for k in range(count)
    ]
    e = [int(gate.exp[min(255, max(a) - value)]) for value in a]
    w = [256 * value // sum(e) for value in e]
    acc = [[sum(embeddings[k][t] * x[t][p] for t in frames) for p in places] for k in range(count)]
    shift = 8 + gate.embedding_format.frac + x_frac - 4
    mask = [
        sum(int(gate.sigmoid[slow_cast(w[k] * acc[k][p], shift, -128, 127) + 128]) for k in range(count))
        for p in places
    ]
    score = [max(mask[p] * row[p] for p in places) for row in x]
    if gate.rule == "relative":
        keep = [int(256 * value >= gate.threshold * max(1, *score)) for value in score]
    else:
        keep = [int(value >= gate.threshold) for value in score]
    refine = 8 + x_frac - gate.refined.frac
    high = 2**gate.refined.width - 1
    rows = [
        [slow_cast(mask[p] * row[p], refine, 0, high) for p in places] if gate.operand == "refined" else row
        for row in x
    ]
    output = [[kept * value for value in row] for kept, row in zip(keep, rows, strict=True)]
    return {"weights": w, "sums": acc, "mask": mask, "score": score, "keep": keep, "output": output}
