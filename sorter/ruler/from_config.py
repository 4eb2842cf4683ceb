"""The ruler that a config asks for."""

from __future__ import annotations

from sorter.config import CameraConfig
from sorter.ruler.calibrated import CalibratedRuler
from sorter.ruler.calibration import Calibration
from sorter.ruler.linear import LinearRuler
from sorter.ruler.ruler import Ruler


def ruler_from_config(camera: CameraConfig) -> Ruler:
    """By the calibration, where the config names one, else by scale and reference line.

    Raises:
        CalibrationError: the calibration cannot be read, or is for another camera.
    """
    if camera.calibration is None:
        return LinearRuler(camera)
    return CalibratedRuler(camera, Calibration.load(camera.calibration))
