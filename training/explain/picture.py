"""Maps as pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from sorter.frame import Pixels
from training.explain.subject import Map, enlarge

SHOWN_PX = 256
DARK = 0.35
"""Brightness of what a network does not look at."""
GLOW_BGR = (40.0, 150.0, 255.0)
GLOW = 0.45
"""Part of the glow where it is strongest."""
BETWEEN_PX = 6


def shown(photo: Pixels, side_px: int = SHOWN_PX) -> Pixels:
    """A square photo at the size in which it is looked at."""
    way = cv2.INTER_CUBIC if len(photo) < side_px else cv2.INTER_AREA
    return np.asarray(cv2.resize(photo, (side_px, side_px), interpolation=way), np.uint8)


def overlay(photo: Pixels, heat: Map, side_px: int = SHOWN_PX) -> Pixels:
    """The photo, lit where the map is high and dark where it is 0.

    Args:
        photo: square, uint8, BGR.
        heat: any size; only its shape counts, not its level.
        side_px: of the picture.
    """
    large = enlarge(heat, side_px)
    light = (large / max(float(large.max()), 1e-12))[..., None]
    lit = shown(photo, side_px).astype(np.float64)
    grey = lit.mean(axis=2, keepdims=True)
    dark = DARK * (0.7 * grey + 0.3 * lit)
    glowing = lit + GLOW * light**2 * (np.array(GLOW_BGR) - lit)
    return np.asarray(np.clip(dark + light * (glowing - dark), 0, 255), np.uint8)


def row(pictures: Sequence[Pixels]) -> Pixels:
    """Pictures of one height beside each other, white between them."""
    gap = np.full((len(pictures[0]), BETWEEN_PX, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return np.hstack(parts[1:])
