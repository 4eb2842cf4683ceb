"""Items cut out of real photos, laid on the belt as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator

from sorter.bundle import Grade
from sorter.errors import SorterError
from sorter.photo import list_photos, read_photo
from sorter.twin.cutout_photo import CutOut, cut_out
from sorter.twin.fruit import Crop, Looks
from sorter.twin.sprite import Relief, Sprite, assemble

ATTEMPTS = 20
"""Photos of a grade that are tried, one after another, until an item can be cut out of one."""
SHADOW, SHADOW_MM = 0.25, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFruit:
    """An item of a photo."""

    grade: str
    path: Path
    """The photo; stays where it is."""
    angle_deg: float = 90.0
    """By how much it is turned on the belt, more than 90; clockwise."""

    def rolled(self, rng: Generator) -> PhotoFruit:
        """The same side, as a photo knows no other, at another angle."""
        return replace(self, angle_deg=float(rng.uniform(0, 360)))

    def lying(self, angle_deg: float) -> PhotoFruit:
        """The same item at another angle."""
        return replace(self, angle_deg=angle_deg)

    def truth(self) -> dict[str, Any]:
        """What is known: the grade, and which photo it is from."""
        return {"grade": self.grade, "photo": self.path.name}


class PhotoCrop:
    """Photos in one folder a grade, as produce for the belt."""

    def __init__(self, folder: Path, *, grades: list[Grade], photo_mm: float) -> None:
        """List the photos; none is opened yet.

        Args:
            folder: with a sub-folder of photos for each grade.
            grades: to take, best first; of the model that will judge them.
            photo_mm: what a photo's longer side shows, in mm.

        Raises:
            SorterError: a grade has no photos.
        """
        self._photos: dict[str, list[Path]] = {}
        for grade in grades:
            place = folder / grade.name
            found = list_photos(place) if place.is_dir() else []
            if not found:
                raise SorterError(
                    f"{place}: no photos; --photos wants a folder with one sub-folder of photos "
                    f"for each of the model's grades ({', '.join(one.name for one in grades)})"
                )
            self._photos[grade.name] = found
        self._mm = photo_mm
        self._last: tuple[Path, CutOut | None] | None = None
        self._rest: dict[str, Iterator[Path]] = {}
        self.skipped: list[Path] = []
        """Photos out of which no item could be cut."""
        self.crop = Crop(
            name=f"photos of {folder.name}",
            grades=tuple(grades),
            window_mm=photo_mm,
            grow=self._next,
            draw=self._draw,
        )

    def ground(self) -> tuple[int, int, int]:
        """Blue, green, red of what the items lay on: the belt that a model of them knows."""
        grounds = []
        for paths in self._photos.values():
            for path in paths[:: max(1, len(paths) // ATTEMPTS)]:
                found = cut_out(read_photo(path))
                if found is not None:
                    grounds.append(found.background)
        if not grounds:
            raise SorterError("no item can be told from its background in any of the photos")
        blue, green, red = (int(level) for level in np.median(grounds, axis=0))
        return blue, green, red

    def _next(self, grade: str, rng: Generator) -> PhotoFruit:
        """The next photo of a grade, in an order at random, each once before any comes again."""
        for _ in range(ATTEMPTS):
            path = next(self._rest.get(grade, iter(())), None)
            if path is None:
                paths = self._photos[grade]
                self._rest[grade] = iter([paths[k] for k in rng.permutation(len(paths))])
                path = next(self._rest[grade])
            if self._cut(path) is not None:
                return PhotoFruit(grade=grade, path=path)
            self.skipped.append(path)
        raise SorterError(
            f"no item can be told from its background in {ATTEMPTS} photos of {grade}; "
            f"take them on a plain ground of another colour"
        )

    def _draw(self, fruit: PhotoFruit, mm_per_px: float) -> Looks:
        found = self._cut(fruit.path)
        assert found is not None
        return Looks(sprite=_sprite(found, fruit.angle_deg - 90.0, self._mm, mm_per_px))

    def _cut(self, path: Path) -> CutOut | None:
        """Kept for the call that follows: an item is drawn right after it was chosen."""
        if self._last is None or self._last[0] != path:
            self._last = (path, cut_out(read_photo(path)))
        return self._last[1]


def _sprite(found: CutOut, turn_deg: float, photo_mm: float, mm_per_px: float) -> Sprite:
    """The item alone, turned about its middle and at the scale of the belt's camera."""
    height, width = found.cover.shape
    scale = photo_mm / max(height, width) / mm_per_px
    rows, columns = np.nonzero(found.cover > 0.5)
    middle = (float(columns.min() + columns.max()) / 2, float(rows.min() + rows.max()) / 2)
    reach_mm = math.hypot(np.ptp(columns), np.ptp(rows)) / 2 * scale * mm_per_px + 4 * SHADOW_MM
    side = 2 * math.ceil(reach_mm / mm_per_px)
    turn = cv2.getRotationMatrix2D(middle, -turn_deg, scale)
    turn[:, 2] += (side / 2 - middle[0], side / 2 - middle[1])
    pixels = np.asarray(found.pixels, np.float32) / 255
    own = pixels * found.cover[:, :, None]
    if scale < 1:
        # Averaged before it is made smaller, or the pixels in between are lost.
        own, cover = (cv2.GaussianBlur(part, (0, 0), 0.4 / scale) for part in (own, found.cover))
    else:
        cover = found.cover
    colour = cv2.warpAffine(own, turn, (side, side), flags=cv2.INTER_LINEAR)
    body = np.clip(cv2.warpAffine(cover, turn, (side, side), flags=cv2.INTER_LINEAR), 0, 1)
    offset = np.array([[1, 0, 1.5 / mm_per_px], [0, 1, 1.5 / mm_per_px]], np.float32)
    cast = cv2.warpAffine(body, offset, (side, side))
    shadow = SHADOW * cv2.GaussianBlur(cast, (0, 0), SHADOW_MM / 2 / mm_per_px)
    thickness_mm = 2 * float(cv2.distanceTransform((body > 0.5).astype(np.uint8), 2, 5).max())
    return assemble(
        np.asarray(colour, np.float32),
        np.asarray(body, np.float32),
        np.asarray(shadow, np.float32),
        mm_per_px,
        Relief(
            height_mm=thickness_mm * mm_per_px / 2,
            aside_mm=np.zeros((2, 2, 2), np.float32),
            step_px=max(1, side // 2),
        ),
    )
