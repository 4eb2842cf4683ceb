"""A camera's calibration from what was seen of the board, and what to write into the config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sorter.config import CameraConfig
from sorter.ruler.calibration import Calibration
from sorter.ruler.solve_belt import BeltFit, OnBelt, solve_belt
from sorter.ruler.solve_lens import Lens, solve_lens
from sorter.ruler.target import Target, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A calibration and how well it fits."""

    calibration: Calibration
    lens: Lens
    belt: BeltFit
    views: int
    """Of the board held at slants."""
    frames: int
    """Of the board on the belt."""

    def told(self, path: Path) -> dict[str, object]:
        """Everything by name, ready for JSON.

        Args:
            path: of the file that it was written to.
        """
        calibration = self.calibration
        return {
            "camera": {
                "calibration": str(path.absolute()),
                "mm_per_px": round(calibration.mm_per_px, 5),
            },
            "belt": {"mm_per_tick": round(self.belt.mm_per_tick, 6)},
            "mm_per_px_across": [round(scale, 5) for scale in calibration.mm_per_px_across],
            "lens_error_px": round(self.lens.error_px, 3),
            "belt_error_mm": round(self.belt.error_mm, 3),
            "scale_error": round(calibration.scale_error, 6),
            "lens_height_mm": round(calibration.projection.height_mm, 1),
            "tilt_deg": round(calibration.tilt_deg, 2),
            "latency_ms": _ms(self.belt.latency_s),
            "readout_ms": _ms(self.belt.readout_s),
            "views": self.views,
            "frames": self.frames,
        }


def solve(
    camera: CameraConfig, target: Target, views: Sequence[View], seen: Sequence[OnBelt]
) -> Solved:
    """Find lens, pose, scale, shutter and delay.

    Args:
        camera: size, turn and reference line of the frames.
        target: the board as printed.
        views: of the board held at slants, all different.
        seen: the board on the belt.

    Raises:
        CalibrationError: the frames do not tell enough, or contradict each other.
    """
    size_px = camera.field_px
    lens = solve_lens(target, views, size_px)
    calibration, fit = solve_belt(
        target,
        seen,
        lens,
        size_px,
        reference_px=size_px[0] / 2 if camera.reference_px is None else camera.reference_px,
        rows_along=camera.rotate_deg in (90, 270),
        rows_reversed=camera.rotate_deg in (90, 180),
    )
    return Solved(calibration=calibration, lens=lens, belt=fit, views=len(views), frames=len(seen))


def _ms(value_s: float | None) -> float | None:
    return None if value_s is None else round(1000 * value_s, 2)
