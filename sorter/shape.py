"""Measured shape of an item in its photo: a second input that a network may take.

Measured on the very input that the network sees, so that training and device cannot differ: the
levels may be scaled and shifted in any way (uint8, float32, int8 as quantized), and the colours may
be in any order, without changing the measures by more than rounding.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

MEASURES = ("length", "width", "arc", "thickness", "bend", "hollow", "roughness", "area")
"""In this order; lengths in parts of the photo's side, which is `window_mm` wide if that is set."""
SIDE = 64
"""Pixels at which everything is measured; a small photo gains parts of pixels by enlarging."""
PLACES = np.stack([np.ones(SIDE * SIDE), *np.indices((SIDE, SIDE)).reshape(2, -1)[::-1]])
"""Of each pixel: 1, column and row."""
RIM = 4
"""Pixels along the photo's edge that show belt, most of them."""
RIM_KEPT = 0.75
"""Part of the rim that the belt is fitted to in the end: an item may reach the edge."""
RIDGE = 1e-6 * np.eye(6)
"""Decides between the terms of the surface on a strip of a few pixels, where some are parallel."""
FEWEST_PX = 12
ROUNDING = 1e-5
"""Of the levels: what a photo of one colour differs from itself, computed in float32."""
ENDS = 0.01
"""Part of the pixels at either end of an item that do not count for its chord."""
SIMPSON = np.array([1, 4, 2, 4, 2, 4, 2, 4, 1]) / 24
EVENLY = np.linspace(0, 1, len(SIMPSON))
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
    mask, contour = _largest(photo)
    area = cv2.countNonZero(mask)
    if area < FEWEST_PX:
        return np.zeros(len(MEASURES), np.float32)
    # The contour runs through pixel centres: half a pixel is missing at either end.
    width, length = sorted(side + 1 for side in cv2.minAreaRect(contour)[1])
    across, along = _on_main_axes(PLACES.take(np.flatnonzero(mask), axis=1))
    square, slope, apart = _parabola(along, across)
    # As many at either end: which of them comes first is chance, and turns round in a mirror.
    at = [skipped := round(ENDS * (area - 1)), area - 1 - skipped]
    start, end = np.partition(along, at)[at].tolist()
    chord = max(1.0, end - start)
    arc = _arc(slope + 2 * square * start, slope + 2 * square * end, chord) + 1
    inside, hull = cv2.contourArea(contour), max(1.0, cv2.contourArea(cv2.convexHull(contour)))
    measures = (
        length / SIDE,
        width / SIDE,
        arc / SIDE,
        area / arc / SIDE,
        abs(square) * chord / 4,
        1 - inside / hull,
        math.sqrt(12) * apart / SIDE,
        math.sqrt(area) / SIDE,
    )
    return np.array(measures, np.float32)


