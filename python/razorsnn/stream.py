"""The event stream that the accelerator reads: 32-bit words, one an event, a mark at the end of each frame.

    bit 31      frame mark: the frame ends; the other bits are 0
    bits 27..24 polarity (the channel)
    bits 23..12 y, bits 11..0 x, in sensor pixels
TLAST ends the window; it stands on the mark of the last frame. docs/interface.md, "Stream words".
"""

import numpy as np
from numpy.typing import NDArray

from razorsnn.frames import FrameSpec, Window

Beats = NDArray[np.uint32] | NDArray[np.uint64]
"""Words of one window. uint32: the last word carries TLAST. uint64: bit 32 of each word is its TLAST."""

MARK = 1 << 31
LAST = 1 << 32
X_BITS = 12
Y_BITS = 12
POLARITY_BITS = 4


def window_words(window: Window, spec: FrameSpec) -> NDArray[np.uint32]:
    """The words of one window, its frames' marks included; the last word carries TLAST."""
    polarity = window.events["p"].astype(np.int64) if spec.channels > 1 else np.zeros(len(window.frame), np.int64)
    events = window.events["x"] | window.events["y"].astype(np.int64) << X_BITS | polarity << (X_BITS + Y_BITS)
    ends = np.searchsorted(window.frame, np.arange(spec.frames), side="right")
    return np.insert(events, ends, MARK).astype(np.uint32)


def with_last(beats: Beats) -> NDArray[np.uint64]:
    """The words with bit 32 as TLAST."""
    words: NDArray[np.uint64] = beats.astype(np.uint64)
    if beats.dtype == np.uint32 and len(words):
        words[-1] |= np.uint64(LAST)
    return words


def frame_beats(beats: Beats, frames: int) -> NDArray[np.int64]:
    """[frames]: how many words of one window each frame takes, its mark included."""
    ends = np.flatnonzero(beats & MARK)[:frames] + 1
    missing = np.full(frames - len(ends), len(beats))
    return np.diff(np.append(ends, missing), prepend=0)
