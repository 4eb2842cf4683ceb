"""Bands across the rows of an image: a lamp flickers while they are exposed one after the other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

Floats = NDArray[np.float32]

DEEPEST = 0.16
"""Share by which a band is brighter or darker. Items of the belt's own colour differ by more: none
is taken for a band, and a row that is mostly wet does not make an item of its dry rest."""
SHALLOWEST = 0.04
"""Between the brightest and the darkest row; less is left as it is."""
LEAST_SHARE = 0.2
"""Of a row's samples that have to look like belt; other rows lie between their neighbours."""

UNIT = 160.0
"""Of a row's gain, so that the greatest one fits into eight bits."""


def find_bands(ratios: Floats, tolerance: float) -> Floats | None:
    """The light of each row.

    Args:
        ratios: rows × columns × 3, a grid over the image: to the belt under the light of the whole.
        tolerance: within which a sample's channels are alike where it shows belt.

    Returns:
        One factor a row of the grid, relative to their mean; None where all are alike, or most
        rows show no belt.
    """
    # Channel by channel: a tenth of the time of reductions over an axis of three.
    blue, green, red = ratios[..., 0], ratios[..., 1], ratios[..., 2]
    grey = (blue + green + red) / 3
    apart = np.maximum(np.maximum(blue, green), red) - np.minimum(np.minimum(blue, green), red)
    belt = (apart < tolerance * grey) & (np.abs(grey - 1) < DEEPEST)
    count = belt.sum(axis=1)
    known = count >= LEAST_SHARE * grey.shape[1]
    if 2 * np.count_nonzero(known) < len(known):
        return None
    ordered = np.sort(np.where(belt, grey, np.float32(np.inf)), axis=1)
    middle = ordered[known, count[known] // 2]
    if np.ptp(middle) < SHALLOWEST:
        return None
    rows = np.arange(len(known))
    return np.asarray(np.interp(rows, rows[known], middle / middle.mean()), np.float32)


def without_bands(small: Pixels, bands: Floats, every_px: int) -> Pixels:
    """The frame as under a steady lamp.

    Args:
        small: height × width × 3.
        bands: of `find_bands`.
        every_px: distance of the grid's rows; the first lies half of that below the edge.
    """
    height, width = small.shape[:2]
    at_px = every_px // 2 + every_px * np.arange(len(bands))
    light = np.interp(np.arange(height), at_px, bands)
    # OpenCV multiplies bytes with bytes far quicker than with floats.
    gain = np.rint(UNIT / light).astype(np.uint8)[:, None]
    flat = cv2.multiply(
        small.reshape(height, 3 * width), cv2.repeat(gain, 1, 3 * width), scale=1 / UNIT
    )
    return np.asarray(flat.reshape(small.shape), np.uint8)
