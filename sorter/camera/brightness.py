"""Is the picture black, or has its exposure shifted?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

DARK_LEVEL = 16
"""A picture in which nothing is brighter is black."""
SHIFT = math.log(1.25)
"""Of brightness, beyond what lamps drift by and what a lamp on the mains flickers by."""
MEMORY_S = 30.0
"""Time constant of the picture's usual brightness."""
ACCEPTED_S = 30.0
"""A picture that has been so long at another brightness is the usual one from then on."""
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
FLOOR = 4.0
"""Added to levels before they are compared, so that noise near black counts little."""
SATURATED = 250.0


class BrightnessWatch:
    """Compares the brightness of pictures with what is usual.

    Items come and go and change the picture's mean. But they leave some part of it as it was, for
    the belt is seen between them; a shift of the exposure moves every part the same way. So the
    shift is the least that any quantile of the brightness shows, where all agree in its direction;
    a single quantile that is as usual tells that there is none.
    """

    def __init__(self) -> None:
        self.dark = False
        self.shifted = False
        """The picture is much brighter or darker than is usual."""
        self.shift = 0.0
        """Logarithm of the picture's brightness over the usual one."""
        self._usual: NDArray[np.float64] | None = None
        self._last_s = 0.0
        self._shifted_since_s: float | None = None

    def see(self, small: Pixels, time_s: float) -> None:
        """Take in one picture.

        Args:
            small: height × width × 3, a scaled-down frame.
            time_s: when it was taken.
        """
        levels = np.sort(small[:, :, 1], axis=None)
        self.dark = bool(levels[int(0.995 * (levels.size - 1))] < DARK_LEVEL)
        if self.dark:
            return
        now = np.array([levels[int(q * (levels.size - 1))] for q in QUANTILES], np.float64)
        if self._usual is None:
            self._usual, self._last_s = now, time_s
        self._compare(now, self._usual)
        passed_s, self._last_s = max(0.0, time_s - self._last_s), time_s
        if not self.shifted:
            self._shifted_since_s = None
            self._usual += (now - self._usual) * min(1.0, passed_s / MEMORY_S)
        elif self._shifted_since_s is None:
            self._shifted_since_s = time_s
        elif time_s - self._shifted_since_s > ACCEPTED_S:
            self._usual, self._shifted_since_s = now, None
            self.shifted, self.shift = False, 0.0

    def _compare(self, now: NDArray[np.float64], usual: NDArray[np.float64]) -> None:
        tells = (now < SATURATED) | (usual < SATURATED)
        changes = np.log((now[tells] + FLOOR) / (usual[tells] + FLOOR))
        if changes.size == 0:
            return
        least = float(changes[np.abs(changes).argmin()])
        if abs(least) <= SHIFT:
            self.shifted, self.shift = False, least
        elif changes.min() > 0 or changes.max() < 0:
            self.shifted, self.shift = True, least
        # Else all has changed, and not in one way: the load changed during a shift. It stands.
