"""Bands across the rows of an image: a lamp flickers while they are exposed one after the other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

Floats = NDArray[np.float32]

DEEPEST = 0.16
"""Share by which a band is brighter or darker than the wave of the lamp (`lamp.py`), or than the
rest where none was found. Items of the belt's own colour differ by more: none is taken for a band,
and a row that is mostly wet does not make an item of its dry rest."""
SHALLOWEST = 0.04
"""Between the brightest and the darkest row; less is left as it is."""
LEAST_SHARE = 0.2
"""Of a row's samples that have to look like belt; other rows lie between their neighbours."""

UNIT = 128.0
"""Of a row's gain, so that even that of a row with half the light fits into eight bits."""


def grey_and_apart(ratios: Floats) -> tuple[Floats, Floats]:
    """Brightness of samples (... × 3), and by how much their channels differ."""
    # Channel by channel: a tenth of the time of reductions over an axis of three.
    blue, green, red = ratios[..., 0], ratios[..., 1], ratios[..., 2]
    apart = np.maximum(np.maximum(blue, green), red) - np.minimum(np.minimum(blue, green), red)
    return np.asarray((blue + green + red) / 3, np.float32), np.asarray(apart, np.float32)


def find_bands(ratios: Floats, tolerance: float) -> Floats | None:
    """The light of each row.

    Args:
        ratios: rows × columns × 3, a grid over the image: to the belt under the light of the whole.
        tolerance: within which a sample's channels are alike where it shows belt.

    Returns:
        One factor a row of the grid, relative to their mean; None where all are alike, or most
        rows show no belt.
    """
    grey, apart = grey_and_apart(ratios)
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


def every_row(light: Floats, height: int, every_px: int) -> Floats:
    """Light of every row of the image, from that of a grid's rows.

    Args:
        light: of the rows of the grid.
        height: of the image.
        every_px: distance of the grid's rows; the first lies half of that below the edge.
    """
    at_px = every_px // 2 + every_px * np.arange(len(light))
    return np.asarray(np.interp(np.arange(height), at_px, light), np.float32)


def without_bands(pixels: Pixels, light: Floats) -> Pixels:
    """The frame, or some rows of it, as under a steady lamp.

    Args:
        pixels: height × width × 3.
        light: of each row.
    """
    height, width = pixels.shape[:2]
    # OpenCV multiplies bytes with bytes far quicker than with floats.
    gain = np.clip(np.rint(UNIT / light), 0, 255).astype(np.uint8)[:, None]
    gains = np.empty((height, 3 * width), np.uint8)
    gains[:] = gain
    cv2.multiply(pixels.reshape(height, 3 * width), gains, dst=gains, scale=1 / UNIT)
    return gains.reshape(pixels.shape)
