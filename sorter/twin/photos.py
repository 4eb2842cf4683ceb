"""Labelled photos of rendered produce, cut by the same finder that cuts it on the belt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.random import Generator, default_rng

from sorter.config import CameraConfig, SorterConfig
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame, Pixels
from sorter.preprocess import Preprocess
from sorter.ruler.linear import LinearRuler
from sorter.twin.crops import CUCUMBERS
from sorter.twin.fruit import Crop, Fruit
from sorter.twin.load import load
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.twin.placed import Placed
from sorter.twin.scene import Scene
from sorter.twin.setup import demo_config

ROUNDS_PER_SESSION = 2
"""Photos of each grade under one lamp; then belt, light and camera noise are drawn anew."""
EMPTY_FRAMES = 3
"""Shown to the finder first, as on a belt that starts empty."""
OFF_CENTRE_MM = 100.0
"""The item lies this far from the reference line at the most."""
NEIGHBOUR_SHARE = 0.7
"""How often each side has a neighbour."""
ATTEMPTS = 20
APART_MM = 100.0
"""Way that the finder is told for the belt between two exposures."""
LENS_HEIGHT_MM = (440.0, 1000.0)


def labelled_photos(
    per_grade: int, seed: int, *, views: int = 1, crop: Crop = CUCUMBERS
) -> Iterator[tuple[str, Pixels, dict[str, Any]]]:
    """Render photos as the pipeline on the belt would show them to the classifier.

    Args:
        per_grade: items of each grade.
        seed: same seed, same photos.
        views: photos of each item; from the second on it has rolled, see `Fruit.rolled`.
        crop: what to render. Cucumbers are seen from straight above, as in `sorter demo`; round
            fruit is seen through a lens at some height in every other session.

    Yields:
        The grade, the photo (square, a window of `crop.window_mm`) and the truth about the fruit
        as it is seen, with the numbers of the `item` and the `session`: photos of one session share
        belt and light. The views of an item follow each other.

    Example:
        >>> grade, photo, truth = next(labelled_photos(per_grade=1, seed=1))
        >>> grade, photo.shape, truth["session"]
        ('2L', (467, 467, 3), 0)
    """
    rng = default_rng(seed)
    config = demo_config()
    for number in range(per_grade):
        part = number // ROUNDS_PER_SESSION
        if number % ROUNDS_PER_SESSION == 0:
            lens = crop is not CUCUMBERS and part % 2 == 1
            session = _Session(config, rng, crop, _any_lens(config.camera, rng) if lens else None)
        for index, grade in enumerate(crop.grade_names):
            where = {"item": number * len(crop.grades) + index, "session": part}
            first, photo = session.photo(grade)
            yield grade, photo, first.truth() | where
            for _ in range(views - 1):
                seen, photo = session.photo(first.rolled(rng))
                yield grade, photo, seen.truth() | where


def _any_lens(camera: CameraConfig, rng: Generator) -> Optics:
    return Optics.over(
        camera,
        height_mm=rng.uniform(*LENS_HEIGHT_MM),
        distortion=TYPICAL_DISTORTION,
        tilt_deg=(rng.uniform(-2, 2), rng.uniform(-2, 2), 0.0),
    )


class _Session:
    def __init__(
        self, config: SorterConfig, rng: Generator, crop: Crop, optics: Optics | None
    ) -> None:
        self._camera = config.camera
        self._crop = crop
        self._mm_per_tick = config.belt.mm_per_tick
        self._scene = Scene(config.camera, rng, optics=optics)
        self._finder = SegmentingFinder(
            config.camera,
            config.belt,
            Preprocess(size_px=96, window_mm=crop.window_mm),
            LinearRuler(config.camera),
        )
        self._rng = rng
        self._frames = 0
        for _ in range(EMPTY_FRAMES):
            self._finder.find(self._expose(rng.uniform(0, 1000), []))

    def photo(self, fruit: str | Fruit) -> tuple[Fruit, Pixels]:
        for _ in range(ATTEMPTS):
            # Without belt in between, what lies at one place in two photos would pass for dirt.
            self._finder.find(self._expose(self._rng.uniform(0, 1000), []))
            before, after = (self._rng.random(2) < NEIGHBOUR_SHARE).tolist()
            fruits = [*self._any_grade() * before, fruit, *self._any_grade() * after]
            laid = list(load(fruits, self._camera, self._rng, first_mm=0, crop=self._crop))
            target = laid[int(before)].produce
            off_mm = self._rng.uniform(-OFF_CENTRE_MM, OFF_CENTRE_MM)
            frame = self._expose(target.at_mm + off_mm, [fruit.placed for fruit in laid])
            for sighting in self._finder.find(frame):
                near = abs(sighting.from_reference_mm - off_mm) < target.along_mm / 2
                if near and sighting.complete:
                    return target.fruit, sighting.crop
        raise RuntimeError(f"the finder sees no rendered {fruit}")

    def _any_grade(self) -> list[str]:
        names = self._crop.grade_names
        return [names[int(self._rng.integers(len(names)))]]

    def _expose(self, travel_mm: float, items: Sequence[Placed]) -> Frame:
        pixels = self._scene.render(travel_mm, self._rng.uniform(0, 60), items)
        self._frames += 1
        return Frame(
            pixels=pixels,
            time_s=self._frames / self._camera.fps,
            tick=self._frames * APART_MM / self._mm_per_tick,
            index=self._frames,
        )
