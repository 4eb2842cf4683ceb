"""What every ruler can do."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.item import Measures


class Ruler(Protocol):
    """Knows how the camera lies over the belt."""

    @property
    def latency_s(self) -> float:
        """By how much the stamp of a frame lags the middle of its exposure."""
        ...

    def belt_mm(
        self,
        points_px: NDArray[np.floating],
        *,
        height_mm: float | NDArray[np.floating] = 0.0,
        speed_mm_per_s: float = 0.0,
    ) -> NDArray[np.float32]:
        """Where points of the image lie over the belt.

        Args:
            points_px: n × 2, column and row in the full frame; the middle of its first pixel is
                (0, 0), so that the image reaches from -0.5 to its size less 0.5.
            height_mm: of the points over the belt, one for all or one each; an item's outline runs
                at about half its thickness.
            speed_mm_per_s: of the belt, for cameras that expose one row after the other.

        Returns:
            n × 2, millimetres: along the belt from the reference line, positive downstream; across
            the belt from the upper edge of the image.
        """
        ...

    def measure(
        self, outline_px: NDArray[np.floating], pixels: Pixels, *, speed_mm_per_s: float = 0.0
    ) -> Measures:
        """Measure one item; asked for the few views that are judged, not for every sighting.

        Args:
            outline_px: n × 2, outer contour as in `Sighting.outline_px`.
            pixels: the whole frame.
            speed_mm_per_s: of the belt.

        Raises:
            ValueError: the outline encloses nothing.
        """
        ...
