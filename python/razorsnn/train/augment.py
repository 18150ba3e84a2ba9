"""Random changes of training windows that keep their class: each is shifted, turned, scaled and sheared as a whole."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from razorsnn.config import Train

Floats = NDArray[np.float64]


def moved(frames: NDArray[np.uint8], settings: Train, rng: np.random.Generator) -> NDArray[np.uint8]:
    """uint8 [N, T, C, H, W]: all frames of a window moved by one affine map, drawn for it, about the middle.

    Nearest neighbours, so counts stay counts; what comes in from outside is 0. A shift leaves at least one row and
    one column inside.
    """
    height, width = frames.shape[-2:]
    size = np.array([width, height])  # torch takes x first, in halves of the frame
    half = size / 2
    linear = _linear(settings, len(frames), rng) * half / half[:, None]
    most = np.minimum(settings.shift, size - 1)
    shift = rng.integers(-most, most + 1, size=(len(frames), 2)) / half
    theta = torch.from_numpy(np.concatenate([linear, shift[:, :, None]], axis=2)).float()
    grid = functional.affine_grid(theta, [len(frames), 1, height, width], align_corners=False)
    merged = torch.from_numpy(frames).flatten(1, 2).float()
    found = functional.grid_sample(merged, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    result: NDArray[np.uint8] = found.to(torch.uint8).view(frames.shape).numpy()
    return result


def _linear(settings: Train, count: int, rng: np.random.Generator) -> Floats:
    """[N, 2, 2]: where a pixel (x, y) of the result comes from: turned, then sheared along x, then scaled."""
    angle = np.deg2rad(rng.uniform(-settings.rotation, settings.rotation, count))
    shear = np.tan(np.deg2rad(rng.uniform(-settings.shear, settings.shear, count)))
    scale = np.exp(rng.uniform(-1, 1, (count, 2)) * np.log1p(settings.scale))
    one, zero = np.ones(count), np.zeros(count)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    sheared = np.array([[one, shear], [zero, one]])
    found: Floats = np.einsum("ijn,jkn,nk->nik", sheared, turn, scale)
    return found
