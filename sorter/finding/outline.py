"""The outline of an item to a fraction of a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

Floats = NDArray[np.float32]

STEP_PX = 2.0
"""Distance of the points along the outline."""
REACH_PX = 5
"""The edge is looked for so far inside and outside of the coarse outline."""
SMOOTH_POINTS = 7
"""Neighbours whose middle place a point takes on, so that one scar or speck does not dent it."""


def refine(coarse_px: Floats, pixels: Pixels) -> Floats:
    """Move an outline to where the colour changes most steeply.

    Across the outline the colour goes from the fruit's to that of belt or shadow. Each point looks
    along its normal, in the direction of colour in which inside and outside differ there, and takes
    the steepest place; a parabola through it and its neighbours gives the fraction. A soft shadow
    has no steep place, so it moves nothing.

    Args:
        coarse_px: n × 2, column and row in the frame, off by a few pixels at the most.
        pixels: the frame.

    Returns:
        m × 2 in the same order, about `STEP_PX` apart.
    """
    points = _evenly(coarse_px)
    if len(points) < 2 * SMOOTH_POINTS:
        return points
    ahead = np.roll(points, -2, axis=0) - np.roll(points, 2, axis=0)
    ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-6)[:, None]
    outward = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
    if cv2.contourArea(points.astype(np.float32), oriented=True) < 0:
        outward = -outward
    reach = np.arange(-REACH_PX, REACH_PX + 1, dtype=np.float32)
    places = (points[:, None] + outward[:, None] * reach[:, None]).astype(np.float32)
    origin = np.floor(places.min(axis=(0, 1))).astype(int).clip(0)
    end = np.ceil(places.max(axis=(0, 1))).astype(int) + 2
    part = pixels[origin[1] : end[1], origin[0] : end[0]]
    if not part.size:
        return points
    places -= origin.astype(np.float32)
    seen = cv2.remap(
        part, places[:, :, 0], places[:, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    inside, outside = seen[:, :3].mean(axis=1), seen[:, -3:].mean(axis=1)
    along = (seen * (outside - inside)[:, None]).sum(axis=2)
    slope = along[:, 2:] - along[:, :-2]
    # The coarse outline is right to a pixel or two: a gloss or a scar further in is no edge.
    slope *= 1 - 0.12 * np.abs(reach[1:-1])
    best = slope[:, 1:-1].argmax(axis=1) + 1
    row = np.arange(len(points))
    before, top, after = slope[row, best - 1], slope[row, best], slope[row, best + 1]
    bow = before - 2 * top + after
    fraction = np.where(bow < 0, (before - after) / np.where(bow < 0, 2 * bow, 1), 0)
    moved = (best + reach[1] + np.clip(fraction, -0.5, 0.5)).astype(np.float32)
    half = SMOOTH_POINTS // 2
    around = np.stack([np.roll(moved, k) for k in range(-half, half + 1)])
    return np.asarray(points + outward * np.median(around, axis=0)[:, None], np.float32)


def _evenly(outline_px: Floats) -> Floats:
    """Points `STEP_PX` apart, smoothed over the stairs that pixels make."""
    closed = np.vstack([outline_px, outline_px[:1]]).astype(np.float64)
    way = np.concatenate([[0.0], np.hypot(*np.diff(closed, axis=0).T).cumsum()])
    count = max(8, round(way[-1] / STEP_PX))
    at = np.linspace(0, way[-1], count, endpoint=False)
    points = np.stack([np.interp(at, way, closed[:, k]) for k in range(2)], axis=1)
    smooth = (np.roll(points, 1, axis=0) + 2 * points + np.roll(points, -1, axis=0)) / 4
    return np.asarray(smooth, np.float32)


def outlines_px(contours: Sequence[NDArray[np.int32]], scale: float) -> list[Floats]:
    """Coarse outlines in the full frame, of contours in an image that is smaller by `scale`.

    A contour runs through the middles of the outermost pixels, the outline half a pixel outside.

    Args:
        contours: outer ones as OpenCV gives them, n × 1 × 2 each.
        scale: pixels of the frame a pixel of the image.

    Returns:
        For each contour its n × 2 points, column and row.
    """
    if not contours:
        return []
    counts = np.array([len(contour) for contour in contours])
    ends = counts.cumsum()
    points = np.concatenate(contours).reshape(-1, 2).astype(np.float32)
    first, place = np.repeat(ends - counts, counts), np.arange(len(points))
    count = np.repeat(counts, counts)
    chord = (
        points[first + (place - first + 2) % count] - points[first + (place - first - 2) % count]
    )
    length = np.maximum(np.sqrt((chord * chord).sum(axis=1)), 1e-6)[:, None]
    # OpenCV goes round an outer contour so that the item lies to the left.
    outward = np.stack([-chord[:, 1], chord[:, 0]], axis=1) / length
    moved = (points + np.float32(0.5) + outward / 2) * np.float32(scale) - np.float32(0.5)
    return np.split(moved.astype(np.float32), ends[:-1])
