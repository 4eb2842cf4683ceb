"""A camera over a belt, drawn with light, noise and shadow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.config import BeltConfig
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame
from sorter.preprocess import Preprocess
from sorter.ruler.linear import LinearRuler
from tests.factories import make_camera

WIDTH, HEIGHT = 400, 200
GREY_BELT = (184.0, 196.0, 203.0)
LEMON = (40.0, 190.0, 215.0)
CUCUMBER = (40.0, 110.0, 60.0)

Light = NDArray[np.float32]
Disc = tuple[float, float, float]
"""Column and row of the middle, radius."""


def make_finder(window_mm: float | None = None, **changes: object) -> SegmentingFinder:
    camera = make_camera(**changes)
    preprocess = Preprocess(size_px=32, window_mm=window_mm)
    return SegmentingFinder(camera, BeltConfig(mm_per_tick=0.5), preprocess, LinearRuler(camera))


def belt(colour: tuple[float, float, float] = GREY_BELT) -> Light:
    """An empty belt under a lamp that is brighter on one side."""
    across = np.linspace(0.95, 1.05, WIDTH, dtype=np.float32)
    return np.ones((HEIGHT, WIDTH, 1), np.float32) * across[:, None] * np.float32(colour)


def lay(scene: Light, discs: Sequence[Disc], colour: tuple[float, float, float] = LEMON) -> Light:
    """Round fruit with a soft shadow to the lower right."""
    scene = scene.copy()
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    shadow = np.zeros((HEIGHT, WIDTH), np.float32)
    for column, row, radius in discs:
        shadow = np.maximum(shadow, np.hypot(x - column - 4, y - row - 5) < radius)
    scene *= 1 - 0.3 * cv2.GaussianBlur(shadow.astype(np.float32), (0, 0), 3)[:, :, None]
    for column, row, radius in discs:
        away = np.hypot(x - column, y - row)
        cover = np.clip(radius - away + 0.5, 0, 1)[:, :, None]
        side = np.clip(1 - (away / radius) ** 2, 0, 1) ** 0.5
        lit = 0.45 + 0.5 * np.clip(side - 0.4 * (x - column) / radius, 0, 1)
        scene = scene * (1 - cover) + cover * lit[:, :, None] * np.float32(colour)
    return scene.astype(np.float32)


@cache
def _noise(number: int) -> Light:
    noise = np.random.default_rng(number).normal(0, 2, (HEIGHT, WIDTH, 3))
    return np.asarray(noise, np.float32)


def expose(scene: Light, *, index: int = 0, tick: float = 0.0, light: float | Light = 1.0) -> Frame:
    """Take a picture, with the sensor's noise."""
    noise = _noise(index % 8)
    pixels = np.clip(scene * light + noise, 0, 255).astype(np.uint8)
    return Frame(pixels=pixels, time_s=index / 60, tick=tick, index=index)
