"""Frames of a loaded belt, rendered once and then served from memory again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from benchmarks.line.machines import Bench
from sorter.config import SorterConfig
from sorter.frame import Pixels
from sorter.twin.demo import RUN_UP_MM
from sorter.twin.load import load
from sorter.twin.scene import Scene

JPEG_QUALITY = 90
APART_MM = 5_000.0
"""Belt between two showings: what the tracker remembers is over by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One frame of an endless belt."""

    pixels: Pixels
    tick: float


class BeltFilm:
    """A stretch of belt, empty at both ends, from the first item to the last."""

    def __init__(self, bench: Bench, config: SorterConfig, *, items: int, jpeg: bool) -> None:
        """Render it.

        Args:
            bench: what lies on the belt.
            config: its camera and speed.
            items: on the stretch.
            jpeg: keep the frames as a camera sends them over USB, to be decoded when shown.
        """
        rng = default_rng(3)
        camera, belt = config.camera, config.belt
        grades = [bench.mix[int(rng.integers(len(bench.mix)))] for _ in range(items)]
        laid = list(
            load(
                grades,
                camera,
                rng,
                first_mm=camera.reference_mm + RUN_UP_MM,
                crop=bench.world.crop,
                layout=bench.world.layout,
            )
        )
        field_mm = camera.width * camera.mm_per_px
        step_mm = belt.speed_mm_per_s / camera.fps
        count = int((laid[-1].produce.at_mm + field_mm + RUN_UP_MM) / step_mm) + 1
        scene = Scene(camera, rng, optics=bench.world.optics, imaging=bench.world.imaging)
        self.items = items
        self.frames = count
        self._step_ticks = step_mm / belt.mm_per_tick
        self._apart_ticks = count * self._step_ticks + APART_MM / belt.mm_per_tick
        self._jpeg = jpeg
        self._film: list[NDArray[np.uint8]] = []
        for index in range(count):
            travel_mm = index * step_mm
            near = [one.placed for one in laid if abs(travel_mm - one.produce.at_mm) < field_mm]
            pixels = scene.render(travel_mm, index / camera.fps, near, belt.speed_mm_per_s)
            if jpeg:
                quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
                self._film.append(np.asarray(cv2.imencode(".jpg", pixels, quality)[1]))
            else:
                self._film.append(pixels)

    def show(self, index: int) -> Shown:
        """The frame of an endless run of showings."""
        pixels = self._film[index % self.frames]
        if self._jpeg:
            pixels = np.asarray(cv2.imdecode(pixels, cv2.IMREAD_COLOR), np.uint8)
        return Shown(pixels=pixels, tick=self.tick(index))

    def tick(self, index: float) -> float:
        """Belt position at a frame, or in between."""
        showing, at = divmod(index, self.frames)
        return showing * self._apart_ticks + at * self._step_ticks

    def whole(self, showings: int) -> Iterator[Shown]:
        """All frames of some showings."""
        for index in range(showings * self.frames):
            yield self.show(index)
