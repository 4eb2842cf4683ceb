"""Does the camera show anything new?"""

from __future__ import annotations

import numpy as np

from sorter.frame import Pixels

EVERY_PX = 8
"""Of the rows and columns: thousands of pixels that no sensor gives twice in a row."""
TELLS = (5, 250)
"""Levels that noise can change: what is black or overexposed looks the same for ever."""
LEAST_SHARE = 0.01
"""Of the picture at such levels."""
MOVED_MM = 5.0
"""Of the belt under a picture that stays the same to the last bit."""


class RepeatWatch:
    """Compares pictures bit by bit.

    Some drivers hand over their last picture for ever when the camera has gone. A sensor's noise
    alone makes two pictures differ; still, a picture counts as repeated only once the belt has
    moved on under it.
    """

    def __init__(self) -> None:
        self.frozen = False
        self._last: Pixels | None = None
        self._since_mm = 0.0

    def see(self, pixels: Pixels, travel_mm: float) -> bool:
        """Take in one picture; False while it cannot tell.

        Args:
            pixels: height × width × 3.
            travel_mm: where the belt was.
        """
        sample = pixels[::EVERY_PX, ::EVERY_PX].copy()
        low, high = TELLS
        if np.mean((sample >= low) & (sample <= high)) < LEAST_SHARE:
            return False
        if self._last is None or not np.array_equal(sample, self._last):
            self._last, self._since_mm, self.frozen = sample, travel_mm, False
            return True
        if abs(travel_mm - self._since_mm) < MOVED_MM:
            return False
        self.frozen = True
        return True
