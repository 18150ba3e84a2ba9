"""Data sets by name or by path. A new one is a file of its own and one line in DATASETS."""

from collections.abc import Callable
from pathlib import Path

from razorsnn.datasets.dataset import Dataset
from razorsnn.datasets.folder import read_folder
from razorsnn.datasets.simulated import SimulatedSpec, simulate
from razorsnn.datasets.split import split_windows

__all__ = ["DATASETS", "Dataset", "SimulatedSpec", "open_dataset", "split_windows"]

DATASETS: dict[str, Callable[[SimulatedSpec, int], Dataset]] = {
    "simulated": simulate,
}


def open_dataset(source: str, simulated: SimulatedSpec, seed: int) -> Dataset:
    """The data set called `source`, or the folder of recordings at the path `source`.

    `simulated` and `seed` matter to data sets that are made, not read. Raises UserError as read_folder does.
    """
    made = DATASETS.get(source)
    return made(simulated, seed) if made else read_folder(Path(source), accepted=tuple(DATASETS))
