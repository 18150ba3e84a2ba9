"""What every back end gives for a list of windows, so that two of them can be compared bit for bit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from razorsnn.fixed import Ints


@dataclass(frozen=True)
class Outcome:
    """N windows: scores [N, classes], keep bits [N, gates, T]; cycle of each score beat [N, classes] or None."""

    scores: Ints
    keep: NDArray[np.bool_]
    cycles: Ints | None = None

    def differences(self, other: "Outcome") -> int:
        """Windows in which a score or a keep bit, or a cycle where both have cycles, differs."""
        differ = np.any(self.scores != other.scores, axis=1) | np.any(self.keep != other.keep, axis=(1, 2))
        if self.cycles is not None and other.cycles is not None:
            differ |= np.any(self.cycles != other.cycles, axis=1)
        return int(np.count_nonzero(differ))


@dataclass(frozen=True)
class BackendRun:
    """What running N windows gave: the outcome, and counters by name.

    events, multiplies (each on every lane and tap), dropped, saturations, windows: [N];
    kept, pruned: [N, layers], frames scanned and not; further ones as the back end has them.
    """

    outcome: Outcome
    counters: dict[str, Ints]
