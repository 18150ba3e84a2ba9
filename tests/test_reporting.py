"""The report: every section, one file, parts that add up, and plain words about what is missing."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from razorsnn import flow, simulation
from razorsnn.builds import Build, open_build
from razorsnn.cyclefacts import PARTS, gate_warnings
from razorsnn.errors import UserError
from razorsnn.samples import unseen
from razorsnn.trained import seen
from tests.interop.vitis_files import write_cosim, write_synthesis
from tests.tiny_flow import flow_config

SECTIONS = ["seen", "gates", "activity", "accuracy", "cycles", "hardware", "cpu"]
SETTINGS = flow_config(
    simulated={"recordings_per_class": 2, "size": 32, "duration_us": 200_000},
    data={"sensor": (32, 32), "grid": (8, 8), "validation": 0.5},
    network={"layers": "4C3-AP2-4C3-8"},
    gate={"embeddings": 4},
    train={"batch": 8},
    hardware={"lanes": 16},
)


class Tags(HTMLParser):
    """Section ids, and whatever a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "section":
            self.sections.append(found["id"] or "")
        self.loaded += [found[name] or "" for name in ("src", "href", "srcset", "data") if name in found]


def run_reference(build: Build) -> None:
    """What `simulate` does first."""
    samples = unseen("simulated", build.config, seen(build.path), build.plan.graph.class_names, None)
    simulation._kept(build, samples, "reference", lambda: None, lambda: simulation.reference(build.plan, samples))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose name needs escaping, its build, the reference's results, and the same as those of both back ends."""
    folder = tmp_path_factory.mktemp("report")
    run = folder / "a<b>&c"
    flow.train("simulated", run, SETTINGS, resume=False)
    flow.generate(run, run / "build", "all", None)
    build = open_build(run / "build")
    run_reference(build)
    for name in ("hls", "rtl"):
        shutil.copy(build.results / "reference.json", build.results / f"{name}.json")
        shutil.copy(build.results / "reference.npz", build.results / f"{name}.npz")
    return run


@pytest.fixture
def build(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / trained.name)) / "build"


def reported(build: Path) -> tuple[str, dict]:
    found = flow.report(build)
    return found["report"].read_text(), json.loads(found["data"].read_text())


@pytest.fixture(scope="module")
def untouched(trained: Path) -> tuple[str, dict]:
    """The report of the build as it is, once for all tests that only read it."""
    return reported(trained / "build")


def change(path: Path, name: str, value: int) -> None:
    """Adds `value` to the first number of an array in a file of results."""
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays[name].flat[0] += value
    np.savez(path, **arrays)


def test_every_section_is_there_and_nothing_is_loaded_from_elsewhere(untouched):
    page, _ = untouched
    tags = Tags()
    tags.feed(page)
    assert tags.sections == SECTIONS
    assert len(tags.loaded) == 7
    assert all(link.startswith("data:image/svg+xml;base64,") for link in tags.loaded)
    assert not re.search(r"https?://|@import|url\(|<script", page)


def test_verdict_accuracy_and_cpu_time(untouched):
    page, data = untouched
    windows = data["windows"]
    assert windows == 8
    assert page.count(f"{windows} windows compared with the reference: <b>0 differences</b>") == 2
    assert data["backends"]["rtl"]["cycles_equal"] is True
    assert [row["backend"] for row in data["accuracy"]] == ["float", "reference", "hls", "rtl"]
    assert data["cpu"]["measured"] is True
    assert data["cpu"]["median_ms"] >= data["cpu"]["fastest_ms"] > 0
    assert data["cpu"]["cpu"] in page


def test_parts_add_up_to_the_cycle_of_the_last_score(untouched, trained):
    _, data = untouched
    cycles = data["cycles"]["example"]
    with np.load(trained / "build" / "results" / "reference.npz") as stored:
        total = stored["cycles"][:, -1] + 1
        kept = stored["keep"].mean(axis=(0, 2)).tolist()
    for row in [*cycles["rows"], cycles["sum"]]:
        assert sum(row[part] for part in PARTS) == row["total"]
        assert min(row[part] for part in PARTS) >= 0
    assert sum(row["total"] for row in cycles["rows"]) == cycles["sum"]["total"] == total[0]
    together = data["cycles"]["all"]
    assert sum(row["total"] for row in together["rows"]) == together["sum"]["total"] == total.sum()
    assert all(sum(row[part] for part in PARTS) == row["total"] for row in together["rows"])
    with np.load(trained / "build" / "results" / "reference.npz") as stored:
        assert together["sum"]["multiply"] == stored["counter_multiplies"].sum()
    assert data["cycles"]["window"] == {
        "example": total[0], "min": total.min(), "mean": total.mean(), "max": total.max(),
    }  # fmt: skip
    assert data["latency"]["max_ms"] == total.max() / (1e3 * data["clock_mhz"])
    assert [gate["kept"] for gate in data["gates"]] == kept


