"""Cutting the photo of one item out of a frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.preprocess import resized

Floats = NDArray[np.float32]

Box = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two outside."""

REACH_PX = 10
"""A soft edge or shadow of a neighbour that its outline leaves out, in pixels of the frame."""


def cut(
    pixels: Pixels,
    scaled_px: int | None = None,
    *,
    centre_px: tuple[float, float],
    side_px: int,
    outlines: Sequence[Floats] = (),
    boxes_px: Floats | None = None,
    own: int = 0,
    belt: Callable[[Box, tuple[int, int]], Pixels] | None = None,
) -> Pixels:
    """Cut a square around an item and paint the other items over with belt.

    Args:
        pixels: the frame.
        scaled_px: side of the photo, scaled as `Preprocess` does it; `side_px` unless given.
        centre_px: column and row of the item's centre.
        side_px: of the square in the frame; what lies outside the frame repeats its edge.
        outlines: of all items in the frame, n × 2 in its pixels.
        boxes_px: upright box of each of them, n × 4: left, top, right, bottom; needed with
            `outlines`.
        own: which of them is the item's; what lies in it is not painted over.
        belt: the empty belt in a box of the frame, at a width and height; needed with `outlines`.

    Returns:
        Square, uint8, BGR; may be a view of the frame, and is not to be written to.
    """
    height, width = pixels.shape[:2]
    left = round(centre_px[0] - side_px / 2)
    top = round(centre_px[1] - side_px / 2)
    window = (max(0, left), max(0, top), min(width, left + side_px), min(height, top + side_px))
    photo = pixels[window[1] : window[3], window[0] : window[2]]
    if (window[3] - window[1], window[2] - window[0]) != (side_px, side_px):
        photo = cv2.copyMakeBorder(
            photo,
            window[1] - top,
            top + side_px - window[3],
            window[0] - left,
            left + side_px - window[2],
            cv2.BORDER_REPLICATE,
        )
    scale = 1.0
    if scaled_px is not None and scaled_px != side_px:
        scale = scaled_px / side_px
        photo = resized(photo, scaled_px, scaled_px)
    others = [] if boxes_px is None else _reaching(boxes_px, own, window)
    if belt is None or not others:
        return np.asarray(photo, np.uint8)
    corners = (left, top, left, top)
    inner = [round((window[k] - corners[k]) * scale) for k in range(4)]
    clean = cv2.copyMakeBorder(
        belt(window, (max(1, inner[2] - inner[0]), max(1, inner[3] - inner[1]))),
        inner[1],
        max(0, photo.shape[0] - inner[3]),
        inner[0],
        max(0, photo.shape[1] - inner[2]),
        cv2.BORDER_REPLICATE,
    )
    drawn = [_drawn(outlines[k], (left, top), scale) for k in (*others, own)]
    return np.asarray(
        cv2.copyTo(clean, _hidden(drawn, scale, photo.shape[0]), photo.copy()), np.uint8
    )


def _reaching(boxes_px: Floats, own: int, window: Box) -> list[int]:
    """Which other items reach into a window with their soft edge."""
    low = np.maximum(boxes_px[:, :2] - REACH_PX, window[:2])
    high = np.minimum(boxes_px[:, 2:] + REACH_PX, window[2:])
    inside = np.asarray((low < high).all(axis=1))
    return [k for k in np.flatnonzero(inside).tolist() if k != own]


def _hidden(drawn: list[NDArray[np.int32]], scale: float, side_px: int) -> NDArray[np.uint8]:
    """What to paint over: all items with their soft edges, but nothing of the last one."""
    mask = np.zeros((side_px, side_px), np.uint8)
    for outline in drawn[:-1]:
        cv2.fillPoly(mask, [outline], 255)
    reach = 2 * math.ceil(REACH_PX * scale) + 1
    mask = cv2.dilate(mask, np.ones((reach, reach), np.uint8))
    cv2.fillPoly(mask, [drawn[-1]], 0)
    return np.asarray(mask, np.uint8)


def _drawn(outline: Floats, corner: tuple[int, int], scale: float) -> NDArray[np.int32]:
    """An outline in the pixels of the photo, with no more points than these ask for."""
    every = max(1, int(1 / scale))
    shift = np.array([0.5 - corner[0], 0.5 - corner[1]], np.float32)
    points = (outline[::every] + shift) * np.float32(scale) - np.float32(0.5)
    return np.asarray(np.rint(points), np.int32)
