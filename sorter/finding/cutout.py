"""Cutting the photo of one item out of a frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

OTHERS_REACH_PX = 5
"""A soft edge or shadow of a neighbour that the mask has missed, in pixels of the small image."""


def cut(
    pixels: Pixels,
    *,
    centre_px: tuple[float, float],
    side_px: int,
    others: NDArray[np.uint8],
    belt: Pixels,
) -> Pixels:
    """Cut a square around an item and paint every other item over with belt.

    Args:
        pixels: the frame.
        centre_px: column and row of the item's centre.
        side_px: of the square; what lies outside the frame repeats its edge.
        others: mask of the other items (255), of the frame's shape or a smaller one.
        belt: the empty belt, of the shape of `others`.

    Returns:
        side_px × side_px × 3, uint8, BGR.
    """
    height, width = pixels.shape[:2]
    left = round(centre_px[0] - side_px / 2)
    top = round(centre_px[1] - side_px / 2)
    x0, x1 = max(0, left), min(width, left + side_px)
    y0, y1 = max(0, top), min(height, top + side_px)
    photo = pixels[y0:y1, x0:x1].copy()
    if others.any():
        reach = 2 * OTHERS_REACH_PX + 1
        hidden = cv2.dilate(others, np.ones((reach, reach), np.uint8))
        hidden = cv2.resize(hidden, (width, height), interpolation=cv2.INTER_NEAREST)
        clean = cv2.resize(belt, (width, height), interpolation=cv2.INTER_LINEAR)
        cv2.copyTo(clean[y0:y1, x0:x1], hidden[y0:y1, x0:x1], photo)
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