def test_input_beats_of_all_windows_are_their_events_and_frame_marks(untouched, trained):
    _, data = untouched
    opened = open_build(trained / "build")
    samples = unseen("simulated", opened.config, seen(trained / "build"), opened.plan.graph.class_names, None)
    assert data["cycles"]["all"]["sum"]["input"] == sum(len(words) for words in samples.words())


def test_keep_bits_are_scores_against_the_threshold(untouched):
    _, data = untouched
    assert len(data["gates"]) == 2
    for gate in data["gates"]:
        assert gate["keep"] == [score >= gate["threshold"] for score in gate["score"]]


def test_activity_stands_beside_cycles_and_accuracy(untouched, trained):
    _, data = untouched
    windows, epochs = data["budget"]["windows"], data["budget"]["epochs"]
    with np.load(trained / "build" / "results" / "reference.npz") as stored:
        share = stored["counter_nonzero"][:, 1:].sum(axis=0) / stored["counter_positions"][:, 1:].sum(axis=0)
        spent = stored["cycles"][:, -1] + 1 - stored["counter_beats"].sum(axis=1)
    assert np.isclose(np.mean(windows["activity"]), share.mean()) and windows["cycles"] == spent.tolist()
    assert np.mean(windows["told"]) == data["accuracy"][1]["accuracy"]
    metrics = json.loads((trained / "metrics.json").read_text())
    assert [epoch["accuracy"] for epoch in epochs] == [epoch["accuracy"] for epoch in metrics["epochs"]]
    assert epochs[-1]["activity"] == np.mean(metrics["metrics"]["activity"][1:])


def test_a_net_that_was_not_trained_here_has_no_epochs(build):
    (build.parent / "metrics.json").unlink()
    flow.generate(build.parent, build, "hls", None)
    run_reference(open_build(build))
    page, data = reported(build)
    assert data["budget"]["epochs"] == [] and "after each epoch" not in page


def test_a_gate_that_costs_more_than_it_saves_is_said_with_both_figures(untouched, build):
    page, data = untouched
    with np.load(build / "results" / "reference.npz") as stored:
        saved, cost = (stored[f"counter_{name}"].mean(axis=0)[1:] for name in ("saved", "razor"))
    assert [(gate["saved"], gate["cost"]) for gate in data["gates"]] == list(zip(saved, cost, strict=True))
    dear = np.flatnonzero(saved < cost)
    assert len(data["warnings"]) == len(dear) == page.count('<p class="warning">')
    rows = [
        {"layer": "conv1", "saved": 12.0, "cost": 12.5},
        {"layer": "conv2", "saved": 12.0, "cost": 12.0},
    ]
    [line] = gate_warnings(rows)
    assert line.startswith("the gate before conv1 saves 12.0 cycles a window and costs 12.5")


def test_a_dear_gate_is_a_warning_on_the_page(build):
    with np.load(build / "results" / "reference.npz") as stored:
        arrays = dict(stored)
    arrays["counter_saved"][:], arrays["counter_razor"][:, 2] = 0, 1234
    np.savez(build / "results" / "reference.npz", **arrays)
    page, data = reported(build)
    assert "saves 0.0 cycles a window and costs 1,234.0" in data["warnings"][-1]
    assert data["warnings"][-1] in page


