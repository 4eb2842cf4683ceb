"""The ruler that a config asks for."""

from __future__ import annotations

from sorter.config import CameraConfig
from sorter.config_file import ConfigError, ConfigFile
from sorter.ruler.calibrated import CalibratedRuler
from sorter.ruler.calibration import Calibration, CalibrationError
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


def check_calibration(file: ConfigFile) -> None:
    """See that the calibration of a config, if it names one, can be used.

    Raises:
        ConfigError: it cannot; names the line of the config.
    """
    try:
        ruler_from_config(file.config.camera)
    except CalibrationError as error:
        raise ConfigError([file.problem(("camera", "calibration"), str(error))]) from error
