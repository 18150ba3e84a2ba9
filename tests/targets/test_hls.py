"""HLS C++ in csim equals the reference: nets that nobody chose, windows that go wrong, and what must not pass."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from razorsnn.contents import load_writes
from razorsnn.errors import UserError
from razorsnn.files import hash_files
from razorsnn.fixed import Format
from razorsnn.ir import Graph, Source, Tensor
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import Neuron
from razorsnn.ops.razor import Razor, exp_table, sigmoid_table
from razorsnn.plan import make_plan
from razorsnn.registers import REGISTERS
from razorsnn.stream import LAST, MARK
from razorsnn.targets import csim
from razorsnn.targets.csim import compile_csim, read_results, run_loads
from razorsnn.targets.hls import emit
from razorsnn.targets.reference import run_window
from tests.families import HLS, WINDOWS, Family, assert_equal, full_window, make_family, window_frames
from tests.nets import NetClass, random_graph, random_razor
from tests.stimuli import event_word, event_words

CLASSES = {
    "binned": NetClass(lanes=4, frames=4, embeddings=2, sensor=(15, 13)),
    "one lane, no gate": NetClass(lanes=1, frames=3, channels=1, size=(5, 6), sensor=(5, 6), classes=4, gated=False),
    "wide": NetClass(
        lanes=16, frames=5, channels=3, size=(4, 5), sensor=(4, 9), classes=17, embeddings=3, input_bits=2,
        activation_bits=8,
    ),
}  # fmt: skip
SEEDS = range(5)


def class_family(name: str, folder: Path) -> Family:
    net = CLASSES[name]
    graphs = [random_graph(net, seed) for seed in SEEDS] + [quiet_graph(net)] * net.gated
    return make_family(net, graphs, folder, HLS)


def quiet_graph(net: NetClass) -> Graph:
    """An empty frame stays empty up to the gate, whose masks are far from saturation."""
    x = Tensor(net.frames, net.channels, *net.size, Format(False, net.input_bits, 0))
    rng, form = np.random.default_rng(0), Format(True, 2, 0)
    neuron = Neuron("liaf", "zero", 0, 1, Format(False, net.activation_bits, 0))
    conv = Conv(np.ones((1, net.channels, 1, 1), dtype=np.int64), form, np.zeros(1, dtype=np.int64), neuron, None)
    between = conv.infer(x)
    embeddings = rng.integers(-4, 5, size=(net.embeddings, net.frames))
    gate = replace(random_razor(rng, between, net.embeddings), embeddings=embeddings, operand="refined", threshold=0)
    weights = rng.integers(-128, 128, size=(net.classes, 1, *net.size))
    readout = Dense(weights, Format(True, 8, 0), np.zeros(net.classes, dtype=np.int64), neuron, "sum")
    names = tuple(f"class{index}" for index in range(net.classes))
    return Graph("quiet", Source(net.sensor), x, (conv, gate, readout), names).verified()


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Family]:
    made: dict[str, Family] = {}

    def get(name: str) -> Family:
        if name not in made:
            made[name] = class_family(name, tmp_path_factory.mktemp("hls"))
        return made[name]

    return get


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_net_equals_the_reference(family: Callable[[str], Family], name: str, seed: int) -> None:
    nets = family(name)
    frames = window_frames(nets.net, seed)
    result = nets.run(seed, [event_words(window, nets.shape, index) for index, window in enumerate(frames)])
    assert_equal(result, [run_window(nets.plans[seed], window) for window in frames])
    assert result.counters["dropped"].tolist() == [0] * WINDOWS
    assert result.counters["errors"].tolist() == [0] * WINDOWS
    assert result.counters["windows"].tolist() == list(range(1, WINDOWS + 1))


@pytest.mark.parametrize("name", CLASSES)
def test_the_nets_of_a_class_share_all_but_their_contents(family: Callable[[str], Family], name: str) -> None:
    nets = family(name)
    sources = [hash_files(build / "hls") for build in nets.builds]
    contents = [files.pop("images.cpp") for files in sources]
    assert len(set(contents)) == len(nets.builds)
    assert all(files == sources[0] for files in sources)
    for build in nets.builds:
        compile_csim(build, nets.cache)
    assert len(list(nets.cache.glob("razorsnn_top-*.o"))) == 1


def test_the_random_nets_see_what_they_must(family: Callable[[str], Family]) -> None:
    """Without this, a drawn set that happens to prune or saturate nothing would prove little."""
    plans = [(nets, seed) for nets in map(family, CLASSES) for seed in SEEDS]
    rows = [row for nets, seed in plans for row in nets.plans[seed].table]
    for field, values in {"refined": {0, 1}, "reset": {0, 1, 2}, "spike": {0, 1}, "dense": {0, 1}}.items():
        assert {row[field] for row in rows if row["gated"] or field != "refined"} == values, field
    results = [run_window(nets.plans[seed], window) for nets, seed in plans for window in window_frames(nets.net, seed)]
    assert {bool(keep) for result in results for keep in result.keep.ravel()} == {False, True}
    assert any(result.saturations for result in results)


SEED = 1
QUIET = len(SEEDS)


@pytest.fixture
def binned(family: Callable[[str], Family]) -> Family:
    return family("binned")


def test_a_window_without_events(binned: Family) -> None:
    frames = full_window(binned.net)
    windows = [frames * 0, frames, frames * 0]
    result = binned.run(SEED, [event_words(window, binned.shape, 0) for window in windows])
    assert_equal(result, [run_window(binned.plans[SEED], window) for window in windows])


def test_a_gate_forgets_the_window_before(binned: Family) -> None:
    """Frame 0 sets the gate's sums even where it is empty."""
    frames = full_window(binned.net)
    late = np.concatenate([frames[:1] * 0, frames[1:]])
    result = binned.run(QUIET, [event_words(window, binned.shape, 0) for window in (frames, late)])
    assert_equal(result, [run_window(binned.plans[QUIET], window) for window in (frames, late)])


