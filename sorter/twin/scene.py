"""What the twin's camera sees: belt, light, noise, and the items that lie in view."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.random import Generator

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.twin.lens_view import LensView
from sorter.twin.lighting import Imaging, Lighting, smear
from sorter.twin.optics import Optics
from sorter.twin.placed import Placed

LOOP_PX = 2048
"""The belt's texture repeats after this many pixels."""
BELT = (203.0, 196.0, 184.0)
"""Blue, green, red of the belt under even light."""
WIDER = 1.3
"""A lens may show this much more of the belt than the nominal field."""


class Scene:
    """A belt under a camera; one lamp, one sensor, drawn at random once."""

    def __init__(
        self,
        camera: CameraConfig,
        rng: Generator,
        *,
        optics: Optics | None = None,
        imaging: Imaging | None = None,
        belt: tuple[float, float, float] = BELT,
    ) -> None:
        """Set up the view.

        Args:
            camera: size, scale and reference line.
            rng: decides the belt's look, the light, its drift and the noise.
            optics: the lens; without one the belt is seen from infinitely far above, which is
                cheaper.
            imaging: exposure, noise, and what spoils the picture.
            belt: its blue, green, red under even light.
        """
        imaging = imaging or Imaging()
        self._mm_per_px = camera.mm_per_px
        self._width, self._height = camera.width, camera.height
        self._exposure_s = imaging.exposure_s
        self._row_delay_s = np.zeros(self._height)
        if optics is None:
            self._view: _FlatView | LensView = _FlatView(camera, rng, belt)
        else:
            height, width = round(self._height * WIDER), round(self._width * WIDER)
            texture = _belt_texture(height, width, rng, belt)
            self._view = LensView(optics, texture, camera.mm_per_px, LOOP_PX)
            self._row_delay_s = optics.row_delay_s(np.arange(self._height, dtype=np.float64))
        self._lighting = Lighting(self._height, self._width, imaging, rng)
        noise = (self._height + 64, self._width + 256, 3)
        tile = rng.normal(0, imaging.noise_levels, noise)
        self._lighter = np.clip(np.rint(tile), 0, 255).astype(np.uint8)
        self._darker = np.clip(np.rint(-tile), 0, 255).astype(np.uint8)
        self._rng = rng

    def render(
        self,
        travel_mm: float,
        time_s: float,
        items: Iterable[Placed],
        speed_mm_per_s: float = 0.0,
    ) -> Pixels:
        """One exposure.

        Args:
            travel_mm: how far the belt has run.
            time_s: decides the state of the light.
            items: those outside the view cost nothing.
            speed_mm_per_s: of the belt; smears and shears where the camera does.

        Returns:
            height × width × 3, uint8, BGR; a new array.
        """
        scene = self._view.see(travel_mm, items, speed_mm_per_s)
        scene = smear(scene, speed_mm_per_s * self._exposure_s / self._mm_per_px)
        exposed = self._lighting.on(scene, time_s, self._row_delay_s)
        down, right = int(self._rng.integers(64)), int(self._rng.integers(256))
        view = (slice(down, down + self._height), slice(right, right + self._width))
        exposed = cv2.subtract(cv2.add(exposed, self._lighter[view]), self._darker[view])
        return np.asarray(exposed, np.uint8)


class _FlatView:
    """Straight down from infinitely far: sprites are copied as they are, at whole pixels."""

    def __init__(
        self, camera: CameraConfig, rng: Generator, belt: tuple[float, float, float]
    ) -> None:
        self._mm_per_px = camera.mm_per_px
        self._width = camera.width
        middle = camera.width // 2
        self._reference_px = middle if camera.reference_px is None else camera.reference_px
        self._belt = _belt_texture(camera.height, camera.width, rng, belt)

    def see(self, travel_mm: float, items: Iterable[Placed], speed_mm_per_s: float) -> Pixels:
        start = round(-travel_mm / self._mm_per_px) % LOOP_PX
        scene: Pixels = self._belt[:, start : start + self._width].copy()
        for item in items:
            column = round(self._reference_px + (travel_mm - item.at_mm) / self._mm_per_px)
            if -self._width < column < 2 * self._width:
                row = round(item.across_mm / self._mm_per_px)
                item.face(travel_mm).lay(scene, column, row)
        return scene


def _belt_texture(
    height: int, width: int, rng: Generator, belt: tuple[float, float, float]
) -> Pixels:
    """Height × (LOOP_PX + width) × 3; the end repeats the beginning."""
    fine = rng.normal(0, 2.0, (height, LOOP_PX)).astype(np.float32)
    cloudy = cv2.resize(
        rng.normal(0, 2.5, (height // 24, LOOP_PX // 24)).astype(np.float32),
        (LOOP_PX, height),
        interpolation=cv2.INTER_CUBIC,
    )
    weave = 1.5 * np.sin(np.arange(LOOP_PX, dtype=np.float32) * (2 * math.pi * 256 / LOOP_PX))
    pattern = cv2.GaussianBlur(fine, (0, 0), 0.8) + cloudy + weave
    tone = np.asarray(belt, np.float32) * rng.uniform(0.94, 1.04) + rng.normal(0, 3, 3)
    loop = np.clip(pattern[:, :, None] + tone, 0, 255).astype(np.uint8)
    return np.concatenate([loop, loop[:, :width]], axis=1)
