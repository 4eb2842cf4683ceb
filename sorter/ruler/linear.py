"""A camera that looks straight down through a perfect lens: one scale for the whole image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.item import Measures
from sorter.ruler.body import measure_body
from sorter.ruler.measuring import with_uncertainty

SCALE_ERROR = 0.04
"""Standard uncertainty of a scale from the config: what a cucumber's height alone does to it."""


class LinearRuler:
    """`camera.mm_per_px` and the reference line, nothing else: heights and skew are not known."""

    def __init__(self, camera: CameraConfig) -> None:
        """Take scale and reference line."""
        self._mm_per_px = camera.mm_per_px
        self._reference_mm = camera.reference_mm

    latency_s = 0.0

    def belt_mm(
        self,
        points_px: NDArray[np.floating],
        *,
        height_mm: float | NDArray[np.floating] = 0.0,
        speed_mm_per_s: float = 0.0,
    ) -> NDArray[np.float32]:
        """See `Ruler.belt_mm`."""
        edge_mm = self._mm_per_px / 2
        origin_mm = np.array([edge_mm - self._reference_mm, edge_mm])
        return np.asarray(points_px * self._mm_per_px + origin_mm, np.float32)

    def measure(
        self, outline_px: NDArray[np.floating], pixels: Pixels, *, speed_mm_per_s: float = 0.0
    ) -> Measures:
        """See `Ruler.measure`."""
        return with_uncertainty(
            measure_body(self.belt_mm(outline_px)),
            outline_px,
            pixels,
            mm_per_px=self._mm_per_px,
            scale_error=SCALE_ERROR,
        )
