"""Windows of a data set: their order, what training did not see, and classes that are others."""

from pathlib import Path

import numpy as np
import pytest

from razorsnn import flow
from razorsnn.errors import UserError
from razorsnn.samples import Seen, read_samples, split, unseen
from razorsnn.stream import MARK
from tests.tiny_flow import flow_config

CONFIG = flow_config(data={"dt_us": 10_000})
SAMPLES = read_samples("simulated", CONFIG)


def test_windows_are_in_the_order_of_names_and_time():
    keys = [(window.recording, window.index) for window in SAMPLES.windows()]
    assert SAMPLES.names == [window.name for window in SAMPLES.windows()]
    assert keys == sorted(keys) and max(index for _, index in keys) >= 1
    assert SAMPLES.frames().shape == (len(keys), 4, 2, 16, 16)


def test_unseen_is_the_validation_split_of_the_same_data():
    held = split(SAMPLES, CONFIG)[1]
    found = unseen("simulated", CONFIG, Seen(SAMPLES.fingerprint), SAMPLES.class_names, None)
    assert found.names == held.names and 0 < len(held.names) < len(SAMPLES.names)
    limited = unseen("simulated", CONFIG, Seen(SAMPLES.fingerprint), SAMPLES.class_names, 3)
    third = len(held.names) / 3
    assert limited.names == [held.names[int(third * part)] for part in range(3)]
    assert len(set(limited.labels)) == 3
    more = unseen("simulated", CONFIG, Seen(SAMPLES.fingerprint), SAMPLES.class_names, len(held.names) + 1)
    assert more.names == held.names


def test_all_is_unseen_of_other_data():
    assert unseen("simulated", CONFIG, Seen(), SAMPLES.class_names, None).names == SAMPLES.names


def test_recordings_that_were_trained_with_are_left_out_of_other_data(caplog: pytest.LogCaptureFixture):
    known = SAMPLES.recordings[::2]
    seen = Seen("of other data", frozenset(SAMPLES.prints[name] for name in known))
    found = unseen("simulated", CONFIG, seen, SAMPLES.class_names, None)
    assert found.recordings == SAMPLES.recordings[1::2]
    told = f"simulated: {len(known)} of {len(SAMPLES.recordings)} recordings were trained with"
    assert caplog.messages == [f"{told}, such as {known[0]}; they are left out"]
    with pytest.raises(UserError, match=f"simulated: {len(SAMPLES.recordings)} of .* trained with; accepted: record"):
        unseen("simulated", CONFIG, Seen("", frozenset(SAMPLES.prints.values())), SAMPLES.class_names, None)


def test_copies_of_what_was_trained_with_are_known_by_their_events(tmp_path: Path):
    samples, config = read_samples("simulated", flow_config()), flow_config()
    for index, slot in enumerate(samples.slots):
        for folder in ("all", "some") if index % 3 else ("all",):
            path = tmp_path / folder / slot.recording.split("/")[0] / f"{folder}{index}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, slot.origin.events)
    run = tmp_path / "run"
    trained = flow.train(str(tmp_path / "some"), run, config, resume=False)["windows"]["train"]
    assert flow.evaluate(run, str(tmp_path / "all"), "reference", None, None)["windows"] == 24 - trained == 16


def test_data_may_lack_classes_of_the_net():
    classes = ("a", *SAMPLES.class_names[::-1], "z")
    found = unseen("simulated", CONFIG, Seen(), classes, None)
    assert (found.names, found.class_names) == (SAMPLES.names, classes)
    named = [SAMPLES.class_names[label] for label in SAMPLES.labels]
    assert [classes[label] for label in found.labels] == named


def test_other_classes_are_told():
    with pytest.raises(UserError, match=r"simulated: classes clockwise, .*; accepted: those of the graph, x, y"):
        unseen("simulated", CONFIG, Seen(), ("x", "y"), None)


def test_words_count_to_the_frames():
    """Each event and each frame's mark, in order: with bins of one pixel the words count up to the frames."""
    for words, window, frames in zip(SAMPLES.words()[:9], SAMPLES.windows(), SAMPLES.frames(), strict=False):
        assert len(words) == len(window.events) + 4 and words[-1] == MARK
        t, counts = 0, {}
        for word in words.tolist():
            if word == MARK:
                t += 1
                continue
            place = (t, word >> 24, word >> 12 & 4095, word & 4095)
            counts[place] = min(15, counts.get(place, 0) + 1)
        assert t == 4 and all(frames[place] == count for place, count in counts.items())
        assert sum(counts.values()) == frames.sum()


CROPS = flow_config(data={"dt_us": 10_000, "crops": 3})


def test_with_crops_windows_train_and_crops_validate():
    plain, (train, held) = split(SAMPLES, CONFIG), split(read_samples("simulated", CROPS), CROPS)
    assert train.names == plain[0].names and train.spec.crops is None
    recordings = sorted({slot.recording for slot in plain[1].slots})
    assert held.names == [f"{recording}@{index}" for recording in recordings for index in range(3)]
    assert held.starts.tolist() == list(range(0, len(held.names), 3))
    assert [window.name for window in held.windows()] == held.names
    assert len(held.labels) == len(held.frames()) == len(held.words()) == len(held.names)


def test_crops_are_unseen_of_the_same_and_of_other_data():
    samples = read_samples("simulated", CROPS)
    same, other = (
        unseen("simulated", CROPS, Seen(print_), SAMPLES.class_names, None) for print_ in (samples.fingerprint, "")
    )
    assert same.names == split(samples, CROPS)[1].names
    assert len(other.names) == 3 * len(samples.starts) > len(same.names)
