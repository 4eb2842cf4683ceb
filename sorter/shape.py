"""Measured shape of an item in its photo: a second input that a network may take.

Measured on the very input that the network sees, so that training and device cannot differ: the
levels may be scaled and shifted in any way (uint8, float32, int8 as quantized), and the colours may
be in any order, without changing the measures by more than rounding.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

MEASURES = ("length", "width", "arc", "thickness", "bend", "hollow", "roughness", "area")
"""In this order; lengths in parts of the photo's side, which is `window_mm` wide if that is set."""
SIDE = 64
"""Pixels at which everything is measured; a small photo gains parts of pixels by enlarging."""
RIM = 4
"""Pixels along the photo's edge that show belt, most of them."""
RIM_KEPT = 0.75
"""Part of the rim that the belt is fitted to in the end: an item may reach the edge."""
FEWEST_PX = 12
MIDDLE = (0.7, 0.3, 0.7, 0.2, 0.1, 0.15, 0.2, 0.4)
SPREAD = (0.25, 0.15, 0.25, 0.08, 0.15, 0.15, 0.08, 0.15)
"""Of each measure over all sorts of produce: what eight bits have to resolve."""


def shapes(photos: NDArray[Any]) -> NDArray[np.float32]:
    """What a network gets beside n photos: n × measures, each about -3 … 3."""
    found = np.stack([measure(photo) for photo in photos])
    return np.asarray((found - np.array(MIDDLE)) / np.array(SPREAD), np.float32)


def quantized_shapes(photos: NDArray[Any], scale: float, zero_point: int) -> NDArray[np.int8]:
    """The same for an int8 input of this scale."""
    levels = np.rint(shapes(photos).astype(np.float64) / scale) + zero_point
    return np.asarray(np.clip(levels, -128, 127), np.int8)


def measure(photo: NDArray[Any]) -> NDArray[np.float32]:
    """Measure the item in the middle of a photo.

    The belt is a smooth surface through the photo's rim; what differs from it by more than Otsu's
    threshold (1979) is item, of which the largest piece counts. Its bend is that of the parabola
    through it along its main axis.

    Args:
        photo: side × side × 3, as a network sees it.

    Returns:
        The `MEASURES`: `length` and `width` of the smallest rectangle around the item, `arc` length
        along the parabola, `thickness` (area by arc), `bend` (height of the parabola over its
        chord, 0 straight), `hollow` (part of the convex hull that is not item), `roughness`
        (spread about the parabola), `area` (root of it). All 0 when there is nothing to see.
    """
    mask = outline(photo)
    rows, columns = np.nonzero(mask)
    if len(rows) < FEWEST_PX:
        return np.zeros(len(MEASURES), np.float32)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=len)
    # The contour runs through pixel centres: half a pixel is missing at either end.
    width, length = sorted(side + 1 for side in cv2.minAreaRect(contour)[1])
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    points -= points.mean(axis=0)
    _, axes = np.linalg.eigh(points.T @ points)
    across, along = (points @ axes).T
    curve = np.polyfit(along, across, 2)
    ends = np.quantile(along, (0.01, 0.99))
    chord = max(1.0, float(ends[1] - ends[0]))
    track = np.linspace(float(ends[0]), float(ends[1]), 30)
    arc = float(np.hypot(np.diff(track), np.diff(np.polyval(curve, track))).sum()) + 1
    area = len(rows)
    hull = max(1.0, cv2.contourArea(cv2.convexHull(contour)))
    measures = (
        length / SIDE,
        width / SIDE,
        arc / SIDE,
        area / arc / SIDE,
        abs(curve[0]) * chord / 4,
        1 - cv2.contourArea(contour) / hull,
        np.sqrt(12) * (across - np.polyval(curve, along)).std() / SIDE,
        np.sqrt(area) / SIDE,
    )
    return np.array(measures, np.float32)


def outline(photo: NDArray[Any]) -> NDArray[np.uint8]:
    """Where the item is: SIDE × SIDE, 1 on it, 0 elsewhere.

    Args:
        photo: side × side × 3, as a network sees it.
    """
    whole = photo.shape[0]
    rows, columns = inner = _without_bars(photo)
    photo = photo[inner]
    way = cv2.INTER_AREA if whole > SIDE else cv2.INTER_CUBIC
    # A whole photo becomes SIDE × SIDE; between bars, just as large a part of that.
    height, width = (max(1, round(SIDE * side / whole)) for side in photo.shape[:2])
    levels = cv2.resize(photo.astype(np.float32), (width, height), interpolation=way).reshape(-1, 3)
    surface, rim = _surface(height, width)
    kept = rim
    for _ in range(2):
        fit, *_ = np.linalg.lstsq(surface[kept], levels[kept], rcond=None)
        off = np.linalg.norm(levels - surface @ fit, axis=1)
        kept = rim[off[rim] <= np.quantile(off[rim], RIM_KEPT)]
    scaled = (off * (255 / max(float(off.max()), 1e-9))).astype(np.uint8).reshape(height, width)
    _, mask = cv2.threshold(scaled, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = np.zeros((SIDE, SIDE), np.uint8)
    if count > 1:
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        top, left = (round(SIDE * axis.start / whole) for axis in (rows, columns))
        found[top : top + height, left : left + width] = labels == largest
    return found


def _without_bars(photo: NDArray[Any]) -> tuple[slice, slice]:
    """Rows and columns between the bars of a letterbox, which are one even grey.

    Where the photo has the bars' very level in its own corners, they do as belt.
    """
    everything = slice(0, photo.shape[0])
    grey = photo[0, 0]
    if (grey != grey[0]).any():
        return everything, everything
    for axis in (0, 1):
        lines = np.flatnonzero((photo != grey).any(axis=(1 - axis, 2)))
        if not len(lines):
            continue
        first, last = int(lines[0]), int(lines[-1])
        after = photo.shape[axis] - 1 - last
        corners = np.take(np.take(photo, [first, last], axis), [0, -1], 1 - axis)
        if 0 <= after - first <= 1 and after and (corners != grey).any(axis=2).all():
            inner = slice(first, last + 1)
            return (inner, everything) if axis == 0 else (everything, inner)
    return everything, everything


@lru_cache(maxsize=64)
def _surface(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Terms of a second-order surface at each pixel, and the indices of the rim's pixels."""
    rows, columns = (
        (np.arange(side, dtype=np.float32) + 0.5) / SIDE - side / SIDE / 2
        for side in (height, width)
    )
    y, x = (one.ravel() for one in np.meshgrid(rows, columns, indexing="ij"))
    inside = np.zeros((height, width), bool)
    inside[RIM:-RIM, RIM:-RIM] = True
    return (
        np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1),
        np.flatnonzero(~inside),
    )
