"""A camera that looks straight down through a perfect lens: one scale for the whole image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.item import Measures


class LinearRuler:
    """`camera.mm_per_px` and the reference line, nothing else."""

    def __init__(self, camera: CameraConfig) -> None:
        """Take scale and reference line."""
        self._mm_per_px = camera.mm_per_px
        self._reference_mm = camera.reference_mm

    def belt_mm(self, points_px: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Ruler.belt_mm`."""
        edge_mm = self._mm_per_px / 2
        points_mm = points_px * np.float32(self._mm_per_px)
        points_mm += np.array([edge_mm - self._reference_mm, edge_mm], np.float32)
        return np.asarray(points_mm, np.float32)

    def measure(self, outline_px: NDArray[np.float32], pixels: Pixels) -> Measures:
        """See `Ruler.measure`."""
        outline_mm = outline_px * np.float32(self._mm_per_px)
        _, sides, _ = cv2.minAreaRect(outline_mm)
        return Measures(
            length_mm=max(sides), width_mm=min(sides), area_mm2=cv2.contourArea(outline_mm)
        )
