"""The ruler mat: a narrow printed strip for belts on which no board fits.

Three rows of dots at even distances. In the middle row some are rings, in an order of which every
six in a row occur only once, read either way: so a part of the strip tells which part it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.ruler.lattice import Place, lattice
from sorter.ruler.marks import Mark, find_marks
from sorter.ruler.target import Drawn, Floats, View, spans_plane

ROWS = 3
CODE = "001001101000111010100"
"""Of the middle row: 1 is a ring. A strip has as many columns at the most."""
WORD = 6
"""Columns in a row that are enough to know them by."""
DOT, HOLE = 0.6, 0.3
"""Diameters as part of the distance between dots."""
FAR = 0.2
"""Of the distance between dots: what lies so far beside its place is no dot of the strip."""
SEEDS = 12
"""Rings that are tried to begin with."""
SUBPIXEL = 4
"""Bits after the point in which OpenCV draws."""


@dataclass(frozen=True, kw_only=True)
class Mat:
    """The strip."""

    name = "mat"

    columns: int
    pitch_mm: float
    """Distance of neighbouring dots as printed: measure the bar on the sheet."""

    @property
    def size_mm(self) -> tuple[float, float]:
        """Of the strip without margin: half the distance of two dots beyond the outer ones."""
        return self.columns * self.pitch_mm, ROWS * self.pitch_mm

    @cached_property
    def corners_mm(self) -> Floats:
        """Middles of the dots, row by row: n × 3, z = 0."""
        rows, columns = np.divmod(np.arange(ROWS * self.columns), self.columns)
        places = np.stack([columns + 0.5, rows + 0.5], axis=1) * self.pitch_mm
        return np.column_stack([places, np.zeros(len(places))])

    @property
    def rings(self) -> NDArray[np.bool_]:
        """Which of them are rings."""
        rings = np.zeros((ROWS, self.columns), bool)
        rings[ROWS // 2] = np.array(list(CODE[: self.columns])) == "1"
        return rings.ravel()

    def drawn(self, px_per_mm: float) -> Drawn:
        """See `Target.drawn`."""
        width, height = (round(side * px_per_mm) for side in self.size_mm)
        picture = np.full((height, width), 255, np.uint8)
        one = 1 << SUBPIXEL
        for (x_mm, y_mm, _), ring in zip(self.corners_mm, self.rings, strict=True):
            middle = [round((at * px_per_mm - 0.5) * one) for at in (x_mm, y_mm)]
            for share, grey in ((DOT, 0), (HOLE, 255))[: 1 + int(ring)]:
                radius = round(share / 2 * self.pitch_mm * px_per_mm * one)
                cv2.circle(picture, middle, radius, grey, -1, cv2.LINE_AA, SUBPIXEL)
        return Drawn(picture=picture, mm_per_px=1 / px_per_mm)

    def printed(self, scale: float) -> Mat:
        """See `Target.printed`."""
        return replace(self, pitch_mm=self.pitch_mm * scale)

    def find(self, pixels: Pixels) -> View | None:
        """Its dots in a frame; None where too few are seen, or they do not tell which they are."""
        marks = find_marks(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
        places = lattice(np.array([mark.at_px for mark in marks]), _rings_first(marks))
        numbered = self._numbered(marks, places)
        if len(numbered) < WORD:
            return None
        numbers = np.array(sorted(numbered), np.int32)
        at_px = np.array([marks[numbered[number]].at_px for number in numbers.tolist()], np.float64)
        kept = self._in_place(numbers, at_px)
        if not spans_plane(self.corners_mm[numbers[kept]], self.pitch_mm):
            return None
        return View(numbers=numbers[kept], corners_px=at_px[kept])

    def _numbered(self, marks: list[Mark], places: dict[Place, int]) -> dict[int, int]:
        """Number of the dot → which mark it is; nothing where the code does not tell."""
        found: list[dict[int, int]] = []
        for turned in _readings(places):
            rows = [row for _, row in turned]
            for top in range(min(rows), max(rows) - ROWS + 2):
                strip = {at: mark for at, mark in turned.items() if top <= at[1] < top + ROWS}
                shift = self._shift(marks, strip, top)
                if shift is not None:
                    found.append(
                        {
                            (row - top) * self.columns + column + shift: mark
                            for (column, row), mark in strip.items()
                            if 0 <= column + shift < self.columns
                        }
                    )
        return max(found, key=len, default={})

    def _shift(self, marks: list[Mark], strip: dict[Place, int], top: int) -> int | None:
        """What has to be added to columns as they were counted; None where that is not plain."""
        middle, outer = top + ROWS // 2, (top, top + ROWS - 1)
        read = {column: marks[mark].ring for (column, row), mark in strip.items() if row == middle}
        plain = [not marks[mark].ring for (_, row), mark in strip.items() if row in outer]
        if not _run(read) >= WORD or not plain or not all(plain):
            return None
        code = CODE[: self.columns]
        first, last = min(read), max(read)
        fits = [
            shift
            for shift in range(-first, self.columns - last)
            if all((code[column + shift] == "1") == ring for column, ring in read.items())
        ]
        return fits[0] if len(fits) == 1 else None

    def _in_place(self, numbers: NDArray[np.int32], at_px: Floats) -> NDArray[np.bool_]:
        """Which marks lie where the others say; a lens bends the strip by less."""
        places = self.corners_mm[numbers, :2]
        plane, _ = cv2.findHomography(at_px, places, cv2.RANSAC, FAR * self.pitch_mm)
        if plane is None:
            return np.zeros(len(numbers), bool)
        there = cv2.perspectiveTransform(at_px[:, None], plane)[:, 0]
        off_mm = np.linalg.norm(there - places, axis=1)
        return np.asarray(off_mm < FAR * self.pitch_mm)


def _rings_first(marks: list[Mark]) -> list[int]:
    """Rings to start from: little else is one, and what is, such as a printed 0, is smaller."""
    rings = [number for number, mark in enumerate(marks) if mark.ring]
    return sorted(rings, key=lambda number: -marks[number].size_px)[:SEEDS]


def _readings(places: dict[Place, int]) -> list[dict[Place, int]]:
    """The lattice with either of its axes as the rows, upright and upside down; never mirrored."""
    if not places:
        return []
    readings = [places]
    for _ in range(3):
        readings.append({(j, -i): mark for (i, j), mark in readings[-1].items()})
    return readings


def _run(read: dict[int, bool]) -> int:
    """Length of the longest row of columns without a gap."""
    longest = 0
    for column in read:
        if column - 1 not in read:
            end = column
            while end in read:
                end += 1
            longest = max(longest, end - column)
    return longest
