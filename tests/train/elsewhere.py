"""A second device that is none: its tensors say that they lie elsewhere, and the CPU computes them.

What mixes both in one operation is an error, as it is with a GPU; only values without a shape may come from the CPU,
and copies may cross over. So the tests see, without a GPU, that training keeps its tensors together.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

PLACE = torch.device("meta")
"""The one name of a device that torch knows in every build, and for which it does nothing of its own."""
CROSSING = {torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default}


class Elsewhere(torch.Tensor):
    """`held`: the values, on the CPU."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "Elsewhere":
        size, strides, offset = held.size(), held.stride(), held.storage_offset()
        made = torch.Tensor._make_wrapper_subclass(
            cls, size, strides=strides, storage_offset=offset, dtype=held.dtype, device=PLACE
        )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        raise AssertionError(f"{function} outside of `emulated`")


class Emulation(TorchDispatchMode):
    """`count`: operations that were computed elsewhere."""

    count = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        named = dict(named or {})
        tensors = [given for given in tree_leaves((arguments, named)) if isinstance(given, torch.Tensor)]
        elsewhere = any(isinstance(given, Elsewhere) for given in tensors)
        self.count += elsewhere
        if elsewhere and function not in CROSSING:
            strays = [tuple(given.shape) for given in tensors if not isinstance(given, Elsewhere) and given.dim()]
            assert not strays, f"{function}: tensors of shapes {strays} lie on the CPU, others elsewhere"
        if named.get("device") is not None:
            elsewhere = torch.device(named["device"]) == PLACE
            named["device"] = torch.device("cpu")
        found = function(*tree_map(_held, arguments), **tree_map(_held, named))
        given = {id(tensor.held): tensor for tensor in tensors if isinstance(tensor, Elsewhere)}
        return tree_map(lambda value: _placed(value, given) if elsewhere else value, found)


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Elsewhere) else value


def _placed(value: Any, given: dict[int, Elsewhere]) -> Any:
    """What was changed in place is handed back as what it was."""
    if not isinstance(value, torch.Tensor):
        return value
    return given[id(value)] if id(value) in given else Elsewhere(value)


@contextmanager
def emulated() -> Iterator[Emulation]:
    """A place where training runs elsewhere, whatever its settings say."""
    new_parameters = patch("torch.__future__.get_overwrite_module_params_on_conversion", lambda: True)
    no_inference = patch("torch.inference_mode", torch.no_grad)  # whose tensors cannot be wrapped
    chosen = patch("razorsnn.train.loop.chosen_device", lambda name: PLACE)
    with chosen, new_parameters, no_inference, Emulation() as emulation:
        yield emulation
