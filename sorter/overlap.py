"""Which of two sets of places on the belt lie over each other, all pairs at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sorter.item import Span

SAME_SHARE = 0.3
"""Share of the shorter span that two sightings of one item have in common at the least."""
PART_SHARE = 0.8
"""Share of a place that lies within another when it is a part of it."""
DUPLICATE_IOU = 0.7
"""Two places in one frame with a greater intersection over union are one item, found twice."""

Flags = NDArray[np.bool_]


class Place(Protocol):
    """Something that lies on the belt."""

    @property
    def along(self) -> Span:
        """Ends along the belt."""
        ...

    @property
    def across(self) -> Span:
        """Ends across the belt."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """m tracks against n sightings; every field is m × n."""

    area_mm2: NDArray[np.float64]
    """Of the box that both share."""
    same: Flags
    """So much in common that they are one item."""
    first_in_second: Flags
    """The first lies almost wholly within the second."""
    second_in_first: Flags


def overlaps(first: Sequence[Place], second: Sequence[Place]) -> Overlaps:
    """Compare two sets of places."""
    one, other = ends_mm(first)[:, None], ends_mm(second)[None]
    shared = _shared(one, other)
    size, other_size = one[..., 1] - one[..., 0], other[..., 1] - other[..., 0]
    return Overlaps(
        area_mm2=shared.prod(axis=2),
        same=np.asarray((shared > SAME_SHARE * np.minimum(size, other_size)).all(axis=2)),
        first_in_second=np.asarray((shared > PART_SHARE * size).all(axis=2)),
        second_in_first=np.asarray((shared > PART_SHARE * other_size).all(axis=2)),
    )


def duplicates(places: Sequence[Place]) -> list[int]:
    """Those that lie over a larger one: what is left is one place an item."""
    if len(places) < 2:
        return []
    ends = ends_mm(places)
    area = (ends[..., 1] - ends[..., 0]).prod(axis=1)
    shared = _shared(ends[:, None], ends[None]).prod(axis=2)
    doubled = shared > DUPLICATE_IOU * (area[:, None] + area[None] - shared)
    np.fill_diagonal(doubled, False)
    if not doubled.any():
        return []
    dropped: list[int] = []
    for k in np.argsort(-area, kind="stable").tolist():
        if k not in dropped:
            dropped += [d for d in np.flatnonzero(doubled[k]).tolist() if d not in dropped]
    return dropped


def _shared(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths that ends, ... × 2 × 2, have in common, along and across."""
    shared = np.minimum(one[..., 1], other[..., 1]) - np.maximum(one[..., 0], other[..., 0])
    return np.asarray(np.maximum(shared, 0.0))


def ends_mm(places: Sequence[Place]) -> NDArray[np.float64]:
    """Ends of each, n × 2 × 2: along and across, low and high."""
    return np.array(
        [((p.along.low_mm, p.along.high_mm), (p.across.low_mm, p.across.high_mm)) for p in places],
        np.float64,
    ).reshape(-1, 2, 2)
