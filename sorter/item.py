"""One fruit on its way along the belt, and its sightings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.verdict import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Size and colour of an item as seen from above."""

    length_mm: float
    """Along its own middle line from tip to tip; the largest diameter of a round item."""
    width_mm: float
    """Largest thickness across the middle line; the smallest diameter of a round item."""
    bend_mm: float
    """Sagitta: the middle line's greatest distance from the chord between its ends."""
    area_mm2: float
    """That the outline encloses."""
    volume_mm3: float
    """Of a body with circular sections along the middle line."""
    lab: tuple[float, float, float]
    """Mean colour by CIE 1976, D65: L* 0 … 100, a*, b*."""
    length_sd_mm: float
    """Standard uncertainty of the length; those of the others follow."""
    width_sd_mm: float
    bend_sd_mm: float

    @property
    def area_sd_mm2(self) -> float:
        """Standard uncertainty of the area; infinite where nothing is known of the size.

        A scale that is off errs on length and width alike, so that their shares add up.
        """
        return self.area_mm2 * (self._share(self.length_mm, self.length_sd_mm) + self._width_share)

    @property
    def volume_sd_mm3(self) -> float:
        """The same of the volume, in which the thickness counts twice."""
        share = self._share(self.length_mm, self.length_sd_mm) + 2 * self._width_share
        return self.volume_mm3 * share

    @property
    def _width_share(self) -> float:
        return self._share(self.width_mm, self.width_sd_mm)

    @staticmethod
    def _share(value: float, sd: float) -> float:
        return sd / value if value > 0 else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval in millimetres."""

    low_mm: float
    high_mm: float

    @property
    def middle_mm(self) -> float:
        """Half way between the ends."""
        return (self.low_mm + self.high_mm) / 2

    @property
    def size_mm(self) -> float:
        """Distance of the ends."""
        return self.high_mm - self.low_mm

    def overlap_mm(self, other: Span) -> float:
        """Length that both share; 0 where they are apart."""
        return max(0.0, min(self.high_mm, other.high_mm) - max(self.low_mm, other.low_mm))

    def gap_mm(self, other: Span) -> float:
        """Distance between them; 0 where they touch."""
        return max(0.0, self.low_mm - other.high_mm, other.low_mm - self.high_mm)

    def moved(self, by_mm: float) -> Span:
        """The same span elsewhere."""
        return Span(low_mm=self.low_mm + by_mm, high_mm=self.high_mm + by_mm)

    def hull(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(low_mm=min(self.low_mm, other.low_mm), high_mm=max(self.high_mm, other.high_mm))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One item in one frame."""

    along: Span
    """Where the item lies on the belt itself: a mark on the moving belt keeps its place.

    The reference line lies at `-tick × mm_per_tick`."""
    across: Span
    """From the upper edge of the image, across the belt."""
    from_reference_mm: float
    """Distance of the centre from the reference line; negative before it."""
    complete: bool
    """The whole outline lies inside the image."""
    touching: bool = False
    """More than one item, or perhaps so: a double that could not be split for sure."""
    outline_px: NDArray[np.float32] = field(repr=False)
    """n × 2, outer contour as column and row in the full frame, sub-pixel where possible."""
    measurer: Callable[[], Measures] = field(repr=False)
    """Measures on demand: most sightings are never looked at."""
    cutter: Callable[[int | None], Pixels] = field(repr=False)
    """Cuts the photo on demand: as large as the frame shows it, or scaled to a side in pixels."""

    @property
    def measures(self) -> Measures:
        """Size of the item in this frame."""
        return self.measurer()

    @property
    def crop(self) -> Pixels:
        """The item as the frame shows it: square, uint8, BGR, others painted over with belt."""
        return self.cutter(None)

    def photo(self, side_px: int) -> Pixels:
        """The same at the size that the classifier wants, which is much quicker to paint."""
        return self.cutter(side_px)


class Photographed(Protocol):
    """What the classifier is shown: a `Sighting`, or one that was kept."""

    @property
    def from_reference_mm(self) -> float:
        """Distance of the centre from the reference line; negative before it."""
        ...

    def photo(self, side_px: int) -> Pixels:
        """Square, uint8, BGR, of this side."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One fruit: what all its sightings together say."""

    item_id: int
    """Counts from 1 in each run."""
    lane: int
    reference_tick: float
    """Belt tick at which the item's centre crosses the camera's reference line."""
    extent_mm: float
    """Size along the belt."""
    measures: Measures
    doubt: Why | None = None
    """What is in the way of trusting its views, such as that it may be more than one fruit; an item
    with a doubt goes to the default outlet."""
    views: tuple[Photographed, ...] = ()
    """Complete sightings to choose from for the classifier, best placed first; empty when none was
    complete, and once the item is judged: a view may hold on to its whole frame."""
