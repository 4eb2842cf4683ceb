"""What light, lens and camera may do to a photo, in five strengths, and what it costs.

The strengths go from what happens every day to beyond what the training varied
(`training.augment`), so that it shows where the model begins to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

Disturb = Callable[[Pixels, float, np.random.Generator], Pixels]
"""From a square photo (uint8, BGR) and a strength to another photo."""
STRENGTHS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """One thing that may happen."""

    name: str
    unit: str
    """Of its strengths, for people."""
    strengths: tuple[float, float, float, float, float]
    apply: Disturb


def _levels(changed: NDArray[Any]) -> Pixels:
    return np.asarray(np.clip(np.rint(changed), 0, 255), np.uint8)


def _light(photo: Pixels, percent: float, random: np.random.Generator) -> Pixels:
    return _levels(photo * (1 + percent / 100))


def _white_balance(photo: Pixels, percent: float, random: np.random.Generator) -> Pixels:
    """Positive: warmer, which is more red and less blue."""
    return _levels(photo * (1 + percent / 100 * np.array((-1.0, 0.0, 1.0))))


def _blur(photo: Pixels, percent: float, random: np.random.Generator) -> Pixels:
    """A smear along the rows, where the belt runs; its ends count by the part they cover."""
    half = percent / 100 * len(photo) / 2
    reach = int(half + 0.5)
    line = np.clip(half + 0.5 - np.abs(np.arange(-reach, reach + 1)), 0, 1)
    smeared = cv2.filter2D(
        photo.astype(np.float32), -1, (line / line.sum())[None], borderType=cv2.BORDER_REFLECT
    )
    return _levels(smeared)


def _noise(photo: Pixels, levels: float, random: np.random.Generator) -> Pixels:
    return _levels(photo + random.normal(0, levels, photo.shape))


def _dirt(photo: Pixels, spots: float, random: np.random.Generator) -> Pixels:
    """Soft dark spots on the lens."""
    side = len(photo)
    axis = (np.arange(side) + 0.5) / side
    passing = np.ones((side, side))
    for x, y, size, depth in random.random((round(spots), 4)):
        distance2 = (axis[None, :] - x) ** 2 + (axis[:, None] - y) ** 2
        radius = 0.03 + 0.06 * size
        passing *= 1 - (0.3 + 0.5 * depth) * np.exp(-distance2 / (2 * radius**2))
    return _levels(photo * passing[..., None])


DISTURBANCES: tuple[Disturbance, ...] = (
    Disturbance(name="darker", unit="% light", strengths=(-10, -20, -30, -45, -60), apply=_light),
    Disturbance(name="brighter", unit="% light", strengths=(10, 20, 30, 45, 60), apply=_light),
    Disturbance(
        name="warmer light", unit="% red", strengths=(4, 8, 12, 18, 25), apply=_white_balance
    ),
    Disturbance(
        name="colder light", unit="% red", strengths=(-4, -8, -12, -18, -25), apply=_white_balance
    ),
    Disturbance(name="blur", unit="% of the side", strengths=(2, 4, 6, 9, 13), apply=_blur),
    Disturbance(name="noise", unit="grey levels", strengths=(4, 8, 12, 18, 25), apply=_noise),
    Disturbance(name="dirt", unit="spots", strengths=(1, 2, 4, 7, 11), apply=_dirt),
)


def disturbed(photos: Sequence[Pixels], what: Disturbance, strength: float) -> list[Pixels]:
    """Photos with one disturbance, the same at every call.

    Args:
        photos: square, uint8, BGR.
        what: see `DISTURBANCES`.
        strength: one of its strengths.
    """
    return [
        what.apply(photo, strength, np.random.default_rng((0, number)))
        for number, photo in enumerate(photos)
    ]
