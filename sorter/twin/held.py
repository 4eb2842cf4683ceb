"""A flat picture held before the camera at a slant, as the lens of the twin sees it."""

from __future__ import annotations

import cv2
import numpy as np

from sorter.frame import Pixels
from sorter.twin.lens_map import LensMap
from sorter.twin.optics import Optics


def render_held(
    optics: Optics,
    picture: Pixels,
    *,
    mm_per_px: float,
    middle_mm: tuple[float, float, float],
    tip_deg: tuple[float, float] = (0.0, 0.0),
    ground: tuple[int, int, int] = (120, 125, 130),
) -> Pixels:
    """What the camera sees of a stiff board in somebody's hands.

    Args:
        optics: the camera.
        picture: height × width, uint8.
        mm_per_px: its scale.
        middle_mm: of the picture, belt coordinates: along, across, up.
        tip_deg: its turns about the axis along the belt and about the one across it.
        ground: blue, green, red around it.

    Returns:
        height × width × 3, uint8, BGR.
    """
    lens = LensMap(optics)
    turn, _ = cv2.Rodrigues(np.radians([*tip_deg, 0.0]))
    # The ray of a pixel: from the lens, way × (slope along, slope across, down); in axes whose
    # third one points down, as the turn has it.
    slopes = lens.whole.slopes.astype(np.float64)
    rays = np.dstack([slopes, np.ones(slopes.shape[:2])])
    start = np.array([*optics.over_mm, -optics.height_mm]) - (*middle_mm[:2], -middle_mm[2])
    ways = -(turn[:, 2] @ start) / (rays @ turn[:, 2])
    points = start + ways[..., None] * rays
    size = np.array(picture.shape[1::-1])
    at = (points @ turn[:, :2]) / mm_per_px + (size - 1) / 2
    seen = cv2.remap(
        cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR),
        lens.whole.fine(at.astype(np.float32)),
        None,
        cv2.INTER_AREA,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=ground,
    )
    return np.asarray(seen, np.uint8)
