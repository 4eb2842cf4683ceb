"""Does a photo show anything like what the model was taught on?

A classifier shares its certainty out among its own grades, whatever it is shown. What tells a
stranger is the photo itself: its colours and its texture, set against those of the training photos
by the Mahalanobis distance to the nearest grade's mean (Lee et al. 2018, here on plain features:
those of a small network that has learnt to tell lemons from lemons tell little else).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

GRID = 3
"""Fields a side in which the means and deviations are taken."""
CHROMA_RANGE, CHROMA_BINS = (96, 192), 8
"""Of the two colour axes of OpenCV's 8-bit CIELAB, 128 is grey; produce lies within."""
LIGHT_BINS = 8
FEATURES = 2 * 3 * GRID**2 + 2 + CHROMA_BINS**2 + LIGHT_BINS
_EMPTY = 1e-9
_FLAT = 1e-3


def describe(photo: Pixels, colour_order: Literal["RGB", "BGR"]) -> NDArray[np.float64]:
    """Colour and texture of a photo, `FEATURES` numbers.

    Args:
        photo: side × side × 3, uint8, as `Preprocess` gives it.
        colour_order: of the photo.
    """
    way = cv2.COLOR_RGB2LAB if colour_order == "RGB" else cv2.COLOR_BGR2LAB
    levels = np.asarray(cv2.cvtColor(photo, way), np.uint8)
    lab = np.asarray(levels.astype(np.float32) / 255, np.float32)
    means = _fields(lab)
    deviations = np.sqrt(np.maximum(_fields(np.square(lab)) - means**2, 0))
    light = lab[:, :, 0].astype(np.float64)
    edges = [float(np.abs(np.diff(light, axis=axis)).mean()) for axis in (0, 1)]
    chroma = cv2.calcHist(
        [levels], [1, 2], None, [CHROMA_BINS] * 2, [*CHROMA_RANGE, *CHROMA_RANGE]
    ).ravel()
    lights = cv2.calcHist([levels], [0], None, [LIGHT_BINS], [0, 256]).ravel()
    # Square roots of shares: distances between them are Hellinger's.
    return np.concatenate(
        [
            means.ravel(),
            deviations.ravel(),
            np.log(np.add(edges, _FLAT)),
            np.sqrt(chroma / max(chroma.sum(), 1) + _EMPTY),
            np.sqrt(lights / max(lights.sum(), 1)),
        ]
    ).astype(np.float64)


def _fields(values: NDArray[np.float32]) -> NDArray[np.float32]:
    made = cv2.resize(values, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(made, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Familiar:
    """What the training photos look like, and how far from it is too far."""

    means: NDArray[np.float32]
    """grades × features: of each grade's photos."""
    whitening: NDArray[np.float32]
    """features × features: a difference times this has unit covariance."""
    above: float
    """Distance from which on a photo is strange."""

    def distances(self, described: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of n × features to the nearest mean."""
        away = [((described - mean) @ self.whitening) ** 2 for mean in self.means]
        return np.asarray(np.sqrt(np.min([one.sum(axis=1) for one in away], axis=0)), np.float64)

    def strangeness(self, described: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distances as shares of `above`: over 1 is a stranger."""
        return self.distances(described) / self.above