def test_events_outside_of_the_sensor_are_dropped_and_counted(binned: Family) -> None:
    frames = full_window(binned.net)
    words = event_words(frames, binned.shape, 0)
    height, width = binned.net.sensor
    outside = [event_word(width, 0, 0), event_word(0, height, 0), event_word(4095, 4095, 15), event_word(0, 0, 2)]
    mixed = np.insert(words, np.arange(len(outside)) * (len(words) // 5), np.array(outside, dtype=np.uint32))
    result = binned.run(SEED, [mixed, words])
    assert_equal(result, [run_window(binned.plans[SEED], frames)] * 2)
    assert result.counters["dropped"].tolist() == [len(outside), 0]


@pytest.mark.parametrize("on_mark", [True, False], ids=["on a mark", "on an event"])
def test_tlast_too_early_leaves_the_missing_frames_empty(binned: Family, on_mark: bool) -> None:
    frames = full_window(binned.net)
    words = event_words(frames, binned.shape, 0)
    end = int(np.flatnonzero(words == MARK)[1]) + on_mark
    early = np.where(np.arange(len(frames))[:, None, None, None] < 2, frames, 0).astype(np.uint8)
    result = binned.run(SEED, [words[:end], words])
    assert_equal(result, [run_window(binned.plans[SEED], window) for window in (early, frames)])
    assert result.counters["errors"].tolist() == [0, 0]


def test_tlast_missing_closes_the_window_and_flags_it(binned: Family) -> None:
    frames = full_window(binned.net)
    words = event_words(frames, binned.shape, 0)
    endless = words.astype(np.uint64)
    result = binned.run(SEED, [words, endless, words])
    assert_equal(result, [run_window(binned.plans[SEED], frames)] * 3)
    assert result.counters["errors"].tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda writes: writes[:-1], "a window is refused: the load was not committed"),
        (lambda writes: writes[1:], "a write of the load was refused"),
        (lambda writes: np.delete(writes, 5, axis=0), "a write of the load was refused"),
        (lambda writes: np.where(np.arange(len(writes))[:, None] == 0, writes ^ [0, 1], writes), "a write of the load"),
        (lambda writes: np.insert(writes, 1, [REGISTERS["load_data"], 0], axis=0), "a write of the load was refused"),
        (lambda writes: np.insert(writes, 1, [REGISTERS["load_address"], 8 << 24], axis=0), "a write of the load"),
        (lambda writes: np.insert(writes, 1, [REGISTERS["load_address"], 99], axis=0), "a write of the load"),
    ],
    ids=["no commit", "no begin", "a chunk lost", "another class", "no address", "no such memory", "no such word"],
)
def test_a_load_that_is_not_whole_is_refused(
    binned: Family, change: Callable[[np.ndarray], np.ndarray], complaint: str
) -> None:
    words = event_words(full_window(binned.net), binned.shape, 0)
    writes = change(load_writes(binned.plans[2]).astype(np.int64)).astype(np.uint32)
    with pytest.raises(RuntimeError, match=f"csim ended with 1: csim: {complaint}"):
        run_loads(binned.builds[SEED], [[words], [words]], [writes], binned.cache)


def test_sanitizers_find_nothing(binned: Family) -> None:
    frames = [*window_frames(binned.net, 2), full_window(binned.net)]
    words = [event_words(window, binned.shape, 0) for window in frames]
    windows = [[*words, words[-1].astype(np.uint64)], words]
    runs = run_loads(binned.builds[2], windows, [load_writes(binned.plans[QUIET])], binned.cache, sanitize=True)
    assert_equal(runs[0], [run_window(binned.plans[2], window) for window in [*frames, frames[-1]]])
    assert_equal(runs[1], [run_window(binned.plans[QUIET], window) for window in frames])


