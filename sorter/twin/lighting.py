"""The lamp over the belt, and what lies on the lens: how bright each pixel is at any time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from sorter.frame import Pixels

NOMINAL_GAIN = 200.0
"""The light map is kept in 8 bits; this value leaves a pixel as it is."""
DIRT_PX = (12, 60)
"""Radius of a speck's blurred shadow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imaging:
    """How the picture is taken, and what spoils it. As it comes: a short flash, a clean lens."""

    exposure_s: float = 0.0
    """What moves is smeared by its way in this time."""
    noise_levels: float = 2.0
    """Standard deviation of the sensor's noise."""
    drift: float | None = None
    """Share by which the light rises and falls; some per cent at random unless given."""
    drift_period_s: float | None = None
    """20 to 60 s at random unless given."""
    flicker: float = 0.0
    """Share by which a mains lamp rises and falls, twice each period of the mains."""
    flicker_hz: float = 100.0
    """100, or 120 where the mains has 60 Hz."""
    dirt: int = 0
    """Specks on the lens."""
    dirt_from_s: float = 0.0
    """The lens gets dirty at this time."""
    dropped: float = 0.0
    """Share of the frames that never arrive."""
    seed: int = 0
    """Places the specks and chooses the frames that are dropped."""


class Lighting:
    """One lamp, drawn at random once: its slope, colour, drift and flicker, and the lens's dirt."""

    def __init__(self, height: int, width: int, imaging: Imaging, rng: Generator) -> None:
        self._gain = light_map(height, width, rng)
        depth, period_s = rng.uniform(0.02, 0.06), rng.uniform(20, 60)
        self._depth = depth if imaging.drift is None else imaging.drift
        self._period_s = imaging.drift_period_s or period_s
        self._phase = rng.uniform(0, 2 * math.pi)
        self._imaging = imaging
        self._dirty = self._gain
        if imaging.dirt:
            shade = _dirt(height, width, imaging.dirt, default_rng([imaging.seed, 1]))
            self._dirty = np.asarray(cv2.multiply(self._gain, shade, scale=1 / 255), np.uint8)

    def on(self, scene: Pixels, time_s: float, row_delay_s: NDArray[np.float64]) -> Pixels:
        """Light an evenly lit scene.

        Args:
            scene: height × width × 3.
            time_s: the middle of the exposure of the middle row.
            row_delay_s: of each row's exposure after that.
        """
        imaging = self._imaging
        level = 1 + self._depth * math.sin(2 * math.pi * time_s / self._period_s + self._phase)
        if imaging.flicker:
            rows = self._flicker(time_s + row_delay_s)
            if np.ptp(rows) < 1e-3:
                level *= float(rows[0])
            else:
                band = np.rint(np.clip(rows * NOMINAL_GAIN, 0, 255)).astype(np.uint8)
                bands = cv2.merge([cv2.repeat(band[:, None], 1, scene.shape[1])] * 3)
                scene = np.asarray(cv2.multiply(scene, bands, scale=1 / NOMINAL_GAIN), np.uint8)
        clean = not imaging.dirt or time_s < imaging.dirt_from_s
        gain = self._gain if clean else self._dirty
        return np.asarray(cv2.multiply(scene, gain, scale=level / NOMINAL_GAIN), np.uint8)

    def _flicker(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        # The mean of a sine over an exposure is smaller by sin(x)/x.
        imaging = self._imaging
        depth = imaging.flicker * float(np.sinc(imaging.flicker_hz * imaging.exposure_s))
        return 1 + depth * np.sin(2 * math.pi * imaging.flicker_hz * time_s)


def smear(scene: Pixels, way_px: float) -> Pixels:
    """Motion blur along the belt.

    Args:
        scene: height × width × 3.
        way_px: that the belt moves during the exposure.
    """
    way_px = abs(way_px)
    if way_px < 0.5:
        return scene
    reach = math.ceil((way_px - 1) / 2)
    weights = np.ones(2 * reach + 1, np.float32)
    if reach:
        weights[[0, -1]] = (way_px - (2 * reach - 1)) / 2
    weights = np.clip(weights, 0, 1) / np.clip(weights, 0, 1).sum()
    return np.asarray(
        cv2.filter2D(scene, -1, weights[None, :], borderType=cv2.BORDER_REPLICATE), np.uint8
    )


def light_map(height: int, width: int, rng: Generator) -> NDArray[np.uint8]:
    """Gain of each pixel and channel: a slope of the lamp, mild vignetting, its colour."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    direction = rng.uniform(0, 2 * math.pi)
    slope = rng.uniform(0.01, 0.06) * (x * math.cos(direction) + y * math.sin(direction))
    vignette = 1 - rng.uniform(0.02, 0.06) * (x**2 + y**2) / 2
    warmth = rng.normal(0, 0.02)
    tint = np.array([1 - warmth, 1.0, 1 + warmth]) * rng.uniform(0.9, 1.08)
    gain = ((1 + slope) * vignette)[:, :, None] * tint
    return np.asarray(np.clip(np.rint(gain * NOMINAL_GAIN), 0, 255), np.uint8)


def _dirt(height: int, width: int, specks: int, rng: Generator) -> NDArray[np.uint8]:
    """Share of the light that passes, height × width × 3, 255 is all."""
    shade = np.ones((height, width), np.float32)
    for _ in range(specks):
        radius = int(rng.integers(*DIRT_PX))
        speck = np.zeros((height, width), np.float32)
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(speck, centre, radius // 2, 1.0, -1)
        speck = cv2.GaussianBlur(speck, (0, 0), radius / 3)
        shade *= 1 - np.float32(rng.uniform(0.2, 0.6)) * speck
    passing = np.rint(shade * 255).astype(np.uint8)
    return np.repeat(passing[:, :, None], 3, axis=2)
