"""True QKeras models and quantizers against ours, in every bit. Runs with `make test-qkeras`: QKeras has an environment
of its own, whose Python makes the models (keras_side.py) and reads them (qkeras_program.py)."""

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from razorsnn import fixed, flow
from razorsnn.cli import app
from razorsnn.fixed import Format
from razorsnn.graphfile import load_graph
from razorsnn.interop.qkeras import ENVIRONMENT, Choices
from razorsnn.ir import Graph
from razorsnn.ops.synapse import Synapse
from razorsnn.plan import Plan, make_plan
from razorsnn.targets import TARGETS
from razorsnn.targets.reference import run_window
from razorsnn.train import quantisers
from tests.interop import keras_side_names as names
from tests.pages import blocks
from tests.stimuli import event_words
from tests.tiny_flow import flow_config, refusal, save_toml

pytestmark = pytest.mark.qkeras

PYTHON = Path(os.environ.get("RAZORSNN_QKERAS", ENVIRONMENT))
"""Its environment; the variable names another one."""
AS_KERAS = Choices(alpha=0.0, frames=1)
"""No leak and one frame: nothing is left but what Keras computes."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that keras_side.py fills. An environment that is missing fails here: it is never skipped."""
    folder = tmp_path_factory.mktemp("keras")
    command = [str(PYTHON), "-I", str(Path(__file__).with_name("keras_side.py")), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def graphs(made: Path) -> dict[str, Graph]:
    """Each model imported as Keras computes it."""
    return {name: imported(made, name, AS_KERAS) for name in names.MODELS}


def imported(made: Path, name: str, choices: Choices) -> Graph:
    flow.import_qkeras(made / f"{name}.h5", made / f"run-{name}", flow_config(), choices, PYTHON)
    return load_graph(made / f"run-{name}")


def noted(made: Path, name: str) -> dict[str, Any]:
    with np.load(made / f"{name}.npz", allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def windows(graph: Graph, inputs: np.ndarray) -> np.ndarray:
    """Keras' inputs as frames [N, 1, C, H, W], rounded and saturated as its own input quantizer does."""
    last = inputs if inputs.ndim == 4 else inputs[:, None, :, None]
    codes = fixed.cast((last * 2.0**8).astype(np.int64), 8, graph.input.format, "even")
    return codes.transpose(0, 3, 1, 2)[:, None].astype(np.uint8)


def scale(plan: Plan) -> float:
    layer = plan.layers[-1]
    return 2.0 ** -layer.synapse.z_frac(layer.operand, layer.synapse.geometry(layer.operand))


@pytest.mark.parametrize("name", names.MODELS)
def test_every_integer_times_its_scale_is_keras_quantised_weight(made: Path, graphs: dict[str, Graph], name: str):
    graph, kernels = graphs[name], noted(made, name)
    found = [value for key, value in kernels.items() if key.endswith(".kernel")]
    for op, kernel in zip(graph.ops, found, strict=True):
        assert isinstance(op, Synapse)
        weights = op.weights.transpose(2, 3, 1, 0) * 2.0**-op.weight_format.frac
        expected = kernel.reshape(weights.shape)
        if name == "normalised" and op is graph.ops[0]:
            ratio = weights[..., :] / np.where(expected == 0, 1, expected)
            factors = np.abs(ratio).max(axis=(0, 1, 2))
            assert set(np.frexp(factors)[0]) == {0.5}, "a normalisation by powers of two"
            expected = expected * factors
        np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize("name", names.MODELS)
def test_without_leak_one_frame_is_keras_own_output_in_every_bit(made: Path, graphs: dict[str, Graph], name: str):
    graph, expected = graphs[name], noted(made, name)
    plan = make_plan(graph, 4)
    frames = windows(graph, expected["inputs"])
    results = [run_window(plan, window) for window in frames]
    scores = (np.array([result.scores for result in results]) * scale(plan)).astype(np.float32)
    np.testing.assert_array_equal(scores, expected["outputs"])
    assert len(np.unique(scores)) > 30, "equal ones would prove nothing"
    assert any(result.saturations for result in results)


@pytest.mark.parametrize("name", names.MODELS)
def test_csim_and_rtl_give_keras_own_outputs(made: Path, graphs: dict[str, Graph], name: str, tmp_path: Path):
    graph, expected = graphs[name], noted(made, name)
    plan = make_plan(graph, 4)
    words = [event_words(window, plan.shape, index) for index, window in enumerate(windows(graph, expected["inputs"]))]
    for target in TARGETS.values():
        target.emit(plan, tmp_path)
        (tmp_path / "cache").mkdir(exist_ok=True)
        run = target.run(plan, tmp_path, tmp_path / "cache", words)
        scores = (run.outcome.scores * scale(plan)).astype(np.float32)
        np.testing.assert_array_equal(scores, expected["outputs"])


def test_the_example_of_the_document_goes_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With leak, threshold and four frames, on simulated gestures: csim and RTL equal the reference."""
    python = PYTHON.absolute()
    (tmp_path / "configs").mkdir()
    save_toml(flow_config(), tmp_path / "configs" / "simulated.toml")
    (code,), (commands,) = blocks("docs/from-qkeras.md", "python"), blocks("docs/from-qkeras.md", "bash")
    subprocess.run([python, "-I", "-c", code], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    for line in commands.replace("\\\n", "").splitlines():
        arguments = [*shlex.split(line)[1:], *(["--python", str(python)] if "import-qkeras" in line else ["--json"])]
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, (line, result.output)
        if " simulate " in line:
            found = json.loads(result.stdout)
            assert {name: one["differences"] for name, one in found.items()} == {"hls": 0, "rtl": 0}
    assert [op.neuron.alpha_q for op in load_graph(Path("runs/imported")).ops] == [77, 0]


REFUSALS = {
    "auto_po2": "layer q_dense",
    "auto": "is not a power of two; accepted: alpha=1 or a power of two",
    "strided": "layer stem (QConv2D): strides (2, 2); accepted: (1, 1)",
}


@pytest.mark.parametrize("name", names.REFUSED)
def test_true_models_with_what_we_lack_are_refused(made: Path, name: str):
    said = refusal("import-qkeras", made / f"{name}.h5", "--out", made / "none", "--python", PYTHON)
    assert REFUSALS[name] in said
    assert name != "auto_po2" or "scales differ between channels" in said


def test_a_file_that_keras_cannot_read_is_told(made: Path):
    (made / "broken.h5").write_bytes(b"no model")
    said = refusal("import-qkeras", made / "broken.h5", "--out", made / "none", "--python", PYTHON)
    assert "cannot be read as a QKeras model" in said


def test_one_quantiser_every_code_tie_and_saturation(made: Path, record_property: Any):
    """The torch quantiser of training, and `fixed.cast`, with ties to even; half up differs at ties alone."""
    grid = noted(made, "quantisers")
    keys = [key.removesuffix(".x") for key in grid if key.endswith(".x")]
    points = ties = 0
    for key in keys:
        _, width, integer, signed = key.split(",")
        to = Format(bool(int(signed)), int(width), int(width) - int(integer) - int(signed))
        x, y = grid[f"{key}.x"], grid[f"{key}.y"]
        np.testing.assert_array_equal(quantisers.cast(torch.from_numpy(x), to, "even").numpy(), y, key)
        eighths = (x * 8 * 2.0**to.frac).astype(np.int64)
        codes = fixed.cast(eighths, to.frac + 3, to, "even")
        np.testing.assert_array_equal(codes * 2.0**-to.frac, y, key)
        assert set(codes.tolist()) == set(range(to.low, to.high + 1)), "every code"
        differ = fixed.cast(eighths, to.frac + 3, to) != codes
        assert np.all(eighths[differ] % 8 == 4), "half up differs where a value is halfway, and nowhere else"
        points, ties = points + len(x), ties + int(differ.sum())
    record_property("points", points)
    record_property("ties", ties)
    print(f"quantiser grid: {len(keys)} quantizers, {points} points, 0 differences; half up differs at {ties} ties")
    assert len(keys) > 150 and ties > 1000
