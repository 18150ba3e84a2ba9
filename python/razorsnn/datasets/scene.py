"""What the simulated camera sees: a gesture in log intensity, with pauses, played forwards or backwards.

Both members of a pair draw their scene from one distribution, and that distribution is its own mirror image in time:
the speed is uniform, and the pauses lie as often early as late. A scene played backwards turns each brightening into
a darkening, which the random sign of the contrast undoes. So sums over time are the same for both, by construction.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rng = np.random.Generator
Motion = Callable[[Floats, int, Rng], Floats]
"""(progress [S] in 0..1, size in pixels, rng) -> share of each pixel that the object covers, [S, H, W]."""

PAUSED_SHARE = (0.25, 0.5)
CONTRAST = (0.6, 1.2)  # of the object against the background, in log intensity
DISTRACTOR_CONTRAST = (0.4, 0.8)


def log_intensity(motion: Motion, backward: bool, samples: int, size: int, distractor_share: float, rng: Rng) -> Floats:
    """Log intensity over that of the background, float32 [samples, size, size]."""
    pauses = _pauses(samples, rng)
    progress = _progress(pauses, samples)
    coverage = motion(1 - progress if backward else progress, size, rng)
    scene = coverage * _contrast(CONTRAST, rng)
    acting = [pause for pause in pauses if rng.random() < distractor_share]
    _add_distractor(scene, acting, rng)
    return scene


def _contrast(limits: tuple[float, float], rng: Rng) -> np.float32:
    """With a random sign: were all objects bright, the order of ON and OFF would give the direction away."""
    return np.float32(rng.choice([-1, 1]) * rng.uniform(*limits))


def _pauses(samples: int, rng: Rng) -> list[slice]:
    """One or two stretches, in samples, that together fill PAUSED_SHARE of the time."""
    count = rng.integers(1, 3)
    paused = rng.uniform(*PAUSED_SHARE)
    still = rng.dirichlet(np.full(count, 4.0)) * paused
    moving = rng.dirichlet(np.full(count + 1, 1.5)) * (1 - paused)
    start = np.cumsum(moving[:-1]) + np.cumsum(still) - still
    edges = np.rint(np.stack([start, start + still], 1) * samples).astype(int)
    return [slice(a, b) for a, b in edges.tolist()]


def _progress(pauses: list[slice], samples: int) -> Floats:
    """Share of the motion that is done at each sample, from 0 to 1, at uniform speed outside of the pauses."""
    moving = np.ones(samples)
    moving[0] = 0
    for pause in pauses:
        moving[pause] = 0
    progress: Floats = (np.cumsum(moving) / moving.sum()).astype(np.float32)
    return progress


def _add_distractor(scene: Floats, pauses: list[slice], rng: Rng) -> None:
    """Something small that moves to and fro or flickers in the pauses; it knows nothing of the gesture."""
    samples, size, _ = scene.shape
    wobble = np.zeros(samples, np.float32)
    for pause in pauses:
        length = pause.stop - pause.start
        # Whole periods: it ends where it began, so that it is still outside of the pauses.
        wobble[pause] = np.sin(np.linspace(0, 2 * np.pi * rng.integers(1, 4), length))
    x, y = rng.uniform(0.1 * size, 0.9 * size, 2)
    angle = rng.uniform(0, 2 * np.pi)
    reach = 0 if rng.random() < 0.5 else rng.uniform(0.05, 0.1) * size
    contrast = _contrast(DISTRACTOR_CONTRAST, rng)
    dx, dy = _offsets(x + reach * np.cos(angle) * wobble, y + reach * np.sin(angle) * wobble, size)
    coverage = _cover(_disc(dx, dy, rng.uniform(0.05, 0.08) * size))
    flicker = np.float32(0 if reach else 1) * wobble
    scene += contrast * coverage * (1 + flicker[:, None, None])


def _offsets(x: Floats, y: Floats, size: int) -> tuple[Floats, Floats]:
    """Distances of the pixels from the centres (x, y) [S]: [S, 1, W] along x and [S, H, 1] along y."""
    pixel = np.arange(size, dtype=np.float32) + np.float32(0.5)
    return pixel - x.astype(np.float32)[:, None, None], pixel[:, None] - y.astype(np.float32)[:, None, None]


def _cover(distance: Floats) -> Floats:
    """Anti-aliasing: the share of a pixel that lies inside of an edge at a signed distance of its centre."""
    return np.asarray(np.clip(np.float32(0.5) - distance, 0, 1), np.float32)


def _disc(dx: Floats, dy: Floats, radius: float) -> Floats:
    return np.sqrt(dx * dx + dy * dy) - np.float32(radius)


def _square(dx: Floats, dy: Floats, radius: float) -> Floats:
    return np.maximum(np.abs(dx), np.abs(dy)) - np.float32(0.9 * radius)


def _diamond(dx: Floats, dy: Floats, radius: float) -> Floats:
    return (np.abs(dx) + np.abs(dy)) * np.float32(0.7) - np.float32(0.9 * radius)


SHAPES = (_disc, _square, _diamond)


def _shape(rng: Rng) -> Callable[[Floats, Floats, float], Floats]:
    return SHAPES[rng.integers(len(SHAPES))]


def orbit(progress: Floats, size: int, rng: Rng) -> Floats:
    """Around a centre near the middle, from any angle; forwards is clockwise, as y counts downwards."""
    centre = rng.uniform(0.45, 0.55, 2) * size
    radius = rng.uniform(0.2, 0.3) * size
    angle = rng.uniform(0, 2 * np.pi) + 2 * np.pi * rng.uniform(0.7, 1.1) * progress
    dx, dy = _offsets(centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle), size)
    return _cover(_shape(rng)(dx, dy, rng.uniform(0.07, 0.11) * size))


def _travel(progress: Floats, size: int, rng: Rng) -> tuple[Floats, Floats]:
    """Positions [S] along the axis, in growing order, and across it, with a slight slope."""
    middle = rng.uniform(0.44, 0.56, 2) * size
    along = (progress - 0.5) * rng.uniform(0.5, 0.85) * size
    across = (progress - 0.5) * rng.uniform(-0.15, 0.15) * size
    return middle[0] + along, middle[1] + across


def horizontal(progress: Floats, size: int, rng: Rng) -> Floats:
    """Forwards is from left to right."""
    x, y = _travel(progress, size, rng)
    return _cover(_shape(rng)(*_offsets(x, y, size), rng.uniform(0.07, 0.13) * size))


def vertical(progress: Floats, size: int, rng: Rng) -> Floats:
    """Forwards is from top to bottom."""
    y, x = _travel(progress, size, rng)
    return _cover(_shape(rng)(*_offsets(x, y, size), rng.uniform(0.07, 0.13) * size))


def spread(progress: Floats, size: int, rng: Rng) -> Floats:
    """The outline of a shape; forwards it grows from near its centre."""
    still = np.zeros_like(progress)
    centre = rng.uniform(0.44, 0.56, 2) * size
    dx, dy = _offsets(centre[0] + still, centre[1] + still, size)
    radius = (rng.uniform(0.05, 0.16) + rng.uniform(0.15, 0.28) * progress) * size
    outline = np.abs(_shape(rng)(dx, dy, 0) - radius[:, None, None])
    return _cover(outline - np.float32(rng.uniform(0.03, 0.05) * size))
