"""Projects of hls4ml with our layers in them: compiled by g++, whole windows in one call, equal in every bit."""

from pathlib import Path
from typing import Any

import hls4ml
import numpy as np
import pytest
import torch

from razorsnn.errors import UserError
from razorsnn.graphfile import save_graph
from razorsnn.interop import hls4ml as ours
from razorsnn.ir import Graph
from razorsnn.ops.synapse import Synapse
from razorsnn.plan import make_plan
from razorsnn.targets.reference import run_window
from razorsnn.train.windows import window_model
from tests.families import window_frames
from tests.nets import NetClass, random_graph
from tests.pages import blocks

NET = NetClass(lanes=4, frames=3, size=(5, 4), sensor=(5, 4), classes=3, embeddings=2, most_layers=3)
ours.register()


def frames(net: NetClass) -> np.ndarray:
    """[N, T, C, H, W]"""
    return np.stack([window for seed in range(6) for window in window_frames(net, seed)]).astype(np.float64)


def reference(graph: Graph, windows: np.ndarray) -> np.ndarray:
    """Real scores [N, classes] of the integer reference."""
    plan = make_plan(graph, NET.lanes)
    last = plan.layers[-1]
    assert isinstance(last.synapse, Synapse)
    scale = 2.0 ** -last.synapse.z_frac(last.operand, last.synapse.geometry(last.operand))
    return np.array([run_window(plan, window.astype(np.uint8)).scores for window in windows]) * scale


def converted(model: torch.nn.Module, graph: Graph, folder: Path, **others: Any) -> Any:
    return hls4ml.converters.convert_from_pytorch_model(
        model, output_dir=str(folder), backend="Vitis", hls_config=ours.settings(graph), **others
    )


def chosen(wanted: set[str], windows: np.ndarray) -> Graph:
    """The first random net that has all of these, and scores that differ: equal ones would prove nothing."""
    for seed in range(2000):
        graph = random_graph(NET, seed)
        text = str(graph)
        fits = all(word in text for word in wanted) and len(graph.ops) <= 6
        if fits and len(np.unique(reference(graph, windows))) > 10:
            return graph
    raise AssertionError(f"no net with {wanted}")


NETS = {
    "refined, spikes, pools": {"refined", "lif,", "pool 2", "readout liaf", "1x1", "reset subtract"},
    "raw, dense within": {"raw", " dense %1", "readout sum", "3x3", "reset threshold", "ties even"},
    "static": {" static %"},
    "relative": {"relative threshold", "refined"},
}


@pytest.mark.parametrize("name", NETS)
def test_predict_takes_whole_windows_and_equals_the_reference(tmp_path: Path, name: str):
    windows = frames(NET)
    graph = chosen(NETS[name], windows)
    project = converted(window_model(graph, NET.lanes), graph, tmp_path)
    project.compile()
    expected = reference(graph, windows)
    np.testing.assert_array_equal(project.predict(windows), expected)
    again = project.predict(windows[::-1].copy())
    np.testing.assert_array_equal(again, expected[::-1], "nothing is left of the window before")


def test_our_layers_stand_next_to_hls4mls_own(tmp_path: Path):
    windows = frames(NET)
    graph = chosen({"refined", "raw"}, windows)
    own = torch.nn.Linear(NET.classes, 4).double()
    with torch.no_grad():
        own.weight.copy_(torch.arange(-6, 6).reshape(4, 3) / 4)
        own.bias.copy_(torch.tensor([0.5, -1, 0, 2]))
    model = torch.nn.Sequential(*window_model(graph, NET.lanes), own, torch.nn.ReLU())
    config = ours.settings(graph, Precision={"default": "ap_fixed<48,28>"})
    project = hls4ml.converters.convert_from_pytorch_model(
        model, output_dir=str(tmp_path), backend="Vitis", hls_config=config
    )
    classes = [layer.class_name for layer in project.get_layers()]
    assert classes[0] == "Input" and {"LiafDense", "RazorGate", "Dense"} <= set(classes)
    project.compile()
    expected = model(torch.from_numpy(windows)).detach().numpy()
    np.testing.assert_array_equal(project.predict(windows), expected)
    scores = reference(graph, windows) @ own.weight.detach().numpy().T + own.bias.detach().numpy()
    np.testing.assert_array_equal(expected, np.maximum(scores, 0))


def test_the_torch_modules_are_the_reference():
    for seed in range(8):
        graph, windows = random_graph(NET, seed), frames(NET)[:4]
        scores = window_model(graph, NET.lanes)(torch.from_numpy(windows)).numpy()
        np.testing.assert_array_equal(scores, reference(graph, windows))


def test_what_our_layers_lack_is_refused(tmp_path: Path):
    graph = random_graph(NET, 0)
    with pytest.raises(UserError, match="io_type io_stream; accepted: io_parallel"):
        converted(window_model(graph, NET.lanes), graph, tmp_path, io_type="io_stream")
    config = ours.settings(graph) | {"InputShape": (2, 2, 5, 4)}
    with pytest.raises(UserError, match=r"reads \(2, 2, 5, 4\); accepted: windows \[T, C, H, W\] of \(3, 2, 5, 4\)"):
        hls4ml.converters.convert_from_pytorch_model(
            window_model(graph, NET.lanes), output_dir=str(tmp_path), backend="Vitis", hls_config=config
        )


def test_windows_do_not_go_to_hls4mls_own_layers(tmp_path: Path):
    graph = chosen({"refined", "raw"}, frames(NET))
    model = torch.nn.Sequential(*list(window_model(graph, NET.lanes))[:-1], torch.nn.ReLU())
    with pytest.raises(UserError, match=r"\(Activation\): reads windows of _\d; accepted: scores, from a readout"):
        converted(model, graph, tmp_path)


def test_the_code_of_the_document_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    graph = chosen({"razor"}, np.random.default_rng(1).poisson(0.5, size=(8, 3, 2, 5, 4)))
    (tmp_path / "runs" / "first").mkdir(parents=True)
    save_graph(graph, tmp_path / "runs" / "first" / "graph.json")
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("docs/from-hls4ml.md", "python")
    names: dict[str, Any] = {}
    exec(compile(code, "from-hls4ml.md", "exec"), names)
    assert len(np.unique(names["found"])) > 8
