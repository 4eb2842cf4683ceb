"""Does a frame show the picture of the frame before, though the belt has moved?"""

from __future__ import annotations

import numpy as np

from sorter.frame import Pixels

EVERY_PX = 16
"""Of the rows and columns, to begin with: where these differ, and a sensor's noise alone makes them
differ, the rest need not be compared."""
MOVED_MM = 1.0
"""Of the belt. What is followed under a belt that moves less is hardly misplaced."""
TELLS = (5, 250)
"""Levels that noise can change: what is black or overexposed looks the same for ever, and such
frames have a rule of their own; they are blind."""
LEAST_SHARE = 0.01
"""Of the picture at such levels."""


class StillPicture:
    """Remembers the last picture, and where the belt was when it came.

    A driver that hangs hands over its last picture again and again. The camera's health tells it
    from a short hitch and stops the belt, but needs half a second for that; by then a single fruit
    in such a picture, which seems to slide over the belt, would have been counted as a dozen.
    """

    def __init__(self) -> None:
        self._pixels: Pixels | None = None
        self._sample: Pixels | None = None
        self._since_mm = 0.0

    def repeats(self, pixels: Pixels, belt_mm: float) -> bool:
        """Take in a frame.

        Args:
            pixels: height × width × 3; kept until another picture comes.
            belt_mm: belt travel at the frame.

        Returns:
            It is the very picture that came before, and cannot be of this place of the belt.
        """
        sample = pixels[::EVERY_PX, ::EVERY_PX]
        same = (
            self._pixels is not None
            and np.array_equal(sample, self._sample)  # type: ignore[arg-type]
            and np.array_equal(pixels, self._pixels)
        )
        if not same:
            # The sample is a copy: should a driver write into the frame that it gave, it tells.
            self._pixels, self._sample, self._since_mm = pixels, sample.copy(), belt_mm
            return False
        if abs(belt_mm - self._since_mm) < MOVED_MM:
            return False
        low, high = TELLS
        return bool(np.mean((sample >= low) & (sample <= high)) >= LEAST_SHARE)