@pytest.mark.parametrize(
    ("window", "complaint"),
    [
        ([MARK], "a window does not close with its last beat"),
        ([MARK | LAST, MARK], "a window does not close with its last beat"),
        ([MARK] * 5, "a window does not close with its last beat"),
        ([], "a window without beats"),
    ],
)
def test_the_testbench_fails_on_what_is_no_window(binned: Family, window: list[int], complaint: str) -> None:
    with pytest.raises(RuntimeError, match=f"csim ended with 1: csim: {complaint}"):
        binned.run(SEED, [np.array(window, dtype=np.uint64)])


def test_a_warning_of_the_compiler_is_an_error(tmp_path: Path) -> None:
    emit(make_plan(tiny_graph(), 2), tmp_path)
    with (tmp_path / "hls" / "images.cpp").open("a") as file:
        file.write("static int forgotten;\n")
    with pytest.raises(RuntimeError, match=r"failed(.|\n)*forgotten(.|\n)*Werror=unused-variable"):
        compile_csim(tmp_path)
    assert not list((tmp_path / "csim").iterdir())


@pytest.mark.parametrize(
    "killed", ["kill -9 $$", "echo 'g++: fatal error: Killed signal terminated program' >&2; exit 1"]
)
def test_a_compiler_that_is_killed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str) -> None:
    emit(make_plan(tiny_graph(), 2), tmp_path)
    compiler = tmp_path / "bin" / "g++"
    compiler.parent.mkdir()
    compiler.write_text(f"#!/bin/sh\nif [ $1 = --version ]; then echo 'g++ (x) 12.2.0'; else {killed}; fi\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:{os.environ['PATH']}")
    with pytest.raises(UserError, match=r"g\+\+ was killed, .*: try again"):
        compile_csim(tmp_path)
    assert not list((tmp_path / "csim").iterdir())


def test_a_csim_that_is_killed_is_told(binned: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(csim, "compile_csim", lambda *_: program)
    with pytest.raises(UserError, match=r"csim was killed, .*: try again"):
        binned.run(SEED, [np.array([MARK | LAST], dtype=np.uint64)])


HEAD = "frames 2 scores 1 keep 4 events 1 kept 2 layers 1 gates 1"

ROW = "5 0 1 0 0 9 2 0 1 1"


@pytest.mark.parametrize(
    "text",
    ["", HEAD, *(f"{HEAD}\n{row}" for row in (ROW, f"{ROW}\nend 2", f"{ROW[:-2]}\nend 1", f"x{ROW[1:]}\nend 1"))],
)
def test_results_that_are_not_whole_are_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.txt"
    path.write_text(f"{HEAD}\n{ROW}\nend 1\n")
    (whole,) = read_results(path, [1])
    assert (whole.outcome.scores.tolist(), whole.outcome.keep.tolist()) == ([[5]], [[[False, True]]])
    assert {name: value.tolist() for name, value in whole.counters.items()} == {"events": [9], "kept": [[2]]}
    path.write_text(text)
    with pytest.raises((RuntimeError, ValueError)):
        read_results(path, [1])


def tiny_graph() -> Graph:
    """A convolution, a gate and a dense readout with numbers that can be followed by hand."""
    neuron = Neuron("liaf", "zero", 77, 40, Format(False, 4, 0))
    weights = np.arange(-4, 5).reshape(1, 1, 3, 3)
    gate = Razor(
        embeddings=np.array([[1, 64]]), embedding_format=Format(True, 8, 6), affine=np.array([[3, -5]]),
        affine_format=Format(True, 12, 9), offset=np.array([7]), exp=exp_table(), sigmoid=sigmoid_table(),
        threshold=500, operand="refined", refined=Format(False, 4, 0),
    )  # fmt: skip
    form = Format(True, 4, 1)
    readout = Dense(np.arange(-4, 4).reshape(2, 1, 2, 2), form, np.array([1, -1]), neuron, "liaf")
    ops = (Conv(weights, form, np.array([2]), neuron, None), gate, readout)
    return Graph("tiny", Source((2, 2)), Tensor(2, 1, 2, 2, Format(False, 4, 0)), ops, ("left", "right")).verified()


@pytest.mark.parametrize("name", ["razorsnn_config.hpp", "images.cpp", "razorsnn/layer.hpp"])
def test_emitted_sources_are_as_reviewed(tmp_path: Path, golden: Callable[[str, str], None], name: str) -> None:
    golden(f"hls/{name}", (emit(make_plan(tiny_graph(), 2), tmp_path) / name).read_text())
