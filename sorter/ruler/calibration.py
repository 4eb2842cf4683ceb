"""The file that `sorter calibrate` writes: how the camera lies over the belt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sorter.errors import SorterError
from sorter.ruler.projection import Projection
from sorter.whole_file import whole_file

MAX_BYTES = 64 * 1024

Three = tuple[float, float, float]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class CalibrationError(SorterError):
    """The calibration cannot be made or used."""


class Calibration(BaseModel):
    """One camera over one belt."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    version: Literal[1] = 1
    width: int = Field(ge=64, le=8192)
    """Pixels along the belt, of the turned frames that it was made with."""
    height: int = Field(ge=64, le=8192)
    """Pixels across the belt."""
    focal_px: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    """Along and across."""
    principal_px: tuple[float, float]
    distortion: tuple[float, float, float, float, float]
    """k1, k2, p1, p2, k3 as OpenCV has them."""
    rotation: tuple[Three, Three, Three]
    """From belt axes (along, across, down) to camera axes, row by row."""
    translation_mm: Three
    """The belt's origin in camera axes. Its place along the belt is the reference line."""
    error_px: float = Field(ge=0)
    """Root mean square distance of the board's corners from where the calibration puts them."""
    scale_error: float = Field(default=0.0, ge=0, le=1)
    """Standard uncertainty of the scale, as part of it."""
    readout_s: float = Field(default=0.0, ge=0, le=1)
    """From the exposure of a frame's first row to that of its last one; 0: global shutter."""
    latency_s: float = Field(default=0.0, ge=-1, le=5)
    """By how much the stamp of a frame lags the middle of its exposure."""
    mm_per_tick: float | None = Field(default=None, gt=0, le=100)
    """As measured; None where it was not."""

    @property
    def projection(self) -> Projection:
        """The camera."""
        (fx, fy), (cx, cy) = self.focal_px, self.principal_px
        return Projection(
            matrix=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64),
            distortion=np.asarray(self.distortion, np.float64),
            rotation=np.asarray(self.rotation, np.float64),
            translation_mm=np.asarray(self.translation_mm, np.float64),
        )

    @property
    def mm_per_px(self) -> float:
        """Scale on the belt in the middle of the image."""
        return self.mm_per_px_across[1]

    @property
    def mm_per_px_across(self) -> tuple[float, float, float]:
        """Scale along the belt at its upper edge in the image, in the middle, at its lower edge."""
        upper, middle, lower = (
            self._mm_per_px(row) for row in (0.0, (self.height - 1) / 2, self.height - 1.0)
        )
        return upper, middle, lower

    def _mm_per_px(self, row: float) -> float:
        column = (self.width - 1) / 2
        ends = np.array([[column - 0.5, row], [column + 0.5, row]])
        return float(np.linalg.norm(np.diff(self.projection.belt_mm(ends), axis=0)))

    @property
    def tilt_deg(self) -> float:
        """Between the camera's view and straight down."""
        return float(np.degrees(np.arccos(np.clip(self.rotation[2][2], -1, 1))))

    @classmethod
    def of(
        cls, projection: Projection, size_px: tuple[int, int], *, error_px: float
    ) -> Calibration:
        """A camera with nothing else known.

        Args:
            projection: the camera.
            size_px: of its turned frames: along the belt, across it.
            error_px: see `Calibration.error_px`.
        """
        matrix = projection.matrix
        return cls(
            width=size_px[0],
            height=size_px[1],
            focal_px=(float(matrix[0, 0]), float(matrix[1, 1])),
            principal_px=(float(matrix[0, 2]), float(matrix[1, 2])),
            distortion=projection.distortion.tolist(),
            rotation=projection.rotation.tolist(),
            translation_mm=projection.translation_mm.tolist(),
            error_px=error_px,
        )

    def with_motion(
        self, *, scale_error: float, readout_s: float, latency_s: float, mm_per_tick: float | None
    ) -> Calibration:
        """The same with what a moving target tells, too.

        Raises:
            CalibrationError: what was measured cannot be true of a camera over a belt.
        """
        measured = {
            "scale_error": scale_error,
            "readout_s": readout_s,
            "latency_s": latency_s,
            "mm_per_tick": mm_per_tick,
        }
        try:
            return Calibration.model_validate(self.model_dump() | measured)
        except ValidationError as error:
            found = error.errors(include_url=False)[0]
            key = str(found["loc"][0])
            raise CalibrationError(
                f"{key} comes out as {found['input']:g}, which cannot be ({found['msg']}); see "
                f"that the belt turns the encoder and that frames and ticks belong together, then "
                f"record again"
            ) from error

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read the file.

        Raises:
            CalibrationError: it is missing, no calibration, or nonsense.
        """
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise CalibrationError(
                f"{path}: the calibration cannot be read ({error.strerror}); run "
                f"'sorter calibrate', or take camera.calibration out of the config"
            ) from error
        try:
            if len(data) > MAX_BYTES:
                raise ValueError(f"larger than {MAX_BYTES // 1024} KiB")
            calibration = cls.model_validate_json(data)
            calibration.check()
        except ValidationError as error:
            found = error.errors(include_url=False)[0]
            where = ".".join(str(key) for key in found["loc"]) or "the file"
            raise CalibrationError(
                f"{path}: no calibration of this version ({where}: {found['msg']}); "
                f"run 'sorter calibrate' again"
            ) from error
        except ValueError as error:
            raise CalibrationError(
                f"{path}: no calibration of this version ({error}); run 'sorter calibrate' again"
            ) from error
        return calibration

    def check(self) -> None:
        """See that the numbers make a camera that looks down on a belt.

        Raises:
            ValueError: they do not.
        """
        rotation = np.asarray(self.rotation)
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6):
            raise ValueError("rotation is none")
        if not self.projection.height_mm > 0:
            raise ValueError("the lens is not over the belt")

    def save(self, path: Path) -> None:
        """Write the file whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        with whole_file(path) as partial:
            partial.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
