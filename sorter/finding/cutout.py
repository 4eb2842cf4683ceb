"""Cutting the photo of one item out of a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

Floats = NDArray[np.float32]

Box = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two outside."""

REACH_PX = 10
"""A soft edge or shadow of a neighbour that its outline leaves out, in pixels of the frame."""


def cut(
    pixels: Pixels,
    *,
    centre_px: tuple[float, float],
    side_px: int,
    outlines: Sequence[Floats] = (),
    boxes_px: Floats | None = None,
    own: int = 0,
    belt: Callable[[Box], Pixels] | None = None,
) -> Pixels:
    """Cut a square around an item and paint the other items over with belt.

    Args:
        pixels: the frame.
        centre_px: column and row of the item's centre.
        side_px: of the square; what lies outside the frame repeats its edge.
        outlines: of all items in the frame, n × 2 in its pixels.
        boxes_px: upright box of each of them, n × 4: left, top, right, bottom; needed with
            `outlines`.
        own: which of them is the item's; what lies in it is not painted over.
        belt: the empty belt in a box of the frame; needed with `outlines`.

    Returns:
        side_px × side_px × 3, uint8, BGR; may be a view of the frame, and is not to be written to.
    """
    height, width = pixels.shape[:2]
    left = round(centre_px[0] - side_px / 2)
    top = round(centre_px[1] - side_px / 2)
    x0, x1 = max(0, left), min(width, left + side_px)
    y0, y1 = max(0, top), min(height, top + side_px)
    photo = pixels[y0:y1, x0:x1]
    if belt is not None and boxes_px is not None:
        reached = _reached(boxes_px, own, (x0, y0, x1, y1))
        if reached:
            photo = photo.copy()
        for k, box in reached:
            part = photo[box[1] - y0 : box[3] - y0, box[0] - x0 : box[2] - x0]
            cv2.copyTo(belt(box), _hidden(outlines[k], outlines[own], box), part)
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


def _reached(boxes_px: Floats, own: int, window: Box) -> list[tuple[int, Box]]:
    """Which other items reach into a window with their soft edge, and the part where they do."""
    low = np.maximum(np.floor(boxes_px[:, :2]) - REACH_PX, window[:2]).astype(int)
    high = np.minimum(np.ceil(boxes_px[:, 2:]) + 1 + REACH_PX, window[2:]).astype(int)
    inside = (low < high).all(axis=1)
    inside[own] = False
    return [(k, (*low[k].tolist(), *high[k].tolist())) for k in np.flatnonzero(inside).tolist()]


def _hidden(outline: Floats, own: Floats, box: Box) -> NDArray[np.uint8]:
    """What to paint over in a box: another item with its soft edge, but nothing of the own one."""
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    corner = np.array(box[:2], np.float32)
    cv2.drawContours(mask, [np.rint(outline - corner).astype(np.int32)], -1, 255, cv2.FILLED)
    mask = cv2.dilate(mask, np.ones((2 * REACH_PX + 1, 2 * REACH_PX + 1), np.uint8))
    cv2.drawContours(mask, [np.rint(own - corner).astype(np.int32)], -1, 0, cv2.FILLED)
    return np.asarray(mask, np.uint8)
