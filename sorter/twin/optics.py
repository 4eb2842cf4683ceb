"""The camera as a value: its lens, its pose over the belt and the read-out of its rows.

Belt coordinates are millimetres: along the belt from the camera's reference line (positive
downstream), across it from the upper edge of the nominal image (positive downwards in the image),
and up from the belt (left-handed; with "down" in the place of "up" it would be right-handed).
Pixel coordinates are OpenCV's: a pixel's centre is a whole number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.config import CameraConfig

WORKING_HEIGHT_MM = 460.0
"""Of the camera over the belt, unless another one is given."""
TYPICAL_DISTORTION = (-0.11, 0.05, 0.0008, -0.0005, 0.0)
"""A 6 mm lens on a small sensor: some per cent of barrel."""

UNDISTORT_STEPS = 12
"""Each makes the error of a lens with 10 % of barrel about five times smaller."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """A pinhole camera with Brown-Conrady distortion that looks down on the belt."""

    width: int
    """Pixels, along the belt."""
    height: int
    """Pixels, across the belt."""
    focal_px: float
    principal_px: tuple[float, float]
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    """k1, k2, p1, p2, k3 as OpenCV has them."""
    over_mm: tuple[float, float]
    """Belt point under the lens: along, across."""
    height_mm: float
    """Of the lens over the belt."""
    tilt_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Turns about the image's column axis, its row axis and the optical axis."""
    readout_s: float = 0.0
    """From the exposure of the first row to that of the last one; 0 is a global shutter."""

    @classmethod
    def over(
        cls,
        camera: CameraConfig,
        *,
        height_mm: float = WORKING_HEIGHT_MM,
        distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0),
        tilt_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
        readout_s: float = 0.0,
    ) -> Optics:
        """A camera that is aimed at the middle of the configured field.

        The belt plane has the configured scale in the middle of the image. With no distortion and
        no tilt it is seen exactly as the configuration says.
        """
        along_px, across_px = camera.field_px
        scale = camera.mm_per_px
        middle_mm = (along_px / 2 * scale - camera.reference_mm, across_px / 2 * scale)
        upright = cls(
            width=along_px,
            height=across_px,
            focal_px=height_mm / scale,
            principal_px=((along_px - 1) / 2, (across_px - 1) / 2),
            distortion=distortion,
            over_mm=middle_mm,
            height_mm=height_mm,
            tilt_deg=tilt_deg,
            readout_s=readout_s,
        )
        aimed_at = upright.belt_mm(np.array([upright.principal_px]))[0]
        return replace(
            upright,
            over_mm=(
                2 * middle_mm[0] - float(aimed_at[0]),
                2 * middle_mm[1] - float(aimed_at[1]),
            ),
        )

    @property
    def matrix(self) -> Floats:
        """OpenCV's camera matrix, 3 × 3."""
        (x, y), f = self.principal_px, self.focal_px
        return np.array([[f, 0, x], [0, f, y], [0, 0, 1]], np.float64)

    @property
    def rotation(self) -> Floats:
        """From belt axes (along, across, down) to camera axes, 3 × 3."""
        a, b, c = np.radians(self.tilt_deg)
        about_x = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
        about_y = [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
        about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
        return np.asarray(np.array(about_z) @ np.array(about_y) @ np.array(about_x), np.float64)

    def project(self, points_mm: Floats) -> Floats:
        """Where belt points appear, read out all at once.

        Args:
            points_mm: n × 3, along, across, up.

        Returns:
            n × 2, column and row in pixels; outside of the image where the point is.
        """
        points = np.asarray(points_mm, np.float64).reshape(-1, 3)
        from_lens = points * (1, 1, -1) + (-self.over_mm[0], -self.over_mm[1], self.height_mm)
        turned = from_lens @ self.rotation.T
        return self._distorted(turned[:, :2] / turned[:, 2:])

    def slopes(self, points_px: Floats) -> Floats:
        """Way along and across the belt of each pixel's ray for a millimetre downwards, n × 2."""
        points = np.asarray(points_px, np.float64).reshape(-1, 2)
        middle = np.asarray(self.principal_px)
        straight = (points - middle) / self.focal_px
        for _ in range(UNDISTORT_STEPS):
            straight += (points - self._distorted(straight)) / self.focal_px
        rays = np.column_stack([straight, np.ones(len(straight))]) @ self.rotation
        return np.asarray(rays[:, :2] / rays[:, 2:], np.float64)

    def belt_mm(self, points_px: Floats, height_mm: float = 0.0) -> Floats:
        """Where the rays of pixels meet the plane at a height over the belt: n × 2, in mm."""
        way = self.slopes(points_px) * (self.height_mm - height_mm)
        return np.asarray(way + np.asarray(self.over_mm), np.float64)

    def row_delay_s(self, rows: Floats) -> Floats:
        """Exposure of each row after that of the middle of the image."""
        return np.asarray((rows / max(self.height - 1, 1) - 0.5) * self.readout_s, np.float64)

    def _distorted(self, straight: Floats) -> Floats:
        """Pixels of directions given by their tangents to the optical axis, n × 2."""
        pixels, _ = cv2.projectPoints(
            np.column_stack([straight, np.ones(len(straight))]).reshape(-1, 1, 3),
            np.zeros(3),
            np.zeros(3),
            self.matrix,
            np.asarray(self.distortion, np.float64),
        )
        return np.asarray(pixels, np.float64).reshape(-1, 2)
