"""A ruler by calibration: lens, tilt, the item's height and the shutter's skew are taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.item import Measures
from sorter.ruler.body import measure_body
from sorter.ruler.calibration import Calibration, CalibrationError
from sorter.ruler.measuring import with_uncertainty
from sorter.ruler.oblique import even_outline, from_above

HEIGHT_ERROR = 0.15
"""Standard uncertainty of the outline's height over the belt, as part of it: no fruit is quite as
high as it is thick."""


class CalibratedRuler:
    """Sees the belt through `Calibration`."""

    def __init__(self, camera: CameraConfig, calibration: Calibration) -> None:
        """Take lens and pose.

        Args:
            camera: which way the frames are turned.
            calibration: made with frames turned the same way.

        Raises:
            CalibrationError: it is for frames of another size.
        """
        if camera.field_px != (calibration.width, calibration.height):
            along_px, across_px = camera.field_px
            raise CalibrationError(
                f"the calibration is for frames of {calibration.width}x{calibration.height} "
                f"pixels, the camera's are {along_px}x{across_px}; run 'sorter calibrate' again"
            )
        self._calibration = calibration
        self._projection = calibration.projection
        self._readout = _ReadOut(camera, calibration.readout_s)

    @property
    def latency_s(self) -> float:
        """See `Ruler.latency_s`."""
        return self._calibration.latency_s

    def belt_mm(
        self,
        points_px: NDArray[np.floating],
        *,
        height_mm: float | NDArray[np.floating] = 0.0,
        speed_mm_per_s: float = 0.0,
    ) -> NDArray[np.float32]:
        """See `Ruler.belt_mm`."""
        points_mm = self._projection.belt_mm(points_px, height_mm)
        if speed_mm_per_s:
            points_mm[:, 0] -= speed_mm_per_s * self._readout.delay_s(points_px)
        return points_mm.astype(np.float32)

    def measure(
        self, outline_px: NDArray[np.floating], pixels: Pixels, *, speed_mm_per_s: float = 0.0
    ) -> Measures:
        """See `Ruler.measure`.

        The outline of a body that is as high as it is thick runs at half its height: there it is
        nearer to the lens, and looks larger, than it would on the belt. Away from the middle of the
        image it is seen aslant, which makes it look thicker still.
        """
        lens_mm = self._projection.height_mm
        points_px = even_outline(outline_px)
        on_belt = self.belt_mm(points_px, speed_mm_per_s=speed_mm_per_s).astype(np.float64)
        slopes = on_belt - self.belt_mm(points_px, height_mm=1.0, speed_mm_per_s=speed_mm_per_s)
        flat = from_above(on_belt, slopes, lens_mm)
        body = measure_body(flat.outline_mm)
        height_mm = body.width_mm / 2
        # The whole outline shrinks towards the lens's foot as its plane rises.
        body = body.scaled((lens_mm - height_mm) / (lens_mm - flat.height_mm))
        distance_mm = lens_mm - height_mm
        calibration = self._calibration
        return with_uncertainty(
            body,
            outline_px,
            pixels,
            mm_per_px=distance_mm / float(np.mean(calibration.focal_px)),
            scale_error=float(
                np.hypot(calibration.scale_error, HEIGHT_ERROR * height_mm / distance_mm)
            ),
        )


class _ReadOut:
    """When the rows of the sensor are exposed, after the middle one."""

    def __init__(self, camera: CameraConfig, readout_s: float) -> None:
        along_px, across_px = camera.field_px
        # A frame is turned clockwise after it was read; so its rows are image rows, or columns.
        self._axis = 0 if camera.rotate_deg in (90, 270) else 1
        size = (along_px, across_px)[self._axis]
        self._middle = (size - 1) / 2
        sign = -1 if camera.rotate_deg in (90, 180) else 1
        self._per_px_s = sign * readout_s / max(1, size - 1)

    def delay_s(self, points_px: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray((points_px[:, self._axis] - self._middle) * self._per_px_s, np.float64)