def test_results_of_an_older_version_are_made_again(build):
    facts = json.loads((build / "results" / "reference.json").read_text())
    del facts["made_from"]["schema"]
    (build / "results" / "reference.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match="or an older version; run `razorsnn simulate"):
        flow.report(build)
    run_reference(open_build(build))
    assert flow.report(build)["windows"] == 8


def test_names_are_escaped(untouched):
    page, data = untouched
    assert data["name"] == "a<b>&c"
    assert "<h1>a&lt;b&gt;&amp;c</h1>" in page
    assert "a<b>" not in page


def test_a_back_end_that_was_not_simulated_is_said(build):
    (build / "results" / "rtl.json").unlink()
    page, data = reported(build)
    assert data["backends"]["rtl"]["simulated"] is False
    assert data["backends"]["rtl"]["command"].endswith("--data simulated --target rtl")
    assert "not simulated yet: <code>razorsnn simulate" in page
    assert [row["backend"] for row in data["accuracy"]] == ["float", "reference", "hls"]


@pytest.mark.parametrize(
    ("array", "field", "found"),
    [("scores", "differences", 1), ("cycles", "cycles_equal", False), ("counter_events", "counters_equal", False)],
)
def test_what_differs_is_said(build, array, field, found):
    change(build / "results" / "rtl.npz", array, 1)
    page, data = reported(build)
    assert data["backends"]["rtl"][field] == found
    assert page.count('class="verdict bad"') == 1


def test_results_of_other_sources_do_not_count(build):
    facts = json.loads((build / "results" / "hls.json").read_text())
    facts["made_from"]["build"] = "0"
    (build / "results" / "hls.json").write_text(json.dumps(facts))
    _, data = reported(build)
    assert data["backends"]["hls"]["simulated"] is False
    (build / "results" / "reference.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match="results are of other sources or an older version; run `razorsnn simulate"):
        flow.report(build)


def test_without_results_the_error_names_the_command(build):
    shutil.rmtree(build / "results")
    with pytest.raises(UserError, match=r"nothing was simulated yet; run `razorsnn simulate .*build --data simulated`"):
        flow.report(build)


def test_a_build_without_its_model_says_so(build):
    (build.parent / "model.pt").unlink()
    page, data = reported(build)
    assert data["cpu"]["measured"] is False
    assert "no model.pt in" in page


def test_synthesis_stands_beside_the_plan(build: Path):
    assert "Beside what Yosys" not in reported(build)[0]
    path = {"from": "scanner: word_q", "to": "engine, taps: a<b", "ns": 9.5, "logic_ns": 4.0, "routing_ns": 5.5}
    unit = {"unit": "engine", "resources": {"LUT": 1234, "FF": 99, "DSP": 8, "BRAM": 3}, "cells": {}}
    timed = {"mhz": [104.0, 105.3], "median_mhz": 104.0, "critical": path | {"multiplier": True}}
    memory = {"memory": "mask", "words": 64, "bits_a_word": 8, "block_ram_planned": True, "block_rams": 3}
    found = {
        "device": "ecp5-85k",
        "seeds": 2,
        "units": [unit | timed],
        "memories": [memory | {"as_planned": True}],
        "multipliers": {"planned": 9, "synthesised": 8},
    }
    facts = {"build": open_build(build).identity, "devices": {"ecp5-85k": found}}
    (build / "synthesis.json").write_text(json.dumps(facts))
    page, data = reported(build)
    assert data["synthesis"]["ecp5-85k"]["units"][0]["mhz"] == [104.0, 105.3]
    section = page.split("Beside what Yosys and nextpnr give for ecp5-85k")[1].split("</section>")[0]
    assert "8 DSPs; the plan counts 9 multipliers" in section and '<td class="n">1,234</td>' in section
    told = "scanner: word_q -&gt; engine, taps: a&lt;b through a multiplier, 9.5 ns (4.0 logic, 5.5 routing)"
    assert told in section and '<td class="n">104.0</td>' in section
    assert '<td>mask</td><td class="n">64</td><td class="n">8</td><td>block RAM</td><td class="n">3</td>' in section
    (build / "synthesis.json").write_text(json.dumps(facts | {"build": "of other sources"}))
    assert "Beside what Yosys" not in reported(build)[0]


def test_reports_of_vitis_stand_beside_the_plan(build: Path):
    assert "Beside what Vitis HLS reports" not in reported(build)[0]
    write_synthesis(build / "hls", worst="undef")
    page, data = reported(build)
    assert data["vitis"]["cosim"] is None and data["vitis"]["synthesis"]["latency"] == [1234, None]
    write_cosim(build / "hls")
    page, data = reported(build)
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("Beside what Vitis HLS reports")[1].split("</table>")[0])
    cells = [re.sub(r"<[^>]+>", "|", row).strip("|").split("||") for row in rows[1:]]
    table = {name: rest for name, *rest in cells}
    blocks = sum(memory["bits"] for memory in data["plan"]["memories"]) / (18 * 1024)
    window = data["cycles"]["window"]
    assert table["clock period (ns)"] == ["10", "3.644 of 5", "·"]
    least_most = f"{window['min']:,.0f} to {window['max']:,.0f}"
    assert table["cycles a window, fewest to most"] == [least_most, "1,234 to not told", "4,321 to 6,543"]
    assert table["multipliers, DSP"] == [str(sum(data["plan"]["multipliers"].values())), "27 of 1,728", "·"]
    assert table["memory in blocks of 18 kbit"] == [f"{blocks:.1f}", "61 of 624", "·"]
    assert table["LUT"] == ["·", "11,234 of 230,400", "·"] and table["results"] == ["·", "·", "Pass"]
