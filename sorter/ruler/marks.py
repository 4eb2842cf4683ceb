"""Dark round marks on white paper, to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.ruler.target import Floats

Grey = NDArray[np.uint8]

WINDOW = 1 / 8
"""Of the image's width: what is dark is dark against the mean of a window; larger than any mark."""
DARKER_LEVELS = 15
SMALLEST_PX, LARGEST_PX = 5.0, 120.0
"""Diameters."""
FLATTEST = 0.4
"""Short over long diameter of a mark that is seen aslant."""
ROUND_TO = 0.15
"""By how much its area may differ from that of its ellipse."""
EDGE = (0.15, 0.85)
"""Between paper and ink: what is nearer to either counts as that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark."""

    at_px: tuple[float, float]
    """Its middle: column and row."""
    size_px: float
    ring: bool


def find_marks(grey: Grey) -> list[Mark]:
    """Every round mark of an image.

    Args:
        grey: height × width.
    """
    window = max(15, int(WINDOW * grey.shape[1])) | 1
    dark = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, DARKER_LEVELS
    )
    # Two levels: a dot within the white of a sheet on a dark belt is an outline of its own.
    contours, tree = cv2.findContours(dark, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    marks = []
    for number, contour in enumerate(contours):
        if tree[0][number][3] >= 0 or not _round(contour):
            continue
        mark = _mark(grey, contour)
        if mark is not None:
            marks.append(mark)
    return marks


def _round(contour: NDArray[np.int32]) -> bool:
    if len(contour) < 8:
        return False
    _, diameters, _ = cv2.fitEllipse(contour)
    # The contour runs through the middles of the outermost pixels.
    short, long = (diameter + 1 for diameter in diameters)
    if not (short >= SMALLEST_PX and long <= LARGEST_PX and short >= FLATTEST * long):
        return False
    area = cv2.contourArea(contour) + len(contour) / 2 + 1
    return bool(abs(area / (np.pi / 4 * short * long) - 1) < ROUND_TO)


def _mark(grey: Grey, contour: NDArray[np.int32]) -> Mark | None:
    left, top, width, height = cv2.boundingRect(contour)
    rows = slice(top - 2, top + height + 2)
    columns = slice(left - 2, left + width + 2)
    if min(rows.start, columns.start) < 0 or rows.stop > len(grey) or columns.stop > len(grey[0]):
        # The image may cut it off.
        return None
    part = grey[rows, columns].astype(np.float64)
    border = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    paper, ink = float(np.median(border)), float(np.percentile(part, 10))
    if paper - ink < 2 * DARKER_LEVELS:
        return None
    weights = np.clip(((paper - part) / (paper - ink) - EDGE[0]) / (EDGE[1] - EDGE[0]), 0, 1)
    middle = _middle(weights)
    reach = max(1.0, min(width, height) / 8)
    inside = np.hypot(*(np.indices(part.shape) - middle[::-1, None, None])) <= reach
    return Mark(
        at_px=(columns.start + float(middle[0]), rows.start + float(middle[1])),
        size_px=float(width * height) ** 0.5,
        ring=bool(weights[inside].mean() < 0.5),
    )


def _middle(weights: Floats) -> Floats:
    total = weights.sum()
    column = (weights.sum(axis=0) * np.arange(weights.shape[1])).sum() / total
    row = (weights.sum(axis=1) * np.arange(weights.shape[0])).sum() / total
    return np.array([column, row])
