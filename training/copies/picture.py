"""The small grey picture that stands for a photo in the search for copies."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

Levels: TypeAlias = NDArray[np.float32]
"""Height × width, grey levels or differences of them."""

Picture: TypeAlias = NDArray[np.uint8]
"""Height × width, grey levels."""

SIDE_PX = 96
"""Shorter side of a picture, about 10 kB."""
LONGEST = 4
"""A photo longer than so many times its width is squeezed to this."""


def picture(photo: Pixels) -> Picture:
    """The grey picture of a photo.

    Args:
        photo: height × width × 3, uint8, BGR.

    Returns:
        Height × width, uint8; the shorter side is `SIDE_PX`, or that of the photo if it is smaller.
    """
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), np.uint8)
    return levels8(resized(grey, min(SIDE_PX, *grey.shape)))


def levels8(levels: Levels) -> Picture:
    """Grey levels as bytes."""
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def resized(grey: Picture, side_px: int) -> Levels:
    """Scale to a shorter side, the aspect kept."""
    height, width = grey.shape
    scale = side_px / min(height, width)
    size = [min(LONGEST * side_px, max(side_px, round(n * scale))) for n in (width, height)]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey.astype(np.float32), size, interpolation=way))


def band(levels: Levels, fine_px: float, coarse_px: float) -> Levels:
    """What lies between two scales (difference of Gaussians): no light, no noise.

    Args:
        levels: a picture.
        fine_px: standard deviation under which detail is dropped.
        coarse_px: standard deviation above which light and shade are dropped.
    """
    fine = cv2.GaussianBlur(levels, (0, 0), fine_px)
    return np.asarray(fine - cv2.GaussianBlur(levels, (0, 0), coarse_px))
