"""Frames that the camera took and the driver never handed over, told by the gaps in their times."""

from __future__ import annotations

from collections import deque
from statistics import median

STEPS = 15
"""Steps between frames whose median is the camera's period: a long exposure makes it longer than
the rate that the driver names."""
LEAST_STEPS = 5
MOST = 1000
"""Beyond so many a gap is a stop of the camera and no loss."""


class LostFrames:
    """Counts by time stamps from the sensor or the kernel; times of arrival say nothing of it."""

    def __init__(self) -> None:
        self._steps_s: deque[float] = deque(maxlen=STEPS)
        self._last_s: float | None = None

    def before(self, stamp_s: float) -> int:
        """How many frames are missing between the frame before and the one with this stamp."""
        last_s, self._last_s = self._last_s, stamp_s
        if last_s is None or stamp_s <= last_s:
            return 0
        step_s = stamp_s - last_s
        known = len(self._steps_s) >= LEAST_STEPS
        period_s = median(self._steps_s) if known else step_s
        self._steps_s.append(step_s)
        missing = round(step_s / period_s) - 1
        return missing if 0 < missing <= MOST else 0

    def skip_one(self) -> None:
        """A frame came without a stamp that can be believed: the next gap says nothing."""
        self._last_s = None
