"""What every ruler can do."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.item import Measures


class Ruler(Protocol):
    """Knows how the camera lies over the belt."""

    def belt_mm(self, points_px: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where points of the image lie on the belt plane.

        Args:
            points_px: n × 2, column and row in the full frame; the middle of its first pixel is
                (0, 0), so that the image reaches from -0.5 to its size less 0.5.

        Returns:
            n × 2, millimetres: along the belt from the reference line, positive downstream; across
            the belt from the upper edge of the image.
        """
        ...

    def measure(self, outline_px: NDArray[np.float32], pixels: Pixels) -> Measures:
        """Measure one item; asked for the few views that are judged, not for every sighting.

        Args:
            outline_px: n × 2, outer contour as in `Sighting.outline_px`.
            pixels: the whole frame.
        """
        ...
