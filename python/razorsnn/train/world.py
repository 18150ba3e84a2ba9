"""What the processes of one training know of each other. One process alone is a world of one, and pays nothing.

Every batch is drawn alike in all processes; each takes its part of it, in order. Sums over a batch (statistics,
gradients, counts) are added over the parts, and scores for quantiles are put together in the batch's order.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from razorsnn.errors import UserError

Found = TypeVar("Found")


@contextmanager
def joined() -> Iterator[None]:
    """Meets the other processes, by the addresses that torchrun put into the environment."""
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def size() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    return distributed.get_rank() if distributed.is_initialized() else 0


def part(batch: NDArray[np.generic]) -> slice:
    """The place in a batch of what this process takes: parts as equal as can be."""
    ends = np.cumsum([0, *(len(piece) for piece in np.array_split(batch, size()))])
    return slice(int(ends[rank()]), int(ends[rank() + 1]))


def summed(value: Tensor) -> Tensor:
    """`value` added over all processes, in place."""
    if size() > 1:
        distributed.all_reduce(value)
    return value


def gathered(value: Tensor) -> Tensor:
    """value [T, n] of all processes in their order, [T, N], without a gradient."""
    value = value.detach()
    if size() == 1:
        return value
    found: list[Any] = [None] * size()
    distributed.all_gather_object(found, value.cpu())  # a GPU's would come back on the sender's
    return torch.cat(found, dim=1).to(value.device)


def shared(model: nn.Module) -> nn.Module:
    """The model, whose gradients are then the means of those of all processes."""
    if size() == 1:
        return model
    return DistributedDataParallel(model, broadcast_buffers=False, find_unused_parameters=True)


def told(find: Callable[[], Found]) -> Found:
    """As `processes.told`, within `joined`."""
    box: list[Any] = [None, None]
    if rank() == 0:
        try:
            box[0] = find()
        except UserError as error:
            box[1] = str(error)
    if size() > 1:
        distributed.broadcast_object_list(box, src=0)
    if box[1] is not None:
        raise UserError(box[1])
    found: Found = box[0]
    return found


def require_alike(what: str, value: str) -> None:
    """UserError, in all processes, where one has another `value`."""
    if size() == 1:
        return
    found: list[Any] = [None] * size()
    distributed.all_gather_object(found, value)
    other = [index for index, theirs in enumerate(found) if theirs != found[0]]
    if other:
        raise UserError(f"{what} of process {other[0]} differ from those of process 0; accepted: the same in all")
