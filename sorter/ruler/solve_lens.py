"""The lens, from the board held at slants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from sorter.ruler.calibration import CalibrationError
from sorter.ruler.target import Floats, Target, View

FEWEST_VIEWS = 8
SLANT_DEG = 12.0
"""Two of the boards have to differ by so much: boards that all lie alike leave the focal length
open, since a longer lens further away sees them the same."""
WORST_PX = 1.5
"""A lens that fits no better was not seen: a blurred or crumpled board, or a zoom in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """What does not change when the camera is moved."""

    matrix: Floats
    """OpenCV's camera matrix, 3 × 3."""
    distortion: Floats
    """k1, k2, p1, p2, k3."""
    error_px: float
    """Root mean square over all corners."""


def solve_lens(target: Target, views: Sequence[View], size_px: tuple[int, int]) -> Lens:
    """Find focal length, principal point and distortion (Zhang 2000, as OpenCV has it).

    The third radial term stays 0: corners do not reach far enough into the image's own to tell it
    from the second.

    Args:
        target: the board.
        views: of it, at different slants and all over the image.
        size_px: width and height of the frames.

    Raises:
        CalibrationError: too few views, too much alike, or no lens fits them.
    """
    if len(views) < FEWEST_VIEWS:
        raise CalibrationError(
            f"the {target.name} is seen in {len(views)} frames, and {FEWEST_VIEWS} are needed at "
            f"the least; hold it at different slants all over the image"
        )
    error_px, matrix, distortion, turns, _ = cv2.calibrateCamera(
        [target.corners_mm[view.numbers].astype(np.float32) for view in views],
        [view.corners_px.astype(np.float32) for view in views],
        size_px,
        np.eye(3),
        np.zeros(5),
        flags=cv2.CALIB_FIX_K3,
    )
    normals = np.array([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
    slant_deg = float(np.degrees(np.arccos(np.clip(normals @ normals.T, -1, 1).min())))
    if slant_deg < SLANT_DEG:
        raise CalibrationError(
            f"the {target.name} is held alike in all frames (slants differ by {slant_deg:.0f} "
            f"degrees, {SLANT_DEG:.0f} are needed); tip it towards the camera by each of its edges"
        )
    if not error_px < WORST_PX:
        raise CalibrationError(
            f"no lens fits the frames (off by {error_px:.1f} pixels, at most {WORST_PX:g}); keep "
            f"the board flat and the frames sharp, and do not touch zoom or focus in between"
        )
    return Lens(
        matrix=np.asarray(matrix, np.float64),
        distortion=np.asarray(distortion, np.float64).ravel()[:5],
        error_px=float(error_px),
    )
