"""The mean colour of an item."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

EVERY_PX = 2
"""Of the rows and columns: a mean over thousands of pixels needs no more."""


def mean_lab(outline_px: NDArray[np.floating], pixels: Pixels) -> tuple[float, float, float]:
    """Mean CIE L*a*b* (D65) inside an outline.

    Args:
        outline_px: n × 2, column and row in the frame.
        pixels: the frame, BGR.

    Returns:
        L* in 0 … 100, a*, b*; zeros where the outline holds no pixel of the frame.
    """
    height, width = pixels.shape[:2]
    left, top = np.floor(outline_px.min(axis=0)).astype(int).clip(0)
    right, bottom = np.ceil(outline_px.max(axis=0)).astype(int) + 1
    part = pixels[top : min(bottom, height) : EVERY_PX, left : min(right, width) : EVERY_PX]
    if not part.size:
        return (0.0, 0.0, 0.0)
    inside = np.zeros(part.shape[:2], np.uint8)
    corners = np.rint((outline_px - (left, top)) / EVERY_PX).astype(np.int32)
    cv2.fillPoly(inside, [corners], 255)
    lightness, a, b, _ = cv2.mean(cv2.cvtColor(part, cv2.COLOR_BGR2LAB), mask=inside)
    if not inside.any():
        return (0.0, 0.0, 0.0)
    # OpenCV's 8-bit scale: L* × 255 / 100, a* + 128, b* + 128.
    return (lightness * 100 / 255, a - 128, b - 128)
