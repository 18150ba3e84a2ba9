"""One training step against the plain loop: autograd through every time step, normalisation and pool one by one.

    python -m benchmarks.training_step --data ../shared/data/nmnist_small/Train

All three train the net of the settings on the same batches, a step of each in turn, on one thread; the least time of
all steps counts, so that none of what is compiled in the first ones. `compiled`: ours, with train.compile. `loss`: of
the first step, plain, ours and compiled. Time is the CPU's, or with --device cuda the clock's, until the GPU is done;
`batch ms`: what the CPU takes to draw and move the windows of a step.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import torch
from rich.console import Console
from torch import Tensor
from torch.nn import functional

from razorsnn.config import Config, load_config
from razorsnn.experiments.tables import changed
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
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--batch", type=int, help="windows a step; without it as in the settings")
    given = parser.parse_args()
    torch.set_num_threads(1)
    config = load_config(given.config)
    train = {"device": given.device, "batch": given.batch or config.train.batch}
    config = changed(config, {"train": train}, "the command line")
    chosen, held = (WindowSet(part.frames(), part.labels) for part in split(read_samples(given.data, config), config))
    rows = []
    for stage in ("live", "exact"):
        with TemporaryDirectory() as folder:
            trainers = {name: Trainer(one, chosen, held, Path(folder)) for name, one in ways(config).items()}
            if stage == "exact":
                for trainer in trainers.values():
                    trainer._fold()
            rows.append({"stage": stage, **compared(trainers, given.steps)})
    show("training step", {"steps": rows}, Console())


def ways(config: Config) -> dict[str, Config]:
    return {"plain": config, "ours": config, "compiled": changed(config, {"train": {"compile": True}}, "compiled")}


def compared(trainers: dict[str, Trainer], steps: int) -> dict[str, Any]:
    first = trainers["ours"]
    started = time.perf_counter()
    drawn = [batch for _, batch in zip(range(steps), training_batches(first.config, first.train, 0), strict=False)]
    drawing = (time.perf_counter() - started) / len(drawn)
    batches = [batch.on(first.device) for batch in drawn]
    taken: dict[str, list[float]] = {name: [] for name in trainers}
    losses = []
    for batch in batches:
        for name, trainer in trainers.items():
            started = now(first.device)
            with plain() if name == "plain" else nullcontext():
                losses.append(float(trainer._step(batch)[0]))
            taken[name].append(now(first.device) - started)
    least = {name: min(values) for name, values in taken.items()}
    return {
        **{f"{name} ms": 1e3 * value for name, value in least.items()},
        "plain over ours": least["plain"] / least["ours"],
        "ours over compiled": least["ours"] / least["compiled"],
        "batch ms": 1e3 * drawing,
        "loss": losses[: len(trainers)],
    }


def now(device: torch.device) -> float:
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()


if __name__ == "__main__":
    main()
