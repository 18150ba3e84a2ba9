"""Our layers inside hls4ml projects: `register()` once, then hls4ml.converters.convert_from_pytorch_model as usual.

    layers    LiafConv, LiafDense, RazorGate, StaticGate, TallyGate, for the torch modules of that name in
              train/windows.py
    kernels   hls/razorsnn and hls/hls4ml, copied into the project as extra sources
    numbers   of the graph, whatever precision the project's settings say: nothing rounds anew
    call      a whole window [T, C, H, W]; the membranes live within it

Backend Vitis, io_parallel. Windows stay [T, C, H, W], whatever hls4ml converts its own layers to.
"""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from hls4ml.backends import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.converters import register_pytorch_layer_handler
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.types import FixedPrecisionType

from razorsnn.assets import asset
from razorsnn.errors import UserError
from razorsnn.interop.hls4ml_layers import config_source, output
from razorsnn.ir import Graph, Tensor
from razorsnn.targets.hls import KERNELS, layer_table_values
from razorsnn.targets.templates import render

BACKEND = "Vitis"
INPUT = "input_1"
"""hls4ml's name of what a torch.nn.Sequential reads."""
_rendered: tempfile.TemporaryDirectory[str] | None = None


class _WindowLayer(Layer):  # type: ignore[misc]  # hls4ml has no types
    """`razorsnn_op`, `razorsnn_tensor`, `razorsnn_lanes`: the operation, what it reads, multipliers side by side.

    `function` is the layer's in hls/hls4ml/nnet_razorsnn.h.
    """

    function: ClassVar[str]

    def initialize(self) -> None:
        if self.model.config.get_config_value("IOType") != "io_parallel":
            found = self.model.config.get_config_value("IOType")
            raise UserError(f"layer {self.name}: io_type {found}; accepted: io_parallel")
        x: Tensor = self.get_attr("razorsnn_tensor")
        found, wanted = tuple(self.get_input_variable().shape), x.shape
        if found != wanted:
            raise UserError(f"layer {self.name}: reads {found}; accepted: windows [T, C, H, W] of {wanted}")
        out = output(self.get_attr("razorsnn_op"), x)
        form = out.format
        precision = FixedPrecisionType(form.width, form.width - form.frac, form.signed)
        self.add_output_variable(_shape(out), precision=precision)
        self._keep_order()

    def _keep_order(self) -> None:
        """Windows stay [T, C, H, W]: hls4ml's conversion to channels last, which its own layers need, passes us by."""
        self.channels_last_converted = True
        source = self.get_input_node()
        if source.class_name == "Input":
            source.channels_last_converted = True


class LiafConv(_WindowLayer):
    """Spiking convolution. Contract: ops/conv.py."""

    function = "spiking_layer"


class LiafDense(_WindowLayer):
    """Spiking dense layer. Contract: ops/dense.py."""

    function = "spiking_layer"


class RazorGate(_WindowLayer):
    """Razor gate. Contract: ops/razor.py."""

    function = "razor_gate"


class StaticGate(_WindowLayer):
    """Static gate. Contract: ops/static.py."""

    function = "static_gate"


class TallyGate(_WindowLayer):
    """Tally gate. Contract: ops/tally.py."""

    function = "tally_gate"


LAYERS = (LiafConv, LiafDense, RazorGate, StaticGate, TallyGate)


def _shape(out: Tensor) -> list[int]:
    """As hls4ml has it: a window, or the scores alone."""
    scores = out.frames == out.height == out.width == 1 and out.format.signed
    return [out.channels] if scores else list(out.shape)


class _ConfigTemplate(LayerConfigTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(LAYERS)

    def format(self, node: Layer) -> str:
        op, x = node.get_attr("razorsnn_op"), node.get_attr("razorsnn_tensor")
        return config_source(f"config{node.index}", op, x, node.get_attr("razorsnn_lanes"))


class _CallTemplate(FunctionCallTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(LAYERS, include_header=["nnet_utils/nnet_razorsnn.h"])

    def format(self, node: Layer) -> str:
        _require_readers(node)
        params = self._default_function_params(node)
        types = f"{params['input_t']}, {params['output_t']}, {params['config']}"
        return f"nnet::{node.function}<{types}>({params['input']}, {params['output']});"


def _require_readers(node: Layer) -> None:
    """hls4ml's own layers know vectors and images, not windows: only scores go to them."""
    window = len(node.get_output_variable().shape) > 1
    for reader in node.get_output_nodes() if window else ():
        if not isinstance(reader, _WindowLayer):
            found = f"{reader.name} ({reader.class_name})"
            raise UserError(f"layer {found}: reads windows of {node.name}; accepted: scores, from a readout")


def _parse(
    operation: str, layer_name: str, input_names: list[str], input_shapes: list[Any], node: Any, module: Any, *_: Any
) -> tuple[dict[str, Any], list[int | None]]:
    """hls4ml's description of one of our modules, and the shape that leaves it, batch first."""
    layer = {"class_name": operation, "name": layer_name, "inputs": input_names}
    layer |= {"razorsnn_op": module.op, "razorsnn_tensor": module.x, "razorsnn_lanes": module.lanes}
    return layer, [None, *_shape(output(module.op, module.x))]


def register() -> None:
    """Makes our layers known to hls4ml in this process; again, it does nothing."""
    global _rendered
    if _rendered is not None:
        return
    backend = get_backend(BACKEND)
    for layer in LAYERS:
        register_layer(layer.__name__, layer)
        register_pytorch_layer_handler(layer.__name__, _parse)
    backend.register_template(_ConfigTemplate)
    backend.register_template(_CallTemplate)
    _rendered = tempfile.TemporaryDirectory(prefix="razorsnn-hls4ml-")
    table = Path(_rendered.name) / "layer.hpp"
    table.write_text(render("hls/layer.hpp.j2", **layer_table_values()))
    headers = sorted((asset("hls") / KERNELS).glob("*.hpp")) + sorted((asset("hls") / "hls4ml").glob("*.h"))
    for source in (*headers, table):
        backend.register_source(source)


def settings(graph: Graph, **model: Any) -> dict[str, Any]:
    """The `hls_config` for a torch model of `graph` (train/windows.py), and what may follow it.

    `model` is added to hls4ml's own settings of the model: the precision of its layers, their reuse factor.
    """
    form = graph.input.format
    counts = f"ap_ufixed<{form.width},{form.width - form.frac},AP_TRN,AP_SAT>"
    base = {"Precision": {"default": "ap_fixed<32,16>"}, "ReuseFactor": 1}
    order = {"ChannelsLastConversion": "full", "TransposeOutputs": False}  # hls4ml's own layers need it
    return {
        "Model": base | order | model,
        "LayerName": {INPUT: {"Precision": {"result": counts}}},
        "InputShape": graph.input.shape,
    }
