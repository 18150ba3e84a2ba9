"""What every data set is, whatever it was read from."""

from dataclasses import dataclass

from razorsnn.events import Recording


@dataclass(frozen=True)
class Dataset:
    """`recordings` are sorted by name; the label of each is an index into `class_names`.

    `contents`: one hash for all files of a data set whose recordings are read when they are needed; None where the
    recordings are in memory.
    """

    name: str
    class_names: tuple[str, ...]
    recordings: tuple[Recording, ...]
    contents: str | None = None
