"""One training step against the plain loop: autograd through every time step, normalisation and pool one by one.

    python -m benchmarks.training_step --data ../shared/data/nmnist_small/Train

Both train the net of the settings on the same batches, a step of each in turn, on one thread; of the CPU's seconds the
least of all steps count. `loss`: both losses of the first step.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import torch
from rich.console import Console
from torch import Tensor
from torch.nn import functional

from razorsnn.config import load_config
from razorsnn.render import show
from razorsnn.samples import read_samples, split
from razorsnn.train import WindowSet
from razorsnn.train.data import training_batches
from razorsnn.train.loop import Trainer
from razorsnn.train.neuron import NeuronSettings
from razorsnn.train.norm import PooledNorm
from razorsnn.train.quantisers import spike


def plain_membranes(z: Tensor, settings: NeuronSettings, v_th: float, z_frac: int | None) -> Tensor:
    """The recurrence as it is written down; the leak floored as deployed, its gradient passed straight through."""
    found = [z[0]]
    for row in z[1:]:
        u = found[-1]
        s = spike(u, v_th, settings.width)
        jump: dict[str, Tensor] = {"zero": -u, "threshold": v_th - u, "subtract": torch.full_like(u, -v_th)}
        after = u + s * jump[settings.reset]
        h = settings.alpha * after
        if z_frac is not None:
            wide = (settings.alpha * 2.0**z_frac * after.double()).floor() * 2.0**-z_frac
            h = h + (wide.to(h.dtype) - h).detach()
        found.append(row + h)
    return torch.stack(found)


def plain_pooled(norm: PooledNorm, z: Tensor, pool: int) -> Tensor:
    return functional.avg_pool2d(norm(z), pool)


@contextmanager
def plain() -> Iterator[None]:
    with patch("razorsnn.train.synapse.membranes", plain_membranes), patch.object(PooledNorm, "pooled", plain_pooled):
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of recordings, class = folder name")
    parser.add_argument("--config", type=Path, default=Path("configs/nmnist.toml"))
    parser.add_argument("--steps", type=int, default=15)
    given = parser.parse_args()
    torch.set_num_threads(1)
    config = load_config(given.config)
    chosen, held = (WindowSet(part.frames(), part.labels) for part in split(read_samples(given.data, config), config))
    rows = []
    for stage in ("live", "exact"):
        with TemporaryDirectory() as folder:
            ours, theirs = (Trainer(config, chosen, held, Path(folder)) for _ in range(2))
            if stage == "exact":
                for trainer in (ours, theirs):
                    trainer._fold()
            rows.append({"stage": stage, **compared(ours, theirs, given.steps)})
    show("training step", {"steps": rows}, Console())


def compared(ours: Trainer, theirs: Trainer, steps: int) -> dict[str, Any]:
    batches = [batch for _, batch in zip(range(steps), training_batches(ours.config, ours.train, 0), strict=False)]
    taken: dict[str, list[float]] = {"ours": [], "plain": []}
    losses = []
    for batch in batches:
        started = time.process_time()
        losses.append(ours._step(batch)[0])
        middle = time.process_time()
        with plain():
            losses.append(theirs._step(batch)[0])
        taken["ours"].append(middle - started)
        taken["plain"].append(time.process_time() - middle)
    least = {name: min(values) for name, values in taken.items()}
    return {
        "plain ms": 1e3 * least["plain"],
        "ours ms": 1e3 * least["ours"],
        "ratio": least["plain"] / least["ours"],
        "loss": losses[:2],
    }


if __name__ == "__main__":
    main()
