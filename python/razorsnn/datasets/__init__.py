"""Data sets by name or by path. A new one is a file of its own and one line in MADE or STORED."""

from collections.abc import Callable
from pathlib import Path

from razorsnn.datasets.cifar10_dvs import read_cifar10_dvs
from razorsnn.datasets.dataset import Dataset
from razorsnn.datasets.dvs128_gesture import read_dvs128_gesture
from razorsnn.datasets.folder import read_folder
from razorsnn.datasets.n_caltech101 import read_n_caltech101
from razorsnn.datasets.nmnist import read_nmnist
from razorsnn.datasets.shd import read_shd
from razorsnn.datasets.simulated import SimulatedSpec, simulate
from razorsnn.datasets.split import split_windows
from razorsnn.errors import UserError

__all__ = ["MADE", "STORED", "Dataset", "SimulatedSpec", "open_dataset", "split_windows"]

MADE: dict[str, Callable[[SimulatedSpec, int], Dataset]] = {
    "simulated": simulate,
}
"""Data sets that are made."""

STORED: dict[str, Callable[[Path], Dataset]] = {
    "nmnist": read_nmnist,
    "dvs128_gesture": read_dvs128_gesture,
    "n_caltech101": read_n_caltech101,
    "cifar10_dvs": read_cifar10_dvs,
    "shd": read_shd,
}
"""Published data sets, each in the layout in which its authors offer it."""

ACCEPTED = (*MADE, *(f"{name}:PATH" for name in STORED))


def open_dataset(source: str, simulated: SimulatedSpec, seed: int) -> Dataset:
    """The data set `source`: a name in MADE, `<name in STORED>:<folder>`, or the path of a folder of recordings.

    `simulated` and `seed` matter to data sets that are made, not read. Raises UserError as the reader does.
    """
    name, _, path = source.partition(":")
    if source in MADE:
        return MADE[source](simulated, seed)
    if name in STORED:
        if not path:
            raise UserError(f"{source}: the folder is missing; accepted: {name}:PATH")
        return STORED[name](Path(path))
    return read_folder(Path(source), accepted=ACCEPTED)
