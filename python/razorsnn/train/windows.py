"""A graph as torch modules that take whole windows, for flows that start from a torch model, such as hls4ml's.

Each module holds one operation of the graph; its forward pass is the integer reference of that operation, on real
values: integer * 2**-frac. No gradient passes: a net is trained in train/model.py.
"""

import numpy as np
import torch
from hls4ml.utils.torch import HLS4MLModule
from torch import Tensor, nn

from razorsnn import ir
from razorsnn.fixed import Format
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.razor import Razor
from razorsnn.ops.static import Static
from razorsnn.ops.synapse import Synapse
from razorsnn.ops.tally import Tally


class _Window(HLS4MLModule):  # type: ignore[misc]  # hls4ml has no types; it does not trace through this class
    """`op` on windows x of `x`'s shape and format; hls4ml's kernel has `lanes` multipliers."""

    def __init__(self, op: ir.Op, x: ir.Tensor, lanes: int) -> None:
        super().__init__()
        self.op, self.x, self.lanes = op, x, lanes

    def forward(self, x: Tensor) -> Tensor:
        """[N, T, C, H, W] to the same, or to scores [N, classes]. Values off the input's grid are floored to it."""
        scaled = np.floor(x.detach().double().numpy() * 2.0**self.x.format.frac).astype(np.int64)
        outputs = [self.op.execute(window, self.x).output for window in scaled]
        return torch.from_numpy(np.stack(outputs) * 2.0 ** -self._frac()).to(x.dtype)

    def _frac(self) -> int:
        if isinstance(self.op, Synapse) and self.op.readout:
            return self.op.z_frac(self.x, self.op.geometry(self.x))
        form: Format = self.op.infer(self.x).format
        return form.frac


class LiafConv(_Window):
    """Spiking convolution. Contract: ops/conv.py."""

    padding_mode, groups = "zeros", 1  # hls4ml asks every module with Conv in its name


class LiafDense(_Window):
    """Spiking dense layer. Contract: ops/dense.py."""


class RazorGate(_Window):
    """Razor gate. Contract: ops/razor.py."""


class StaticGate(_Window):
    """Static gate. Contract: ops/static.py."""


class TallyGate(_Window):
    """Tally gate. Contract: ops/tally.py."""


MODULES: dict[type[ir.Op], type[_Window]] = {
    Conv: LiafConv,
    Dense: LiafDense,
    Razor: RazorGate,
    Static: StaticGate,
    Tally: TallyGate,
}


def window_model(graph: ir.Graph, lanes: int) -> nn.Sequential:
    """The graph as a chain of modules: frames [N, T, C, H, W] to real scores [N, classes]."""
    tensors = graph.tensors()
    modules = [MODULES[type(op)](op, x, lanes) for op, x in zip(graph.ops, tensors, strict=False)]
    return nn.Sequential(*modules)
