"""Cutting the photo of one item out of a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

Floats = NDArray[np.float32]

OTHERS_REACH_PX = 10
"""A soft edge or shadow of a neighbour that its outline leaves out, in pixels of the frame."""


def cut(
    pixels: Pixels,
    *,
    centre_px: tuple[float, float],
    side_px: int,
    own: Floats | None = None,
    others: Sequence[Floats] = (),
    belt: Callable[[tuple[int, int, int, int]], Pixels] | None = None,
) -> Pixels:
    """Cut a square around an item and paint the other items over with belt.

    Args:
        pixels: the frame.
        centre_px: column and row of the item's centre.
        side_px: of the square; what lies outside the frame repeats its edge.
        own: outline of the item, which is not painted over; n × 2 in pixels of the frame.
        others: outlines of other items, n × 2 in pixels of the frame.
        belt: the empty belt in a box of the frame (left, top, right, bottom); needed with `others`.

    Returns:
        side_px × side_px × 3, uint8, BGR; may be a view of the frame, and is not to be written to.
    """
    height, width = pixels.shape[:2]
    left = round(centre_px[0] - side_px / 2)
    top = round(centre_px[1] - side_px / 2)
    x0, x1 = max(0, left), min(width, left + side_px)
    y0, y1 = max(0, top), min(height, top + side_px)
    photo = pixels[y0:y1, x0:x1]
    boxes = [_reached(outline, (x0, y0, x1, y1)) for outline in others]
    hidden = [(outline, box) for outline, box in zip(others, boxes, strict=True) if box is not None]
    if hidden and belt is not None:
        photo = photo.copy()
        for outline, (bx0, by0, bx1, by1) in hidden:
            over = np.zeros((by1 - by0, bx1 - bx0), np.uint8)
            corner = np.array([bx0, by0])
            drawn = np.rint(outline - corner).astype(np.int32)
            cv2.drawContours(over, [drawn], -1, 255, cv2.FILLED)
            cv2.drawContours(over, [drawn], -1, 255, 2 * OTHERS_REACH_PX)
            if own is not None:
                kept = np.rint(own - corner).astype(np.int32)
                cv2.drawContours(over, [kept], -1, 0, cv2.FILLED)
            part = photo[by0 - y0 : by1 - y0, bx0 - x0 : bx1 - x0]
            cv2.copyTo(belt((bx0, by0, bx1, by1)), over, part)
    if (y1 - y0, x1 - x0) == (side_px, side_px):
        return photo
    return np.asarray(
        cv2.copyMakeBorder(
            photo,
            y0 - top,
            top + side_px - y1,
            x0 - left,
            left + side_px - x1,
            cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _reached(
    outline: Floats, window: tuple[int, int, int, int]
) -> tuple[int, int, int, int] | None:
    """The part of a window that an outline with its soft edge reaches: left, top, right, bottom."""
    left, top, width, height = cv2.boundingRect(outline)
    x0, x1 = max(window[0], left - OTHERS_REACH_PX), min(window[2], left + width + OTHERS_REACH_PX)
    y0, y1 = max(window[1], top - OTHERS_REACH_PX), min(window[3], top + height + OTHERS_REACH_PX)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None
