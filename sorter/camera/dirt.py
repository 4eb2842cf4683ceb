"""Are there spots on the lens?"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

STEPS_LEVELS = ((1.0, 0.25), (0.25, 1.0))
"""Up and down, by which each of the two standing pictures follows a look."""
LOOKS = 200
"""Before anything can be told: what lay on the belt at first has faded by then."""
FIRST_LOOKS = 30
"""Their brightest and darkest are where the two begin: a dense load hides the belt for long."""
MOVED_MM = 5.0
"""Of the belt between two looks; with less they show the same picture."""
SPOT = 0.08
"""Share by which a spot is darker or brighter than what lies beside it along the belt."""
DIRTY, CLEAN = 0.001, 0.0005
"""Share of the picture that spots cover."""
BESIDE = 1 / 4
"""Of the picture's width: vignettes and slopes of the lamp are wider than that."""


class DirtWatch:
    """Keeps two pictures of what stands still while the belt moves.

    Each pixel of them follows the frames by small steps, which settle at the brightest and at the
    darkest fifth of what it has seen: one of the two shows the belt, however dense the load. Items
    and the belt's texture leave nothing in that, or stripes along the belt; a spot on the lens
    darkens both. So do parts of the machine that lie across the belt: they do
    not belong into the field of view.
    """

    def __init__(self) -> None:
        self.dirty = False
        self._standing: list[NDArray[np.float32]] = []
        self._looks = 0
        self._travel_mm: float | None = None

    def see(self, small: Pixels, travel_mm: float, shift: float) -> bool:
        """Take in one scaled-down frame; False while it cannot tell.

        Args:
            small: height × width × 3.
            travel_mm: where the belt was.
            shift: of the picture's brightness, logarithmic: it is no dirt.
        """
        if self._travel_mm is not None and abs(travel_mm - self._travel_mm) < MOVED_MM:
            return False
        self._travel_mm = travel_mm
        grey = small[:, :, 1].astype(np.float32) * np.float32(math.exp(-shift))
        if not self._standing or self._standing[0].shape != grey.shape:
            self._standing, self._looks = [grey.copy() for _ in STEPS_LEVELS], 0
        brightest, darkest = self._standing
        if self._looks < FIRST_LOOKS:
            np.maximum(brightest, grey, out=brightest)
            np.minimum(darkest, grey, out=darkest)
        for standing, (up, down) in zip(self._standing, STEPS_LEVELS, strict=True):
            standing += np.clip(grey - standing, -down, up)
        self._looks += 1
        if self._looks < LOOKS:
            return False
        share = min(float(np.mean(np.abs(_spots(each)) > SPOT)) for each in self._standing)
        self.dirty = share > (CLEAN if self.dirty else DIRTY)
        return True


def _spots(standing: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each pixel against what lies beside it along the belt, as a share."""
    smooth = cv2.GaussianBlur(standing, (0, 0), 1.0)
    width = max(3, round(standing.shape[1] * BESIDE) | 1)
    beside = cv2.blur(smooth, (width, 1), borderType=cv2.BORDER_REFLECT)
    return np.asarray(smooth / np.maximum(beside, 8.0) - 1, np.float32)
