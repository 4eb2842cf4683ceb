"""How a camera sees the belt: lens, pose, and the rays of its pixels back to the belt."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A pinhole camera with Brown-Conrady distortion over a flat belt.

    Belt coordinates are millimetres: along the belt, positive downstream; across it, positive
    downwards in the image; and down into the belt, which makes the axes right-handed. Heights over
    the belt are given as positive numbers. The middle of the first pixel is (0, 0).
    """

    matrix: Floats
    """OpenCV's camera matrix, 3 × 3, pixels."""
    distortion: Floats
    """k1, k2, p1, p2, k3 as OpenCV has them."""
    rotation: Floats
    """From belt axes to camera axes, 3 × 3."""
    translation_mm: Floats
    """The belt's origin in camera axes, 3."""

    @property
    def lens_mm(self) -> Floats:
        """Where the lens is in belt coordinates, 3; the last is negative, for it hangs over it."""
        return np.asarray(-self.rotation.T @ self.translation_mm, np.float64)

    @property
    def height_mm(self) -> float:
        """Of the lens over the belt."""
        return float(-self.lens_mm[2])

    def image_px(self, points_mm: Floats) -> Floats:
        """Where points appear.

        Args:
            points_mm: n × 3, belt coordinates.

        Returns:
            n × 2, column and row.
        """
        pixels, _ = cv2.projectPoints(
            np.asarray(points_mm, np.float64).reshape(-1, 1, 3),
            cv2.Rodrigues(self.rotation)[0],
            self.translation_mm,
            self.matrix,
            self.distortion,
        )
        return np.asarray(pixels, np.float64).reshape(-1, 2)

    def belt_mm(
        self, points_px: NDArray[np.floating], height_mm: float | NDArray[np.floating] = 0.0
    ) -> Floats:
        """Where the rays of pixels meet a plane over the belt.

        Args:
            points_px: n × 2, column and row.
            height_mm: of the plane, one for all or one a point.

        Returns:
            n × 2, along and across.
        """
        rays = cv2.undistortPoints(
            np.asarray(points_px, np.float64).reshape(-1, 1, 2), self.matrix, self.distortion
        ).reshape(-1, 2)
        directions = np.column_stack([rays, np.ones(len(rays))]) @ self.rotation
        lens = self.lens_mm
        reach = (-np.asarray(height_mm, np.float64) - lens[2]) / directions[:, 2]
        return np.asarray(lens[:2] + reach[:, None] * directions[:, :2], np.float64)
