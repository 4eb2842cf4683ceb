"""Which photos of an item are sharp enough to be judged."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from sorter.frame import Pixels

JUDGED = 3
"""Views of an item that are shown to the classifier."""
LEAST_SHARE = 0.5
"""Of the sharpest view's sharpness: below, a view is blurred by motion, focus or something in
between. Views of one item, a few centimetres apart, differ by less."""


def sharpness(photo: Pixels) -> float:
    """Variance of the Laplacian of the lightness (Pech-Pacheco et al. 2000).

    Args:
        photo: height × width × 3, uint8, BGR.
    """
    grey = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    return float(np.var(cv2.Laplacian(grey, cv2.CV_32F)))


def sharp_ones(photos: Sequence[Pixels]) -> list[int]:
    """Places of the photos to judge: the first ones that are sharp enough, `JUDGED` at most.

    Args:
        photos: of one item at one size, best placed first.
    """
    if len(photos) == 1:
        return [0]
    values = [sharpness(photo) for photo in photos]
    least = LEAST_SHARE * max(values, default=0.0)
    return [place for place, value in enumerate(values) if value >= least][:JUDGED]
