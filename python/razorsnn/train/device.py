"""Where training runs. All that follows it (the last metrics, the graph, `evaluate`) runs on the CPU."""

import os

import torch

from razorsnn.errors import UserError


def chosen_device(name: str) -> torch.device:
    """The device of `train.device`: auto is a GPU where torch sees one; under torchrun each process takes its own.

    UserError: torch does not see it.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not gpus):
        return torch.device("cpu")
    if not gpus:
        raise UserError(f"train.device {name}: torch {torch.__version__} sees no such device; accepted here: auto, cpu")
    torch.backends.cudnn.allow_tf32 = False  # rounds what `precision` calls single
    torch.use_deterministic_algorithms(True, warn_only=True)  # one seed, one result
    # Otherwise a kernel fills each new tensor, for those who read what was not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # it is a property
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % gpus)
    torch.cuda.set_device(device)
    return device
