"""What stands still in the image while the belt moves: rails, stuck dirt, a stain on the lens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

STANDING_MM = 400.0
"""Belt travel after which an unchanged pixel shows no item: longer than any of them."""
UNIT_MM = 4.0
"""The travel is counted in these, to fit into eight bits."""
MOST_UNITS = 20
"""That one frame counts for: however far the belt has gone since the last one, a few frames that
agree are needed."""
MOVING_SHARE = 0.005
"""Of the image that has to change between two frames. Otherwise the belt slips, or has jammed under
an encoder that goes on, and what stands still is fruit."""
UNCHANGED = 8.0
"""Ratio to the belt, in 128ths, by which a pixel that stands still may vary: noise, and a little
dirt on the belt behind it, but not the rounding of a fruit."""


class Standing:
    """For each pixel that does not look like belt: what it shows, and for how long already."""

    def __init__(self) -> None:
        self._shown: Plane | None = None
        self._travel: Plane | None = None
        self._rest_mm = 0.0

    def watch(self, ratio: Plane, odd: Plane, moved_mm: float) -> Plane | None:
        """Take in one frame.

        Args:
            ratio: to the empty belt, in 128ths.
            odd: 255 where a pixel does not look like belt.
            moved_mm: belt travel since the frame before, forward or back.

        Returns:
            255 where something stands still; None when the belt has not moved far enough to tell.
        """
        self._rest_mm += abs(moved_mm)
        units = int(self._rest_mm / UNIT_MM)
        if not units:
            return None
        self._rest_mm -= units * UNIT_MM
        units = min(units, MOST_UNITS)
        if self._shown is None or self._travel is None:
            self._shown, self._travel = ratio.copy(), np.zeros_like(odd)
            return None
        changed = cv2.compare(cv2.absdiff(ratio, self._shown), UNCHANGED, cv2.CMP_GT)
        cv2.copyTo(ratio, changed, self._shown)
        if cv2.countNonZero(cv2.bitwise_and(changed, odd)) < MOVING_SHARE * odd.size:
            return None
        cv2.add(self._travel, float(units), dst=self._travel)
        still = cv2.bitwise_and(odd, cv2.bitwise_not(changed))
        cv2.bitwise_and(self._travel, still, dst=self._travel)
        return np.asarray(cv2.compare(self._travel, STANDING_MM / UNIT_MM, cv2.CMP_GE), np.uint8)
