"""Several processes that do one training together, as torchrun starts them; the first one writes and speaks for all."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Found = TypeVar("Found")


def count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def leads() -> bool:
    """Whether this is the process that writes."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def joined() -> Iterator[None]:
    """While this lasts the processes can tell each other things; each must be in it."""
    if count() == 1:
        yield
        return
    from razorsnn.train import world

    with world.joined():
        yield


def told(find: Callable[[], Found]) -> Found:
    """What `find`, which runs in the first process only, returns or raises as UserError: in all of them."""
    if count() == 1:
        return find()
    from razorsnn.train import world

    return world.told(find)
