"""Draws overview.svg: a recording, its frames with the gate's true verdicts, the engine, the report.

    python docs/img/overview.py RUN DATA [WINDOW] > docs/img/overview.svg

RUN was trained on DATA; frames, verdicts (of the first gate) and scores are those of an unseen window, by number.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from razorsnn.config import SAVED, load_config
from razorsnn.graphfile import load_graph
from razorsnn.plan import make_plan
from razorsnn.samples import read_samples, split
from razorsnn.targets.reference import run_window

WIDTH, HEIGHT, FRAMES = 960, 300, 8
ON, OFF, INK, SOFT, KEPT, PRUNED = "#e07a2f", "#2f6fb0", "#22303c", "#7b8a97", "#2e8b57", "#c0392b"


def text(x: float, y: float, words: str, size: int = 13, colour: str = INK, weight: int = 400) -> str:
    style = f'font-size="{size}" fill="{colour}" font-weight="{weight}" text-anchor="middle"'
    return f'<text x="{x}" y="{y}" {style}>{words}</text>'


def box(x: float, y: float, width: float, height: float, stroke: str = "#c5ced6", fill: str = "#ffffff") -> str:
    shape = f'x="{x}" y="{y}" width="{width}" height="{height}" rx="7"'
    return f'<rect {shape} fill="{fill}" stroke="{stroke}" stroke-width="1.6"/>'


def arrow(x: float, y: float, length: float) -> str:
    end = x + length
    line = f'<path d="M{x} {y}H{end - 7}" stroke="{SOFT}" stroke-width="2.4" fill="none"/>'
    return line + f'<path d="M{end} {y}l-9 -5v10z" fill="{SOFT}"/>'


def pixels(frame: NDArray[np.uint8], x: float, y: float, side: float) -> str:
    """One path a polarity: a square for each pixel with events."""
    step = side / frame.shape[-1]
    paths = []
    for polarity, colour in ((0, OFF), (1, ON)):
        squares = "".join(f"M{x + c * step:.1f} {y + r * step:.1f}h{step:.1f}v{step:.1f}h-{step:.1f}z"
                          for r, c in np.argwhere(frame[polarity]))  # fmt: skip
        paths.append(f'<path d="{squares}" fill="{colour}"/>')
    return "".join(paths)


def recording(frames: NDArray[np.uint8], name: str) -> str:
    side, left, top = 118, 24, 92
    stack = "".join(box(left + 9 * depth, top - 9 * depth, side, side) for depth in (2, 1))
    total = frames[: len(frames) // 3].astype(int).sum(axis=0)  # a third: all of them cover each other
    leading = (total * (total > total[::-1])).astype(np.uint8)
    front = box(left, top, side, side) + pixels(leading, left + 5, top + 5, side - 10)
    return stack + front + text(left + 68, 240, name.replace("_", " "), 12, SOFT)


def film(frames: NDArray[np.uint8], keep: NDArray[np.bool_]) -> str:
    side, left, top, pitch = 66, 228, 72, 74
    parts = []
    for index, (frame, kept) in enumerate(zip(frames, keep, strict=True)):
        x, y = left + index % 4 * pitch, top + index // 4 * 90
        drawn = box(x, y, side, side, KEPT if kept else PRUNED) + pixels(frame, x + 4, y + 4, side - 8)
        mark = text(x + side / 2, y + side + 14, "kept" if kept else "pruned", 11, KEPT if kept else PRUNED, 600)
        parts.append(drawn + mark if kept else f'<g opacity="0.55">{drawn}</g>{mark}')
    return "".join(parts)


def engine() -> str:
    left, top = 584, 72
    blocks = [("scanner", 12), ("multiply lanes", 48), ("LIAF neurons", 84), ("razor unit", 120)]
    inside = "".join(
        box(left + 12, top + at, 136, 28, "#9fb4c7", "#ffffff") + text(left + 80, top + at + 19, name, 13)
        for name, at in blocks
    )
    return (
        box(left, top, 160, 160, "#8fa5b8", "#eef3f7")
        + inside
        + text(left + 80, top + 178, "HLS C++ and RTL", 12, SOFT)
    )


def bar(x: float, y: float, height: float, share: float, wins: bool) -> str:
    colour = KEPT if wins else "#c5ced6"
    return f'<rect x="{x}" y="{y}" width="{max(2.0, 100 * share):.1f}" height="{height:.1f}" rx="2" fill="{colour}"/>'


def report(scores: NDArray[np.int64], winner: int, label: str) -> str:
    left, top, width = 808, 72, 128
    peak = max(1, int(scores.max()))
    pitch = 136 / len(scores)
    bars = "".join(
        bar(left + 14, top + 12 + pitch * index, 0.65 * pitch, max(0, score) / peak, index == winner)
        for index, score in enumerate(scores.tolist())
    )
    return box(left, top, width, 160) + bars + text(left + width / 2, top + 178, label.replace("_", " "), 12, SOFT)


def main(run: Path, data: str, number: int) -> None:
    config, graph = load_config(run / SAVED), load_graph(run)
    samples = split(read_samples(data, config), config)[1].chosen([number])
    result = run_window(make_plan(graph, config.hardware.lanes), samples.frames()[0])
    frames, keep = samples.frames()[0], result.keep[0]
    shown = np.linspace(0, len(frames) - 1, FRAMES).round().astype(int)
    titles = [(92, "recording"), (373, "frames, scored"), (664, "one engine"), (872, "equal scores")]
    parts = [
        *(text(x, 40, title, 15, INK, 700) for x, title in titles),
        recording(frames, f"class {graph.class_names[samples.labels[0]]}"),
        film(frames[shown], keep[shown]),
        engine(),
        report(result.scores, result.winner, f"answer: {graph.class_names[result.winner]}"),
        arrow(184, 152, 36), arrow(530, 152, 46), arrow(752, 152, 48),
    ]  # fmt: skip
    size = f'viewBox="0 0 {WIDTH} {HEIGHT - 18}" font-family="Helvetica, Arial, sans-serif"'
    back = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    print(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', back, *parts, "</svg>", sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
