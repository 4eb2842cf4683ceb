"""One fruit on its way along the belt."""

from __future__ import annotations

from dataclasses import dataclass, field

from sorter.frame import Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Size of an item as seen from above, in millimetres on the belt plane."""

    length_mm: float
    """Long side of the smallest rectangle around the outline."""
    width_mm: float
    """Short side of that rectangle."""
    area_mm2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One item in one frame."""

    reference_tick: float
    """The belt tick at which the item's centre crosses the camera's reference line."""
    across_mm: float
    """Distance of the centre from the upper edge of the image, across the belt."""
    extent_mm: float
    """Size along the belt."""
    measures: Measures
    complete: bool
    """The whole outline lies inside the image."""
    crop: Pixels
    """Square cut-out around the centre, other items painted over with belt."""


@dataclass(slots=True, kw_only=True)
class Item:
    """A followed item: what all its sightings together say."""

    item_id: int
    lane: int
    reference_tick: float
    extent_mm: float
    seen_tick: float
    """Belt tick of the frame that saw it last."""
    views: list[Sighting] = field(default_factory=list)
    """The complete sightings that the classifier is to see, best first."""
