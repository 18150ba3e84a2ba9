"""What waiting for keep bits costs, by hand: passes of 10 cycles, scans of 7, 0 (pruned) and 5."""

import pytest

from razorsnn.ops.synapse import waiting_cycles

SCANS = [7, 0, 5]


def late_scan(t: int, ahead: int) -> int:
    """What is not done ahead, of up to 4 cycles, is done in the frame's turn."""
    return SCANS[t] + max(0, 4 - ahead)


@pytest.mark.parametrize(
    ("known", "cost"),
    [
        ([0, 0, 0], 0),
        ([0, 17, 27], 0),  # with the passes that start then
        ([6, 0, 0], 0),  # 4 cycles before its turn at 10: soon enough to look ahead
        ([9, 0, 0], 3),  # one before: three of the four are left
        ([12, 0, 0], 6),  # two after its turn, and all four
        ([0, 30, 0], 3),  # a pruned frame's turn is at 27
        ([0, 30, 44], 3 + 4 + 4),  # then the last one's is at 40
    ],
)
def test_frames_wait_for_their_keep_bits(known: list[int], cost: int):
    assert waiting_cycles(SCANS, known, 10, late_scan) == cost
