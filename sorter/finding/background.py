"""The empty belt, learnt from the frames that pass."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

SLOWEST_LEARNING = 0.02
"""Share of a new frame that enters the picture of the belt; follows a drift of seconds."""


class Background:
    """What the camera would see with nothing on the belt.

    It starts as the median of every image row of the first frame, since the belt looks the same all
    along its run, and then follows each pixel that no item covers.
    """

    def __init__(self) -> None:
        self._mean: NDArray[np.float32] | None = None
        self._frames = 0

    @property
    def pixels(self) -> Pixels:
        """The empty belt at the size of the frames that were shown."""
        if self._mean is None:
            raise RuntimeError("no frame was shown yet")
        return np.asarray(cv2.convertScaleAbs(self._mean), np.uint8)

    def difference(self, pixels: Pixels) -> NDArray[np.uint8]:
        """Distance of each pixel from the empty belt, by its worst channel: 0 … 255."""
        if self._mean is None or self._mean.shape != pixels.shape:
            rows = np.median(pixels, axis=1, keepdims=True).astype(np.float32)
            self._mean = np.repeat(rows, pixels.shape[1], axis=1)
            self._frames = 0
        blue, green, red = cv2.split(cv2.absdiff(pixels, self.pixels))
        return np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)

    def learn(self, pixels: Pixels, covered: NDArray[np.uint8]) -> None:
        """Take in a frame where `covered` (255 on items, 0 on belt) lets the belt be seen."""
        if self._mean is None:
            raise RuntimeError("difference() comes before learn()")
        self._frames += 1
        share = max(SLOWEST_LEARNING, 1 / (self._frames + 1))
        cv2.accumulateWeighted(pixels, self._mean, share, mask=cv2.bitwise_not(covered))
