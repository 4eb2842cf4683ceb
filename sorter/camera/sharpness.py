"""Is the lens still in focus?"""

from __future__ import annotations

import numpy as np

from sorter.frame import Pixels

EVERY_PX = 8
"""Only so many columns are looked at."""
FINE_PX, COARSE_PX = 2, 16
"""A sharp edge has risen after the first, a blurred one only after the second."""
CONTRAST_LEVELS = 30
"""Of an edge that can tell."""
LEAST_COLUMNS = 6
LOST = 0.5
"""Share of the usual sharpness; different produce alone does not make so much."""
FIRST_LOOKS = 10
SLOWEST = 1 / 600


class SharpnessWatch:
    """Compares how steep the items' outlines are with what is usual.

    The steepness of an edge is taken relative to its height, so that neither light nor the number
    of items matters, and across the belt alone, so that its speed does not. Without items nothing
    can be told, and nothing can go wrong. A lens that has never been in focus is not noticed.
    """

    def __init__(self) -> None:
        self.lost = False
        self._usual = 0.0
        self._looks = 0

    def see(self, pixels: Pixels) -> bool:
        """Take in one frame, height × width × 3; False when nothing in it can tell."""
        sharpness = _sharpness(pixels)
        if sharpness is None:
            return False
        self.lost = self._looks >= FIRST_LOOKS and sharpness < LOST * self._usual
        if not self.lost:
            self._looks += 1
            self._usual += (sharpness - self._usual) * max(SLOWEST, 1 / self._looks)
        return True


def _sharpness(pixels: Pixels) -> float | None:
    """Steepest rise within a few pixels over the highest within many; the columns' median."""
    columns = pixels[:, EVERY_PX // 2 :: EVERY_PX, 1].astype(np.int16)
    if columns.shape[0] <= COARSE_PX:
        return None
    coarse = np.abs(columns[COARSE_PX:] - columns[:-COARSE_PX]).max(axis=0)
    tells = coarse >= CONTRAST_LEVELS
    if np.count_nonzero(tells) < LEAST_COLUMNS:
        return None
    columns = columns[:, tells]
    fine = np.abs(columns[FINE_PX:] - columns[:-FINE_PX]).max(axis=0)
    return float(np.median(fine / coarse[tells]))
