"""What every data set is, whatever it was read from."""

from dataclasses import dataclass

from razorsnn.events import Recording


@dataclass(frozen=True)
class Dataset:
    """`recordings` are sorted by name; the label of each is an index into `class_names`."""

    name: str
    class_names: tuple[str, ...]
    recordings: tuple[Recording, ...]
