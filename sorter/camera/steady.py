"""Means over some frames, in which a lamp's flicker evens out."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AVERAGED_S = 0.4
"""A lamp on the mains flickers at 100 or 120 Hz; at the usual frame rates that shows as 5 Hz and
more, or as a beat of many seconds."""
APART_S = 0.7
"""From the end of what was to the end of what is: longer than the mean and one look, so that one of
the looks sees a whole step."""
SEEN_S = APART_S + AVERAGED_S
"""How far back it looks."""


class Steady:
    """What is and what was just before, of values that come with each frame."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, Floats]] = deque()

    def add(self, values: Floats, time_s: float) -> None:
        """Take in one frame's values; a time that went back starts all over."""
        if self._frames and time_s < self._frames[-1][0]:
            self._frames.clear()
        self._frames.append((time_s, values))
        while self._frames[0][0] <= time_s - SEEN_S:
            self._frames.popleft()

    def clear(self) -> None:
        """Forget what was."""
        self._frames.clear()

    def mean(self, time_s: float, *, before: bool = False) -> Floats | None:
        """The mean up to a time; None where no frame came.

        Args:
            time_s: now.
            before: instead of what is, what was before.
        """
        until_s = time_s - APART_S if before else time_s
        values = [v for at_s, v in self._frames if until_s - AVERAGED_S < at_s <= until_s]
        return np.asarray(np.mean(values, axis=0), np.float64) if values else None
