"""Which windows train and which validate: shares, sides, seeds, and what cannot be split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from razorsnn.datasets import split_windows
from razorsnn.errors import UserError
from razorsnn.events import EVENT_DTYPE, Part, Recording
from razorsnn.samples import Slot


def window(recording: str, index: int, label: int, part: Part | None = None) -> Slot:
    return Slot(f"{recording}@{index}", Recording(recording, label, np.empty(0, EVENT_DTYPE), part), index)


def windows_of(counts: dict[int, list[int]]) -> list[Slot]:
    """Of class -> number of windows of each of its recordings; recordings in turn, as cut_windows gives them."""
    return [
        window(f"{label}/{r}.bin", i, label)
        for label, recordings in counts.items()
        for r, count in enumerate(recordings)
        for i in range(count)
    ]


splittable = st.dictionaries(
    st.integers(0, 9), st.lists(st.integers(1, 12), min_size=2, max_size=12), min_size=1, max_size=5
)
shares = st.floats(0.01, 0.99)


@given(splittable, shares, st.integers(0, 5))
def test_recordings_stay_whole_and_each_class_gives_its_share(counts, validation, seed) -> None:
    windows = windows_of(counts)
    train, held = split_windows(windows, validation, "recording", seed)
    assert sorted(train + held) == list(range(len(windows)))
    assert train == sorted(train) and held == sorted(held)
    assert not {windows[i].recording for i in train} & {windows[i].recording for i in held}
    for label, recordings in counts.items():
        got = {windows[i].recording for i in held if windows[i].label == label}
        wanted = int(len(recordings) * validation + 0.5)
        assert len(got) == min(max(wanted, 1), len(recordings) - 1)


@given(splittable, shares, st.randoms(use_true_random=False))
def test_the_split_does_not_depend_on_the_order_of_the_windows(counts, validation, random) -> None:
    windows = windows_of(counts)
    mixed = random.sample(windows, len(windows))
    for by in ("recording", "time"):
        if by == "time" and not all(max(r) > 1 for r in counts.values()):
            continue
        names = [{source[i].name for i in split_windows(source, validation, by, 1)[1]} for source in (windows, mixed)]
        assert names[0] == names[1]


@given(st.dictionaries(st.integers(0, 9), st.lists(st.integers(2, 30), min_size=1, max_size=3), min_size=1), shares)
def test_the_last_share_of_each_recording_validates(counts, validation) -> None:
    windows = windows_of(counts)
    train, held = split_windows(windows, validation, "time", 0)
    assert sorted(train + held) == list(range(len(windows)))
    for recording in {w.recording for w in windows}:
        own = [i for i, w in enumerate(windows) if w.recording == recording]
        last = [i for i in held if i in own]
        assert len(last) == min(max(int(len(own) * validation + 0.5), 1), len(own) - 1)
        assert last == own[-len(last) :]


def test_seeds_differ_and_a_further_class_changes_nothing_for_the_others() -> None:
    counts = {label: [1] * 40 for label in range(3)}
    draws = [split_windows(windows_of(counts), 0.25, "recording", seed)[1] for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
    more = split_windows(windows_of(counts | {3: [1] * 40}), 0.25, "recording", 0)[1]
    assert [i for i in more if i < 120] == draws[0]


def test_a_short_recording_trains_where_a_longer_one_of_its_class_validates() -> None:
    assert split_windows(windows_of({0: [1, 4]}), 0.25, "time", 0) == ([0, 1, 2, 3], [4])


@pytest.mark.parametrize(
    ("counts", "by", "message"),
    [
        ({0: [1, 1], 1: [7]}, "recording", r"class 1 \(1/0\.bin, \.\.\.\) is on one side .*; give each class two"),
        ({0: [2], 4: [1, 1]}, "time", r"class 4 \(4/0\.bin, \.\.\.\) is on one side .*; let a recording give two"),
    ],
)
def test_a_class_on_one_side_only_is_refused(counts: dict[int, list[int]], by: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        split_windows(windows_of(counts), 0.25, by, 0)


@pytest.mark.parametrize("validation", [0, 1, -0.5, float("nan")])
def test_a_share_that_leaves_a_side_empty_is_refused(validation: float) -> None:
    with pytest.raises(UserError, match="accepted: a share between 0 and 1"):
        split_windows(windows_of({0: [2, 2]}), validation, "recording", 0)


def test_another_way_to_split_is_refused() -> None:
    with pytest.raises(UserError, match="split by 'name'; accepted: recording, time, given"):
        split_windows(windows_of({0: [2, 2]}), 0.5, "name", 0)


def test_a_split_that_is_given_is_kept() -> None:
    parts: list[Part] = ["train", "test", "test", "train", "train", "test"]
    windows = [window(f"{i // 2}", i % 2, i // 3, part) for i, part in enumerate(parts)]
    assert split_windows(windows, 0.2, "given", 0) == ([0, 3, 4], [1, 2, 5])


def test_a_split_that_is_not_given_or_misses_a_class_is_refused() -> None:
    with pytest.raises(UserError, match=r"^0/0\.bin: the data set has no split of its own; accepted: recording, time$"):
        split_windows(windows_of({0: [2, 2]}), 0.5, "given", 0)
    one_sided = [window("a", 0, 0, "train"), window("b", 0, 0, "test"), window("c", 0, 1, "train")]
    with pytest.raises(UserError, match=r"class 1 \(c, \.\.\.\) is on one side .*; get the whole data set"):
        split_windows(one_sided, 0.5, "given", 0)
