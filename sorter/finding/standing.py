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
UNCHANGED = 10
"""Ratios to the belt, in 128ths, between which a pixel that stands still may vary: noise and a
little dirt on the belt behind it, but not the rounding of a fruit."""


class Standing:
    """For each pixel: since when it has not looked like belt, and what it showed since then."""

    def __init__(self) -> None:
        self._travel: Plane | None = None
        self._least: Plane | None = None
        self._most: Plane | None = None
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
        if self._travel is None or self._least is None or self._most is None:
            self._travel, self._least, self._most = np.zeros_like(odd), ratio & odd, ratio & odd
            return None
        belt = cv2.bitwise_not(odd)
        cv2.add(self._travel, float(min(units, 255)), dst=self._travel)
        cv2.bitwise_and(self._travel, odd, dst=self._travel)
        cv2.bitwise_or(cv2.min(self._least, ratio), belt, dst=self._least)
        cv2.bitwise_and(cv2.max(self._most, ratio), odd, dst=self._most)
        long = cv2.compare(self._travel, STANDING_MM / UNIT_MM, cv2.CMP_GE)
        varied = cv2.compare(cv2.subtract(self._most, self._least), float(UNCHANGED), cv2.CMP_GT)
        return np.asarray(cv2.bitwise_and(long, cv2.bitwise_not(varied)), np.uint8)
