"""The accelerator in Verilator equals the reference: stalls, resets, aborts, windows that go wrong, registers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from razorsnn.contents import load_writes
from razorsnn.ir import Graph, Op
from razorsnn.ops.razor import Razor
from razorsnn.ops.static import Static
from razorsnn.ops.tally import Tally
from razorsnn.plan import Plan
from razorsnn.registers import STATUS_DONE, STATUS_UNENDED
from razorsnn.stream import LAST, MARK, Beats, frame_beats, with_last
from razorsnn.targets.cycles import latency_cycles, pace_cycles, score_cycles, stream_cycles
from razorsnn.targets.outcome import BackendRun
from razorsnn.targets.reference import output_cycles, run_window, spent_cycles
from razorsnn.targets.rtlsim import ABORT, LOAD, RESET, RUN, Stimulus, load_beats, play
from tests.families import RTL, Family, assert_cycles, assert_equal, full_window, make_family, window_frames
from tests.nets import NetClass, random_graph
from tests.stimuli import event_word, event_words

CLASSES = {
    "binned": NetClass(lanes=4, frames=4, embeddings=2, size=(5, 6), sensor=(15, 13)),
    "one lane, long": NetClass(lanes=1, frames=33, channels=1, size=(2, 3), sensor=(2, 3), embeddings=1, most_layers=2),
    "two engines": NetClass(lanes=4, frames=4, embeddings=2, size=(5, 6), sensor=(15, 13), engines=(2, 1)),
    "three engines": NetClass(lanes=2, frames=5, size=(6, 5), sensor=(6, 5), engines=(1, 2, 1)),
    "streaming": NetClass(lanes=4, frames=4, embeddings=1, razors=False, size=(5, 6), sensor=(15, 13), streaming=True),
    "wide": NetClass(lanes=16, frames=3, size=(4, 4), sensor=(4, 9), classes=17, embeddings=3, most_layers=2),
}
SEEDS = range(3)
SEED = 1
PRUNES_ALL = len(SEEDS)


def closed(graph: Graph) -> Graph:
    """The graph with gates that keep nothing."""
    return replace(graph, ops=tuple(map(shut, graph.ops))).verified()


def shut(op: Op) -> Op:
    """A gate that keeps no frame, or another operation as it is."""
    if isinstance(op, Static):
        return replace(op, keep=np.zeros_like(op.keep))
    if isinstance(op, Razor):
        return replace(op, threshold=2**31 - 1, rule="absolute")
    return replace(op, threshold=2**31 - 1) if isinstance(op, Tally) else op


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Family]:
    made: dict[str, Family] = {}

    def get(name: str) -> Family:
        if name not in made:
            graphs = [random_graph(CLASSES[name], seed) for seed in SEEDS]
            made[name] = make_family(
                CLASSES[name], [*graphs, closed(graphs[SEED])], tmp_path_factory.mktemp("rtl"), RTL
            )
        return made[name]

    return get


@pytest.fixture(params=["binned", "two engines", "streaming"])
def binned(family: Callable[[str], Family], request: pytest.FixtureRequest) -> Family:
    return family(request.param)


def words_of(nets: Family, frames: np.ndarray) -> np.ndarray:
    return event_words(frames, nets.shape, 0)


def assert_windows(nets: Family, frames: list[np.ndarray], stimulus: Stimulus, index: int = SEED) -> BackendRun:
    """Plays the stimulus, which must give these frames, all cycles as predicted."""
    result = nets.simulate(index, stimulus)
    expected = [run_window(nets.plans[index], window) for window in frames]
    assert_equal(result, expected)
    assert_cycles(nets.plans[index], result, expected, stimulus.windows)
    return result


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CLASSES)
def test_nothing_stalls_and_every_cycle_is_as_predicted(family: Callable[[str], Family], name: str, seed: int) -> None:
    nets = family(name)
    frames = window_frames(nets.net, seed)
    result = assert_windows(nets, frames, Stimulus([words_of(nets, window) for window in frames]), seed)
    assert result.counters["dropped"].tolist() == [0] * len(frames)
    assert result.counters["windows"].tolist() == [1] * len(frames)
    assert result.counters["status"].tolist() == [STATUS_DONE] * len(frames)
    assert result.outcome.cycles is not None
    np.testing.assert_array_equal(result.counters["cycles"], result.outcome.cycles[:, -1] + 1)


@pytest.mark.parametrize("stall", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("idle", [0.0, 0.3, 0.8])
def test_idle_input_and_stalled_output_change_no_result(binned: Family, idle: float, stall: float) -> None:
    frames = window_frames(binned.net, 1)
    words = [words_of(binned, window) for window in frames]
    result = binned.simulate(SEED, Stimulus(words, idle=idle, stall=stall, seed=7))
    expected = [run_window(binned.plans[SEED], window) for window in frames]
    assert_equal(result, expected)
    plan, beats = binned.plans[SEED], [frame_beats(one, binned.net.frames) for one in words]
    slower = sum(output_cycles(plan, one, counts)[-1] for one, counts in zip(expected, beats, strict=True))
    assert result.outcome.cycles is not None
    assert (result.outcome.cycles[:, -1].sum() > slower) == bool(idle or stall)


def busy_window(nets: Family) -> tuple[np.ndarray, Beats, int]:
    """A full window, its words, and the cycles from its last beat to its first score."""
    frames = full_window(nets.net)
    words = words_of(nets, frames)
    plan, spent = nets.plans[SEED], spent_cycles(run_window(nets.plans[SEED], frames))
    after = latency_cycles(plan, spent, frame_beats(words, nets.net.frames)) - int(np.ptp(score_cycles(plan)))
    return frames, words, after


@pytest.mark.parametrize("part", [0.0, 0.01, 0.2, 0.4, 0.6, 0.8, 0.97, 1.0])
@pytest.mark.parametrize("action", [RESET, ABORT], ids=["reset", "abort"])
def test_a_window_cut_short_leaves_no_trace(binned: Family, action: int, part: float) -> None:
    frames, words, busy = busy_window(binned)
    stimulus = Stimulus([words, words], actions=[action, RUN], wait=int(part * busy))
    result = binned.simulate(SEED, stimulus)
    expected = [run_window(binned.plans[SEED], frames)]
    np.testing.assert_array_equal(result.outcome.scores, [window.scores for window in expected])
    np.testing.assert_array_equal(result.outcome.keep, [window.keep for window in expected])
    assert_cycles(binned.plans[SEED], result, expected, [words])
    if action == RESET:
        assert_equal(result, expected)


@pytest.mark.parametrize("action", [RESET, ABORT], ids=["reset", "abort"])
def test_a_window_half_filled_is_forgotten(binned: Family, action: int) -> None:
    frames, words, _ = busy_window(binned)
    half = words[: int(np.flatnonzero(words == MARK)[1]) + 3].astype(np.uint64)
    result = binned.simulate(SEED, Stimulus([half, words], actions=[action, RUN]))
    expected = [run_window(binned.plans[SEED], frames)]
    np.testing.assert_array_equal(result.outcome.scores, [window.scores for window in expected])
    np.testing.assert_array_equal(result.outcome.keep, [window.keep for window in expected])
    if action == RESET or not binned.net.streaming:  # counters of frames that streamed before an abort stay
        assert_equal(result, expected)
    assert_cycles(binned.plans[SEED], result, expected, [words])


@pytest.mark.parametrize("action", [RESET, ABORT], ids=["reset", "abort"])
def test_a_window_that_runs_and_one_half_filled_are_forgotten(binned: Family, action: int) -> None:
    frames, words, busy = busy_window(binned)
    half = words[: 3 if binned.net.streaming else busy // 4].astype(np.uint64)  # while the first one is computed
    wait = (busy - len(half)) // 2
    assert wait > 0
    stimulus = Stimulus([np.concatenate([with_last(words), half]), words], actions=[action, RUN], wait=wait)
    result = binned.simulate(SEED, stimulus)
    expected = [run_window(binned.plans[SEED], frames)]
    np.testing.assert_array_equal(result.outcome.scores, [window.scores for window in expected])
    assert_cycles(binned.plans[SEED], result, expected, [words])
    if action == RESET:
        assert_equal(result, expected)


@pytest.mark.parametrize("wait", [0, 60, 250])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("ended", [False, True], ids=["goes on", "ended"])
@pytest.mark.parametrize("action", [RESET, ABORT], ids=["reset", "abort"])
def test_frames_that_stream_cut_anywhere_leave_no_trace(
    family: Callable[[str], Family], action: int, ended: bool, part: float, wait: int
) -> None:
    """While first membranes are set, within frames, and while frames are computed that TLAST left out."""
    nets = family("streaming")
    frames, words, _ = busy_window(nets)
    begun = words[: int(part * len(words)) + 1].astype(np.uint64)
    begun[-1] |= np.uint64(LAST if ended else 0)
    result = nets.simulate(SEED, Stimulus([begun, words], actions=[action, RUN], wait=wait))
    expected = [run_window(nets.plans[SEED], frames)]
    np.testing.assert_array_equal(result.outcome.keep, [window.keep for window in expected])
    np.testing.assert_array_equal(result.outcome.scores, [window.scores for window in expected])
    assert_cycles(nets.plans[SEED], result, expected, [words])


def test_windows_back_to_back(binned: Family) -> None:
    """Short ones and long ones: some are filled before the one before is computed, some are computed at once."""
    windows = [
        np.zeros_like(full_window(binned.net)) if at in (2, 3, 4) else full_window(binned.net) for at in range(8)
    ]
    words = [words_of(binned, window) for window in windows]
    for at in (0, 4):  # TLAST leaves frames out, and the next window follows at once
        windows[at][2:] = 0
        words[at] = words[at][: int(np.flatnonzero(words[at] == MARK)[1]) + 1]
    for at in (1, 5, 6, 7):
        begins = np.flatnonzero(np.append(True, words[at][:-1] == MARK))
        words[at] = np.insert(words[at], np.repeat(begins, 800), event_word(4095, 4095, 15))
    plan = binned.plans[SEED]
    expected = [run_window(plan, window) for window in windows]
    beats = np.array([frame_beats(window, binned.net.frames) for window in words])
    begins, ends, cycles = stream_cycles(plan, np.array([spent_cycles(window) for window in expected]), beats)
    waited = np.diff(ends, prepend=-1) - beats.sum(axis=1)
    assert (waited > 0).any() and (waited == 0).sum() > 1, "this run shows too little"
    for pause in (0.0, 0.3):
        stimulus = Stimulus(words, idle=pause, stall=pause)
        result = play(plan, binned.builds[SEED] / "rtl", binned.cache, stimulus, "bench_stream")
        np.testing.assert_array_equal(result["scores"], [window.scores for window in expected])
        if not pause:
            np.testing.assert_array_equal(result["begins"], begins)
            np.testing.assert_array_equal(result["cycles"], cycles)


def test_at_the_pace_of_frames_the_scores_follow_the_last_event_as_told(family: Callable[[str], Family]) -> None:
    """Windows back to back whose frames come as slowly as `pace_cycles` asks: the input never waits."""
    nets = family("streaming")
    plan, frames = nets.plans[SEED], window_frames(nets.net, 5)
    expected = [run_window(plan, window) for window in frames]
    spent = np.array([spent_cycles(window) for window in expected])
    words = [words_of(nets, window) for window in frames]
    for at, window in enumerate(words):
        begins, lacks = np.flatnonzero(np.append(True, window[:-1] == MARK)), pace_cycles(plan, spent)
        missing = np.maximum(0, lacks - frame_beats(window, nets.net.frames))
        words[at] = np.insert(window, np.repeat(begins, missing), event_word(4095, 4095, 15))
    result = play(plan, nets.builds[SEED] / "rtl", nets.cache, Stimulus(words), "bench_stream")
    ends = np.cumsum([len(window) for window in words])
    np.testing.assert_array_equal(result["begins"], np.append(0, ends[:-1]))
    told = [
        latency_cycles(plan, *one) for one in zip(spent, (frame_beats(w, nets.net.frames) for w in words), strict=True)
    ]
    np.testing.assert_array_equal(result["cycles"][:, -1] - (ends - 1), told)
    assert len({*told}) > 1


def test_start_abort_and_interrupt(binned: Family) -> None:
    frames, words, _ = busy_window(binned)
    plan = binned.plans[SEED]
    result = play(plan, binned.builds[SEED] / "rtl", binned.cache, Stimulus([words]), "bench_control")
    np.testing.assert_array_equal(result["scores"], run_window(plan, frames).scores)


def test_loads_meet_windows_and_resets(binned: Family) -> None:
    frames, words, _ = busy_window(binned)
    plan = binned.plans[SEED]
    stimulus = Stimulus([words, load_beats(load_writes(plan))], actions=[RUN, LOAD])
    result = play(plan, binned.builds[SEED] / "rtl", binned.cache, stimulus, "bench_loading")
    np.testing.assert_array_equal(result["scores"], [run_window(plan, frames).scores] * 4)


def test_a_window_without_events(binned: Family) -> None:
    frames = full_window(binned.net)
    windows = [frames * 0, frames, frames * 0]
    assert_windows(binned, windows, Stimulus([words_of(binned, window) for window in windows]))


@pytest.mark.parametrize("where", ["x", "y", "polarity", "all"])
def test_an_event_outside_of_the_sensor_is_dropped_and_counted(binned: Family, where: str) -> None:
    frames, words, _ = busy_window(binned)
    height, width = binned.net.sensor
    outside = {"x": [event_word(width, 0, 0)], "y": [event_word(0, height, 0)]}
    outside |= {"polarity": [event_word(0, 0, 2)], "all": [event_word(4095, 4095, 15)] * 3}
    mixed = np.insert(words, len(words) // 2, np.array(outside[where], dtype=np.uint32))
    result = assert_windows(binned, [frames, frames], Stimulus([mixed, words]))
    assert result.counters["dropped"].tolist() == [len(outside[where]), 0]


@pytest.mark.parametrize("on_mark", [True, False], ids=["on a mark", "on an event"])
def test_tlast_too_early_leaves_the_missing_frames_empty(binned: Family, on_mark: bool) -> None:
    frames, words, _ = busy_window(binned)
    end = int(np.flatnonzero(words == MARK)[1]) + on_mark
    early = np.where(np.arange(len(frames))[:, None, None, None] < 2, frames, 0).astype(np.uint8)
    result = assert_windows(binned, [early, frames], Stimulus([words[:end], words]))
    assert result.counters["status"].tolist() == [STATUS_DONE] * 2


def test_tlast_missing_closes_the_window_and_flags_it(binned: Family) -> None:
    frames, words, _ = busy_window(binned)
    endless = words.astype(np.uint64)
    result = assert_windows(binned, [frames] * 3, Stimulus([words, endless, words]))
    assert int(endless.max()) < LAST
    assert result.counters["status"].tolist() == [STATUS_DONE, STATUS_DONE | STATUS_UNENDED, STATUS_DONE]


def test_a_skipped_frame_costs_no_multiply(binned: Family) -> None:
    """Every gate prunes all: what is counted is what the layers without a gate do."""
    frames = window_frames(binned.net, 3)
    plan: Plan = binned.plans[PRUNES_ALL]
    result = assert_windows(binned, frames, Stimulus([words_of(binned, window) for window in frames]), PRUNES_ALL)
    open_layers = [layer.index for layer in plan.layers if not layer.gate]
    layers = [
        [window.layers[index].cycles for index in open_layers] for window in (run_window(plan, f) for f in frames)
    ]
    for name in ("events", "multiplies"):
        assert result.counters[name].tolist() == [sum(getattr(one, name) for one in row) for row in layers]
    assert len(open_layers) < len(plan.layers)
    assert not result.outcome.keep.any()
    gated = [layer.index for layer in plan.layers if layer.gate]
    assert (result.counters["pruned"][:, gated] == binned.shape.frames).all()


def test_both_polarities_of_keep_are_seen(family: Callable[[str], Family]) -> None:
    """Also beyond the first 32 frames."""
    nets = family("one lane, long")
    kept = [run_window(plan, window).keep for plan in nets.plans for window in window_frames(nets.net, 1)]
    assert {bool(bit) for keep in kept for bit in np.ravel(keep[:, 32:])} == {False, True}
