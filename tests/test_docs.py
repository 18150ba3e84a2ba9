"""The documents are true: their tables equal the code, their examples are what the code computes, their code runs."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from razorsnn import config as settings
from razorsnn import registers
from razorsnn.cli import app
from razorsnn.contents import loadable
from razorsnn.datasets import STORED
from razorsnn.experiments.tables import read_tables
from razorsnn.fixed import Format, cast, leak
from razorsnn.ir import Tensor
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.ops import razor, timeline
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import RESETS, Neuron
from razorsnn.plan import make_plan
from razorsnn.refusals import accepted
from razorsnn.settings import SETTINGS
from razorsnn.shape import EXACT
from razorsnn.stream import MARK, X_BITS
from razorsnn.targets import cycles
from tests.datasets.published import SENSORS
from tests.nets import NetClass, random_graph
from tests.pages import ROOT, blocks
from tests.stimuli import event_word
from tests.tiny_flow import flow_config, save_toml

PAGES = (
    "numerics",
    "architecture",
    "interface",
    "performance",
    "adding-a-layer",
    "training",
    "datasets",
    "reproduction",
    "from-hls4ml",
    "from-qkeras",
)
DOCS = ("README.md", *(f"docs/{name}.md" for name in PAGES))
TINY = flow_config(simulated={"duration_us": 300_000}, network={"layers": "4C3-AP2-4C3-AP4-8"})
X = Tensor(3, 2, 1, 1, Format(False, 4, 0))


def table(document: str, marker: str) -> list[list[str]]:
    """Rows of the table that follows `<!-- check: marker -->`, the header left out; code marks are taken off."""
    lines = (ROOT / document).read_text().splitlines()
    start = lines.index(f"<!-- check: {marker} -->") + 3
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


def numbers(document: str, marker: str) -> list[list[int]]:
    return [[int(cell) for cell in row] for row in table(document, marker)]


# ---- numerics.md


@pytest.mark.parametrize("reset", RESETS)
def test_the_neuron_by_hand_is_what_the_code_computes(reset: str):
    rows = np.array(numbers("docs/numerics.md", f"neuron {reset}"))
    neuron = Neuron("liaf", reset, 77, 10, Format(False, 4, 2))
    layer = Dense(np.array([[12, -5]]).reshape(1, 2, 1, 1), Format(True, 8, 5), np.array([3]), neuron, None)
    layer.infer(X)
    trace = layer.execute(rows[:, 1:3].reshape(3, 2, 1, 1), X)
    z, u = (trace.values[name].ravel() for name in "zu")
    h = leak(neuron.reset_value(u), 77)
    expected = [np.arange(3), rows[:, 1], rows[:, 2], z, u, u >= 10, trace.output.ravel(), h]
    assert rows.tolist() == np.stack(expected, axis=1).tolist()


def by_hand() -> tuple[razor.Razor, np.ndarray, np.ndarray]:
    """The gate of the example and its X, from the tables of the document; F as the document says it."""
    frames = np.array(numbers("docs/numerics.md", "gate frames"))
    weights = np.array(numbers("docs/numerics.md", "gate weights"))
    gate = razor.Razor(
        frames[:, 4:6].T, Format(True, 8, 4), frames[:, 6:8].T, Format(True, 12, 9), weights[:, 1],
        razor.exp_table(), razor.sigmoid_table(), 600, "refined", Format(False, 4, 0),
    )  # fmt: skip
    gate.infer(X)
    return gate, frames[:, 1:3], frames[:, 3]


def test_the_gate_by_hand_has_the_weights_that_the_code_computes():
    gate, x, frame_sums = by_hand()
    assert frame_sums.tolist() == x.sum(axis=1).tolist()
    assert gate.shifts(X) == {"logit_shift": 3, "mask_shift": 8, "refine_shift": 8}
    logits = cast(gate.offset + gate.affine @ frame_sums, 9, razor.LOGIT)
    distance = np.minimum(255, logits.max() - logits)
    found = gate.weighting(x.reshape(X.shape), X)
    expected = np.stack([[0, 1], gate.offset, logits, distance, gate.exp[distance], found], axis=1)
    assert numbers("docs/numerics.md", "gate weights") == expected.tolist()


def test_the_gate_by_hand_has_the_masks_and_scores_that_the_code_computes():
    gate, x, _ = by_hand()
    trace = gate.execute(x.reshape(X.shape), X)
    sums, mask = trace.values["sums"].reshape(2, 2), trace.values["mask"].ravel()
    inputs = cast(trace.values["weights"][:, None] * sums, 12, razor.MASK_INPUT)
    masks = np.column_stack([np.arange(2), sums.T, inputs.T, gate.sigmoid[inputs + 128].T, mask])
    assert numbers("docs/numerics.md", "gate masks") == masks.tolist()
    found = trace.values
    scores = np.column_stack([np.arange(3), mask * x, found["score"], found["keep"], trace.output.reshape(3, 2)])
    assert numbers("docs/numerics.md", "gate scores") == scores.tolist()


# ---- interface.md, performance.md


def test_the_layer_table_is_that_of_the_code():
    assert table("docs/interface.md", "layer table") == [[n, str(width), meaning] for n, width, meaning in LAYER_FIELDS]


def test_the_registers_are_those_of_the_code():
    rows = table("docs/interface.md", "registers")
    assert {row[0]: int(row[1], 16) for row in rows} == registers.REGISTERS
    text = (ROOT / "docs/interface.md").read_text()
    assert f"0x{registers.IDENTIFICATION:08X}" in text
    codes = [registers.STATUS_BUSY, registers.STATUS_CLEARING, registers.STATUS_DONE, registers.STATUS_UNENDED]
    assert "{} busy, {} clearing, {} done, {} unended".format(*codes) in text
    codes = [registers.STATUS_LOADING, registers.STATUS_PARTIAL, registers.STATUS_REFUSED]
    assert "{} loading, {} partial, {} refused".format(*codes) in text
    assert f"{registers.CONTROL_START} start, {registers.CONTROL_ABORT} abort" in text


def test_the_addresses_of_arrays_are_those_of_the_code():
    text = (ROOT / "docs/interface.md").read_text()
    assert registers.layer_registers(3) == (0x400 + 8 * 3, 0x404 + 8 * 3)
    assert registers.keep_register(2, 40, 33) == 0x800 + 4 * (2 * 2 + 1)
    assert all(words in text for words in ("0x400 + 8n", "0x404 + 8n", "0x800 + 4(g * ceil(T / 32) + i)"))


def test_the_constants_of_cycles_are_those_of_the_code():
    homes = {"ops/timeline.py": timeline, "ops/razor.py": razor, "targets/cycles.py": cycles}
    rows = table("docs/performance.md", "constants")
    assert [(row[0], int(row[1])) for row in rows] == [(row[0], getattr(homes[row[2]], row[0])) for row in rows]
    known = {name for home in homes.values() for name in vars(home) if name.endswith("_CYCLES")}
    assert {row[0] for row in rows} == known


def test_the_memories_are_those_of_the_plan():
    drawn = (make_plan(random_graph(NetClass(most_layers=4), seed), 4) for seed in range(400))
    shapes = ((plan, plan.shape) for plan in drawn)
    wanted = (p for p, s in shapes if s.statics and s.relatives and s.sums_depth_even and s.sums_depth_odd)
    plan = next(wanted)
    links = [memory for memory in make_plan(plan.graph, 4, engines=2).memories() if memory.block == "link"]
    found = (*plan.memories()[:3], *links, *plan.memories()[3:])
    rows = table("docs/interface.md", "memories")
    assert [row[:2] for row in rows] == [[memory.name, memory.block] for memory in found]


def test_the_memories_of_a_load_are_those_of_the_code():
    rows = table("docs/interface.md", "loads")
    memories = loadable(make_plan(random_graph(NetClass(), 3), 4).shape)
    assert [row[:2] for row in rows] == [[str(number), memory.name] for number, memory in enumerate(memories)]


def test_the_stream_word_has_the_bits_that_the_document_says():
    bits = [row[0] for row in table("docs/interface.md", "stream")]
    assert bits == ["31", "30..28", "27..24", "23..12", "11..0"]
    assert event_word(5, 7, 1) == 1 << 24 | 7 << 12 | 5
    assert (MARK, X_BITS) == (1 << 31, 12)


def test_the_exact_fields_of_a_shape_class_are_named():
    text = (ROOT / "docs/interface.md").read_text()
    found = re.search(r"These must be equal: (.*?)\.", text, re.DOTALL)
    assert found and re.split(r",\s+", found[1]) == list(EXACT)
    constants = re.search(r"constants of the sources \(`settings\.py`\): (.*?)\.", text, re.DOTALL)
    assert constants and re.split(r",\s+", constants[1]) == list(SETTINGS)


# ---- training.md


def documented_settings() -> dict[str, tuple[str, str]]:
    return {row[0]: (row[1], row[2]) for row in table("docs/training.md", "settings")}


def known_settings() -> dict[str, tuple[str, str]]:
    """Default and what is accepted, of every key, as messages tell it."""
    schema = settings.Config.model_json_schema()
    found = {"seed": (shown(settings.Config().seed), accepted(schema, ("seed",)))}
    for section, values in settings.Config().model_dump(mode="json").items():
        for key, value in values.items() if isinstance(values, dict) else ():
            found[f"{section}.{key}"] = shown(value), accepted(schema, (section, key))
    return found


def shown(value: Any) -> str:
    return "none" if value is None else str(value)


def test_every_setting_is_documented_with_its_default_and_range():
    assert documented_settings() == known_settings()


# ---- datasets.md


def test_the_published_data_sets_are_those_of_the_code():
    rows = table("docs/datasets.md", "datasets")
    assert [row[0] for row in rows] == list(STORED)
    assert {row[0]: tuple(map(int, row[3].split(" x "))) for row in rows} == SENSORS


# ---- reproduction.md


def test_the_tables_of_the_document_are_those_of_the_code():
    rows = {row[0].strip(" `"): row[1] for row in table("docs/reproduction.md", "tables")}
    assert rows == {name: ", ".join(row.name for row in one.rows) for name, one in read_tables().items()}


# ---- README.md and links


def anchors(path: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", [*DOCS, "CONTRIBUTING.md"])
def test_links_lead_to_files_and_headings(document: str):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)\s]+)", path.read_text()):
        if "://" not in target:
            name, _, heading = target.partition("#")
            page = path.parent / name if name else path
            assert page.exists(), target
            assert not heading or heading in anchors(page), target


@pytest.mark.parametrize("document", DOCS)
def test_files_that_documents_name_exist(document: str):
    named = re.findall(
        r"`((?:python|hls|rtl|sim|templates|configs|docs|tests)/[\w./-]+)`", (ROOT / document).read_text()
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_kernels_of_the_readme_exist():
    for row in table("README.md", "kernels"):
        for cell, folder in ((row[2], "python/razorsnn"), (row[3], "hls/razorsnn"), (row[4], "rtl")):
            files = [name.strip(" `") for name in cell.split(",")]
            assert [name for name in files if not (ROOT / folder / name).is_file()] == []


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a clone, with settings so small that the README's own commands take seconds."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "configs").mkdir()
    save_toml(TINY, folder / "configs" / "simulated.toml")
    return folder


def test_the_flow_of_the_readme_runs(workplace: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(workplace)
    lines = [line for block in blocks("README.md", "bash") for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("razorsnn ")]
    assert [command[0] for command in commands] == ["train", "show", "evaluate", "generate", "simulate", "report"]
    for command in commands:
        result = CliRunner().invoke(app, command, catch_exceptions=False)
        assert result.exit_code == 0, (command, result.output)
    (code,) = blocks("README.md", "python")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert {name: result["differences"] for name, result in names["equal"].items()} == {"hls": 0, "rtl": 0}
    assert names["build"]["up_to_date"] and (workplace / "runs/first/build/report.html").is_file()
