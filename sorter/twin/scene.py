"""What the twin's camera sees: belt, light, noise, and the items that lie in view."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.twin.sprite import Sprite

NOMINAL_GAIN = 200.0
"""The light map is kept in 8 bits; this value leaves a pixel as it is."""
LOOP_PX = 2048
"""The belt's texture repeats after this many pixels."""
NOISE_LEVELS = 2.0
"""Standard deviation of the sensor's noise."""
BELT = (203.0, 196.0, 184.0)
"""Blue, green, red of the belt under even light."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A sprite on the belt."""

    sprite: Sprite
    at_mm: float
    """Belt travel at which its centre lies on the reference line."""
    across_mm: float
    """Of its centre, from the upper edge of the image."""


class Scene:
    """A belt under a camera; one lamp, one sensor, drawn at random once."""

    def __init__(self, camera: CameraConfig, rng: Generator) -> None:
        """Set up the view.

        Args:
            camera: size, scale and reference line.
            rng: decides the belt's look, the light, its drift and the noise.
        """
        self._mm_per_px = camera.mm_per_px
        self._width, self._height = camera.width, camera.height
        middle = camera.width // 2
        self._reference_px = middle if camera.reference_px is None else camera.reference_px
        self._belt = _belt_texture(self._height, self._width, rng)
        self._light = _light_map(self._height, self._width, rng)
        self._drift_depth = rng.uniform(0.02, 0.06)
        self._drift_period_s = rng.uniform(20, 60)
        self._drift_phase = rng.uniform(0, 2 * math.pi)
        tile = rng.normal(0, NOISE_LEVELS, (self._height + 64, self._width + 256, 3))
        self._lighter = np.clip(np.rint(tile), 0, 255).astype(np.uint8)
        self._darker = np.clip(np.rint(-tile), 0, 255).astype(np.uint8)
        self._rng = rng

    def render(self, travel_mm: float, time_s: float, items: Iterable[Placed]) -> Pixels:
        """One exposure.

        Args:
            travel_mm: how far the belt has run.
            time_s: decides the state of the drifting light.
            items: those outside the view cost nothing.

        Returns:
            height × width × 3, uint8, BGR; a new array.
        """
        start = round(-travel_mm / self._mm_per_px) % LOOP_PX
        scene = self._belt[:, start : start + self._width].copy()
        for item in items:
            column = round(self._reference_px + (travel_mm - item.at_mm) / self._mm_per_px)
            if -self._width < column < 2 * self._width:
                item.sprite.lay(scene, column, round(item.across_mm / self._mm_per_px))
        drift = 1 + self._drift_depth * math.sin(
            2 * math.pi * time_s / self._drift_period_s + self._drift_phase
        )
        exposed = cv2.multiply(scene, self._light, scale=drift / NOMINAL_GAIN)
        down, right = int(self._rng.integers(64)), int(self._rng.integers(256))
        view = (slice(down, down + self._height), slice(right, right + self._width))
        exposed = cv2.subtract(cv2.add(exposed, self._lighter[view]), self._darker[view])
        return np.asarray(exposed, np.uint8)


def _belt_texture(height: int, width: int, rng: Generator) -> Pixels:
    """Height × (LOOP_PX + width) × 3; the end repeats the beginning."""
    fine = rng.normal(0, 2.0, (height, LOOP_PX)).astype(np.float32)
    cloudy = cv2.resize(
        rng.normal(0, 2.5, (height // 24, LOOP_PX // 24)).astype(np.float32),
        (LOOP_PX, height),
        interpolation=cv2.INTER_CUBIC,
    )
    weave = 1.5 * np.sin(np.arange(LOOP_PX, dtype=np.float32) * (2 * math.pi * 256 / LOOP_PX))
    pattern = cv2.GaussianBlur(fine, (0, 0), 0.8) + cloudy + weave
    tone = np.asarray(BELT, np.float32) * rng.uniform(0.94, 1.04) + rng.normal(0, 3, 3)
    loop = np.clip(pattern[:, :, None] + tone, 0, 255).astype(np.uint8)
    return np.concatenate([loop, loop[:, :width]], axis=1)


def _light_map(height: int, width: int, rng: Generator) -> NDArray[np.uint8]:
    """Gain of each pixel and channel: a slope of the lamp, mild vignetting, its colour."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    direction = rng.uniform(0, 2 * math.pi)
    slope = rng.uniform(0.01, 0.06) * (x * math.cos(direction) + y * math.sin(direction))
    vignette = 1 - rng.uniform(0.02, 0.06) * (x**2 + y**2) / 2
    warmth = rng.normal(0, 0.02)
    tint = np.array([1 - warmth, 1.0, 1 + warmth]) * rng.uniform(0.9, 1.08)
    gain = ((1 + slope) * vignette)[:, :, None] * tint
    return np.asarray(np.clip(np.rint(gain * NOMINAL_GAIN), 0, 255), np.uint8)