def _on_main_axes(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points, as in `PLACES`, about their centre: across in the first row, along in the second."""
    (count, x, y), (_, xx, xy), (_, _, yy) = (places @ places.T).tolist()
    x, y = x / count, y / count
    # Of the long axis, from the vertical: where no axis is longer, the rows are along.
    angle = math.atan2(2 * (xy - count * x * y), yy - count * y * y - xx + count * x * x) / 2
    sine, cosine = math.sin(angle), math.cos(angle)
    turn = [[y * sine - x * cosine, cosine, -sine], [-x * sine - y * cosine, sine, cosine]]
    return np.asarray(np.array(turn) @ places)


def _parabola(
    along: NDArray[np.float64], across: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Least squares through points that are centred and given on their main axes.

    So neither the sums of the coordinates nor that of their products come into it.

    Returns:
        The square term, the slope at 0, and the standard deviation about the parabola.
    """
    count = len(along)
    squares = along * along
    second, third, fourth = float(squares.sum()), float(squares @ along), float(squares @ squares)
    left = fourth - third * third / second - second * second / count
    common = float(squares @ across)
    square = common / left
    unexplained = float(across @ across) - square * common
    return square, -square * third / second, math.sqrt(max(0.0, unexplained) / count)


def _arc(start: float, end: float, chord: float) -> float:
    """Length of a parabola over so much of its axis, by the slopes at its ends.

    The integral of sqrt(1 + slope^2), along which the slope grows evenly; Simpson's rule.
    """
    slopes = start + (end - start) * EVENLY
    return chord * float(SIMPSON @ np.sqrt(1 + slopes * slopes))


def outline(photo: NDArray[Any]) -> NDArray[np.uint8]:
    """Where the item is: SIDE × SIDE, 1 on it, 0 elsewhere.

    Args:
        photo: side × side × 3, as a network sees it.
    """
    return _largest(photo)[0]


def _largest(photo: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The mask of `outline`, and the contour around it (n × 1 × 2)."""
    whole = photo.shape[0]
    rows, columns = inner = _without_bars(photo)
    photo = photo[inner]
    way = cv2.INTER_AREA if whole > SIDE else cv2.INTER_CUBIC
    # A whole photo becomes SIDE × SIDE; between bars, just as large a part of that.
    height, width = (max(1, round(SIDE * side / whole)) for side in photo.shape[:2])
    levels = cv2.resize(photo.astype(np.float32), (width, height), interpolation=way)
    planes = np.ascontiguousarray(levels.reshape(-1, 3).T)
    off = np.sqrt(_distances(planes, _belt(planes, _surface(height, width))))
    found = np.zeros((SIDE, SIDE), np.uint8)
    nothing = found, np.zeros((0, 1, 2), np.int32)
    most = float(off.max())
    if most <= ROUNDING * cv2.norm(levels, cv2.NORM_INF):
        return nothing
    scaled = (off * np.float32(255 / most)).astype(np.uint8)
    _, mask = cv2.threshold(
        scaled.reshape(height, width), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    # By its own pixels, not by what its contour encloses: a frame around the photo is no item.
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask, 8, cv2.CV_32S, cv2.CCL_BBDT
    )
    if count < 2:
        return nothing
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    top, left = (round(SIDE * axis.start / whole) for axis in (rows, columns))
    found[top : top + height, left : left + width] = labels == largest
    (contour,), _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return found, np.asarray(contour, np.int32)


def _belt(planes: NDArray[np.float32], surface: _Surface) -> NDArray[np.float32]:
    """The belt's levels (3 × pixels), by two fits to the rim: the second without what is off it."""
    seen = planes.take(surface.rim, axis=1).astype(np.float64)
    off = _distances(seen, seen @ surface.fit @ surface.at_rim)
    belt = off <= np.partition(off, at := int(RIM_KEPT * (len(off) - 1)))[at]
    terms = surface.at_rim * belt
    fit = np.linalg.solve(terms @ surface.at_rim.T + RIDGE, terms @ seen.T)
    return np.asarray(fit.T.astype(np.float32) @ surface.terms)


def _distances(levels: NDArray[Any], belt: NDArray[Any]) -> NDArray[Any]:
    """Squared, of each pixel's colour (3 × pixels) from the belt's."""
    off = levels - belt
    return np.asarray(np.square(off, out=off).sum(axis=0))


def _without_bars(photo: NDArray[Any]) -> tuple[slice, slice]:
    """Rows and columns between the bars of a letterbox, which are one even grey.

    Where the photo has the bars' very level in its own corners, they do as belt.
    """
    everything = slice(0, photo.shape[0])
    grey = photo[0, 0]
    if (grey != grey[0]).any():
        return everything, everything
    for axis in (0, 1):
        if (np.take(photo, -1, axis) != grey).any():
            continue
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


class _Surface(NamedTuple):
    """Terms of a second-order surface, for photos of one size."""

    terms: NDArray[np.float32]
    """Six × pixels."""
    rim: NDArray[np.intp]
    """The rim's pixels."""
    at_rim: NDArray[np.float64]
    """Six × rim."""
    fit: NDArray[np.float64]
    """Rim × six: from levels on the rim to the surface's least squares through all of it."""


@lru_cache(maxsize=64)
def _surface(height: int, width: int) -> _Surface:
    rows, columns = ((np.arange(side) + 0.5) / SIDE - side / SIDE / 2 for side in (height, width))
    y, x = (one.ravel() for one in np.meshgrid(rows, columns, indexing="ij"))
    inside = np.zeros((height, width), bool)
    inside[RIM:-RIM, RIM:-RIM] = True
    rim = np.flatnonzero(~inside)
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y])
    at_rim = np.ascontiguousarray(terms[:, rim])
    fit = np.linalg.solve(at_rim @ at_rim.T + RIDGE, at_rim).T
    return _Surface(terms.astype(np.float32), rim, at_rim, np.ascontiguousarray(fit))
