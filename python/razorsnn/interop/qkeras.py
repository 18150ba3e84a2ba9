"""QKeras models as runs: from a model, or from its neutral file, to graph.json + graph.npz and config.json.

What QKeras computes with becomes integers and formats of our graph, exactly; its activations become LIAF neurons.
With alpha 0, one frame and no gate the graph computes what the Keras model computes, in every bit.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from razorsnn.config import SAVED, Config, save_config, validated
from razorsnn.errors import UserError
from razorsnn.files import folder_transaction, hash_file, write_json
from razorsnn.fixed import LEAK_FRAC
from razorsnn.graphfile import save_graph
from razorsnn.interop import qkeras_program
from razorsnn.interop.qkeras_file import KerasModel, read_model
from razorsnn.interop.qkeras_graph import grid, notation, to_graph
from razorsnn.interop.qkeras_layers import Spiking
from razorsnn.ir import Graph, Source
from razorsnn.ops.synapse import Synapse

ENVIRONMENT = Path(".venv-qkeras/bin/python")
"""The Python that `make setup-qkeras` makes."""
NEUTRAL = ".npz"
IMPORTED = "import.json"
"""Says that a folder is an import's: what it was made from."""


@dataclass(frozen=True)
class Choices:
    """What the command line says beyond the settings; None: as in the settings. Empty classes: numbers."""

    alpha: float | None = None
    v_th: float | None = None
    frames: int | None = None
    classes: tuple[str, ...] = ()


def import_model(model: Path, out: Path, config: Config | None, choices: Choices, python: Path) -> dict[str, Any]:
    """Writes `out`, a result folder as of a training, from a QKeras model or its neutral file.

    `config`: data, neurons and lanes; layers, grid, channels and widths are the model's. `python`: an interpreter
    that has QKeras, for a model that is no neutral file. UserError: what cannot be read, or what we lack.
    """
    if out.exists() and any(out.iterdir()) and not (out / IMPORTED).exists():
        raise UserError(f"{out}: holds something else; accepted: a new folder, or one that import-qkeras wrote")
    try:
        read = read_model(model) if model.suffix == NEUTRAL else _read_with_qkeras(model, python)
        settings = _settings(read, config, choices)
        graph = _graph(read, settings, choices, model)
    except UserError as error:
        raise UserError(f"{model}: {str(error).removeprefix(f'{model}: ')}") from error
    found = _followed(settings, graph)
    with folder_transaction(out) as folder:
        save_graph(graph, folder / "graph.json")
        save_config(found, folder / SAVED)
        write_json(folder / IMPORTED, {"model": str(model), "hash": _hash(model), "layers": found.network.layers})
    return {
        "run": out,
        "layers": found.network.layers,
        "input": str(graph.input),
        "weights": sum(op.weights.size for op in graph.ops if isinstance(op, Synapse)),
    }


def _hash(model: Path) -> str | None:
    """Of a model that is a file; a SavedModel is a folder."""
    return hash_file(model) if model.is_file() else None


def _read_with_qkeras(model: Path, python: Path) -> KerasModel:
    if not model.exists():
        raise UserError("no such model; accepted: what Keras saved (.h5, .keras, a SavedModel folder), or a .npz")
    if not python.exists():
        raise UserError(
            f"needs a Python that has QKeras, and {python} is none; `make setup-qkeras` makes one, --python names one"
        )
    with tempfile.TemporaryDirectory(prefix="razorsnn-qkeras-") as folder:
        file = Path(folder) / f"model{NEUTRAL}"
        command = [str(python), "-I", str(qkeras_program.__file__), str(model), str(file)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["without a word"]
            raise UserError(f"{said[-1]} (read by {python})")
        return read_model(file)


def _settings(model: KerasModel, config: Config | None, choices: Choices) -> Config:
    """The settings with what the command line and the model say; without settings the sensor is the model's grid."""
    values = (config or Config()).model_dump(mode="json")
    size = list(grid(model))
    values["data"] |= {"grid": size, "frames": choices.frames or values["data"]["frames"]}
    values["data"] |= {"sensor": values["data"]["sensor"] if config else size}
    for name, chosen in (("alpha", choices.alpha), ("v_th", choices.v_th)):
        values["network"][name] = values["network"][name] if chosen is None else chosen
    values["gate"]["kind"], values["train"]["shift"] = "none", 0  # nothing is trained, whatever the grid
    values["network"]["neuron"] = "liaf"
    return validated("import-qkeras", values)


def _graph(model: KerasModel, config: Config, choices: Choices, path: Path) -> Graph:
    net = config.network
    alpha_q = min(int(net.alpha * 2**LEAK_FRAC + 0.5), 2**LEAK_FRAC - 1)
    source = Source(config.data.sensor, config.data.dt_us)
    spiking = Spiking(alpha_q, net.v_th, net.reset)
    input_bits = config.quantisation.input_bits
    return to_graph(model, config.data.frames, input_bits, spiking, source, choices.classes)


def _followed(config: Config, graph: Graph) -> Config:
    """The settings with what follows from the graph."""
    layers = [op for op in graph.ops if isinstance(op, Synapse)]
    values = config.model_dump(mode="json")
    values["data"]["channels"] = graph.input.channels
    values["network"] |= {"layers": notation(graph), "readout": layers[-1].readout}
    values["quantisation"] = {
        "weight_bits": max(layer.weight_format.width for layer in layers),
        "activation_bits": max([2, *(layer.neuron.out.width for layer in layers[:-1])]),
        "input_bits": graph.input.format.width,
        "ties": "even",
    }
    return validated("import-qkeras", values)
