"""Stream words: an event a word, a mark a frame, TLAST on the last."""

import numpy as np

from razorsnn.events import EVENT_DTYPE
from razorsnn.frames import FrameSpec, Window
from razorsnn.stream import LAST, MARK, window_words, with_last


def words(events: list[tuple[int, int, int, int]], frame: list[int], channels: int = 2) -> list[int]:
    spec = FrameSpec(3, (4000, 4000), (8, 8), channels, 4, None)
    window = Window("w", 0, np.array(events, EVENT_DTYPE), np.array(frame, np.int64))
    return window_words(window, spec).tolist()


def test_an_empty_window_is_its_marks():
    assert words([], []) == [MARK] * 3


def test_events_stand_before_the_mark_of_their_frame():
    found = words([(0, 5, 6, 1), (1, 3999, 3998, 0), (9, 1, 2, 1)], [0, 0, 2])
    assert found == [5 | 6 << 12 | 1 << 24, 3999 | 3998 << 12, MARK, MARK, 1 | 2 << 12 | 1 << 24, MARK]


def test_one_channel_has_no_polarity():
    assert words([(0, 5, 6, 1)], [1], channels=1) == [MARK, 5 | 6 << 12, MARK, MARK]


def test_the_last_word_carries_tlast_unless_told():
    narrow = np.array([1, MARK], np.uint32)
    assert with_last(narrow).tolist() == [1, MARK | LAST]
    assert with_last(narrow.astype(np.uint64)).tolist() == [1, MARK]
    assert with_last(np.array([], np.uint32)).tolist() == []
