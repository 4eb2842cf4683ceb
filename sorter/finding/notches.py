"""Notches in an outline: where it is not convex."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Contour = NDArray[np.int32]

NO_DEFECTS: Contour = np.empty((0, 4), np.int32)

OPPOSITE_NOTCH = 0.25
"""Depth, as a share of the half width, of two notches that face each other."""
LEAST_PART = 0.2
"""Of the area, on either side of the line between such notches."""
FACING = -0.5
"""Cosine of the angle between the ways out of two notches that face each other, at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notch:
    """A part of the outline that does not reach its convex hull."""

    start: int
    """Place in the contour where the hull is left."""
    end: int
    """Where it is reached again."""
    deepest: int
    depth_px: float


def notches(contour: Contour, least_px: float) -> list[Notch]:
    """Those of an outline (n × 1 × 2 as OpenCV gives it) that are so deep, in its order."""
    defects = _defects(contour)
    return [
        Notch(start=start, end=end, deepest=deepest, depth_px=depth / 256)
        for start, end, deepest, depth in defects[defects[:, 3] >= 256 * least_px].tolist()
    ]


def deepest_notch_px(contour: Contour) -> float:
    """Depth of the deepest notch; 0 without any."""
    depths = _defects(contour)[:, 3]
    return float(depths.max()) / 256 if len(depths) else 0.0


def thickness_px(contour: Contour) -> float:
    """Width of a strip with the same area and outline, or the diameter of a disc of that area."""
    area, around = cv2.contourArea(contour), cv2.arcLength(contour, True)
    slack = around * around / 4 - 4 * area
    return 2 * math.sqrt(area / math.pi) if slack <= 0 else around / 4 - math.sqrt(slack) / 2


def notched_on_both_sides(contour: Contour, half_width_px: float) -> bool:
    """Whether two deep notches face each other, as where two long fruits lie side by side.

    The one notch of a bent fruit has none that faces it but those beside its stalk, and they part
    off too little.
    """
    deep = notches(contour, max(2.0, OPPOSITE_NOTCH * half_width_px))
    if len(deep) < 2:
        return False
    points = contour[:, 0].astype(np.float64)
    area = cv2.contourArea(contour)
    ways = [(points[one.start] + points[one.end]) / 2 - points[one.deepest] for one in deep]
    for k, one in enumerate(deep):
        for n, other in enumerate(deep[k + 1 :], start=k + 1):
            first, last = sorted((one.deepest, other.deepest))
            share = cv2.contourArea(contour[first : last + 1]) / area
            lengths = float(np.hypot(*ways[k]) * np.hypot(*ways[n]))
            facing = float(ways[k] @ ways[n]) < FACING * lengths
            if facing and LEAST_PART < share < 1 - LEAST_PART:
                return True
    return False


def _defects(contour: Contour) -> Contour:
    """Where the hull is left and reached again, the deepest place, its depth in 256ths; n × 4."""
    if len(contour) < 8:
        return NO_DEFECTS
    hull = cv2.convexHull(contour, returnPoints=False)
    # An outline that is one pixel wide in places goes through the same points twice. OpenCV then
    # gives the hull out of order, and refuses that order itself.
    hull.sort(axis=0)
    defects = cv2.convexityDefects(contour, hull)
    # OpenCV 4 gives n × 1 × 4, OpenCV 5 n × 4.
    return NO_DEFECTS if defects is None else np.asarray(defects.reshape(-1, 4), np.int32)
