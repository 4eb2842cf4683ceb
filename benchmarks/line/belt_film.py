"""Frames of a loaded belt, rendered once and then served from memory for as long as is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from benchmarks.line.machines import Bench
from sorter.config import SorterConfig
from sorter.frame import Pixels
from sorter.twin.demo import RUN_UP_MM
from sorter.twin.load import load
from sorter.twin.placed import Produce
from sorter.twin.scene import Scene

JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One frame."""

    pixels: Pixels
    tick: float


class BeltFilm:
    """An empty belt, then a train of items without a gap, then an empty belt again.

    The train is one stretch of some items over and over, so that its frames come again, too.
    """

    def __init__(
        self,
        bench: Bench,
        config: SorterConfig,
        *,
        items_per_lane: int,
        stretches: int = 1,
        jpeg: bool = False,
    ) -> None:
        """Render it.

        Args:
            bench: what lies on the belt, at a pitch.
            config: its camera and speed.
            items_per_lane: on one stretch.
            stretches: that the train is long.
            jpeg: keep the frames as a camera sends them over USB, to be decoded when shown.
        """
        rng = default_rng(3)
        camera, belt, layout = config.camera, config.belt, bench.world.layout
        assert layout.pitch_mm is not None
        first_mm = camera.reference_mm + RUN_UP_MM
        field_mm = camera.width * camera.mm_per_px
        stretch_mm = items_per_lane * layout.pitch_mm
        count = items_per_lane * bench.lanes
        grades = [bench.mix[int(rng.integers(len(bench.mix)))] for _ in range(count)]
        laid = list(
            load(grades, camera, rng, first_mm=first_mm, crop=bench.world.crop, layout=layout)
        )
        self._step_mm = belt.speed_mm_per_s / camera.fps
        self._mm_per_tick = belt.mm_per_tick
        self._stretch = round(stretch_mm / self._step_mm)
        if abs(self._stretch * self._step_mm - stretch_mm) > 1e-6:
            raise ValueError("a stretch has to be a whole number of frames")
        # Where the first item of all lanes has left the field, the picture has become one of those
        # that come again.
        self._again = int((first_mm + layout.pitch_mm + 2 * field_mm) / self._step_mm) + 1
        way_mm = first_mm + stretches * stretch_mm + layout.pitch_mm + field_mm + RUN_UP_MM
        self.frames = int(way_mm / self._step_mm) + 1
        self._leaving = int((first_mm + stretches * stretch_mm - 2 * field_mm) / self._step_mm)
        self.produce: list[Produce] = [
            replace(one.produce, at_mm=one.produce.at_mm + stretch * stretch_mm)
            for stretch in range(stretches)
            for one in laid
        ]
        scene = Scene(camera, rng, optics=bench.world.optics, imaging=bench.world.imaging)
        self._film: dict[int, NDArray[np.uint8]] = {}
        for index in range(self.frames):
            if (at := self._place(index)) in self._film:
                continue
            travel_mm = at * self._step_mm
            near = [
                replace(one.placed, at_mm=one.placed.at_mm + stretch * stretch_mm)
                for stretch in range(stretches)
                for one in laid
                if abs(travel_mm - one.placed.at_mm - stretch * stretch_mm) < field_mm
            ]
            pixels = scene.render(travel_mm, at / camera.fps, near, belt.speed_mm_per_s)
            if jpeg:
                quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
                pixels = np.asarray(cv2.imencode(".jpg", pixels, quality)[1], np.uint8)
            self._film[at] = pixels
        self._jpeg = jpeg

    def show(self, index: int) -> Shown:
        """A frame."""
        pixels = self._film[self._place(index)]
        if self._jpeg:
            pixels = np.asarray(cv2.imdecode(pixels, cv2.IMREAD_COLOR), np.uint8)
        return Shown(pixels=pixels, tick=self.tick(index))

    def tick(self, index: float) -> float:
        """Belt position at a frame, or in between."""
        return index * self._step_mm / self._mm_per_tick

    def _place(self, index: int) -> int:
        """The first frame of the same picture."""
        if self._again + self._stretch <= index < self._leaving:
            return self._again + (index - self._again) % self._stretch
        return index
