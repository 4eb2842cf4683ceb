"""Places in the image where something stays while the belt runs on beneath it.

On the belt, a jam with fruit queued behind it looks as if it moved on whenever the belt's way from
frame to frame is about the distance of two fruits: each has come to lie where the one ahead of it
should be. The image tells, for there nothing has moved. But a train of equal fruit at just that
distance looks the same in every image, too. What lies in a train has moved on to the place ahead,
and has come from the place behind: where one of them is in view and empty, it has not. So a row
that fills the whole field at the belt's own step is taken for a train, unless it was held before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sorter.item import Sighting
from sorter.overlap import ends_mm
from sorter.track import Track

SAME_MM = 2.0
"""By less, each end of an outline moves that stays where it is."""
LEAST_WAY_MM = 5.0
"""Of the belt, from one look to the next: on a slower belt nothing can be told yet."""
MOST_WAY_MM = 60.0
"""Frames were missing, and anything may have come to lie there."""
NEXT_MM = 4.0
NEXT_SHARE = 0.1
"""By so much, and by this share of its way, a fruit may lie off where the belt has carried it."""
IN_VIEW_MM = 10.0
"""A place with so much of it in the field is certain to be seen."""
HELD_LOOKS = 3
"""In a row, after the first one."""


@dataclass(slots=True, kw_only=True)
class HeldPlace:
    """An outline that was seen at the same place of the image as before."""

    counts: int = 0
    tracks: list[Track] = field(default_factory=list)
    """That it was taken for since then; the first of them is the one that stays there."""


class HeldPlaces:
    """Remembers the outlines of the last look."""

    def __init__(self, *, entry_mm: float, exit_mm: float) -> None:
        """Begin with an empty image.

        Args:
            entry_mm: where the field of view begins, from the reference line (negative).
            exit_mm: where it ends.
        """
        self._entry_mm = entry_mm
        self._exit_mm = exit_mm
        self._boxes: NDArray[np.float64] = np.zeros((0, 2, 2))
        self._places: list[HeldPlace] = []
        self._now: list[HeldPlace] | None = None
        self._belt_mm: float | None = None

    def look(self, sightings: Sequence[Sighting], belt_mm: float) -> dict[int, HeldPlace]:
        """Take in one frame.

        Args:
            sightings: of the frame.
            belt_mm: belt travel at the frame.

        Returns:
            What is held, by the number of its sighting.
        """
        boxes = ends_mm(sightings)
        boxes[:, 0] += belt_mm
        way_mm = 0.0 if self._belt_mm is None else belt_mm - self._belt_mm
        same = self._same(boxes) if abs(way_mm) <= MOST_WAY_MM else {}
        self._now = None
        if self._belt_mm is not None and abs(way_mm) < LEAST_WAY_MM:
            seen = {s: self._places[k] for s, k in same.items()}
        else:
            self._now = [HeldPlace() for _ in sightings]
            if way_mm > 0:
                self._count(boxes, same, way_mm)
            self._boxes, self._places, self._belt_mm = boxes, self._now, belt_mm
            seen = dict(enumerate(self._now))
        return {s: place for s, place in seen.items() if place.counts >= HELD_LOOKS}

    def followed(self, number: int, track: Track) -> None:
        """A sighting of the last look was taken for this item."""
        if self._now is not None and track not in self._now[number].tracks:
            self._now[number].tracks.append(track)

    def move_count(self, by_mm: float) -> None:
        """See `Tracker.move_count`."""
        if self._belt_mm is not None:
            self._belt_mm += by_mm

    def _same(self, boxes: NDArray[np.float64]) -> dict[int, int]:
        """The outline of the last look that lies where a sighting's lies."""
        off_mm = np.abs(boxes[:, None] - self._boxes[None]).max(axis=(2, 3), initial=0.0)
        sightings, last = np.nonzero(off_mm < SAME_MM)
        return dict(zip(sightings.tolist(), last.tolist(), strict=True))

    def _count(self, boxes: NDArray[np.float64], same: dict[int, int], way_mm: float) -> None:
        assert self._now is not None
        held = {s for s, k in same.items() if self._places[k].counts >= HELD_LOOKS}
        # From the foremost back, and from the hindmost on: one tells of all that lie in a row.
        stays, came = set(held), set(held)
        for s in sorted(same, key=lambda one: -boxes[one, 0, 0]):
            on = _at(boxes, boxes[s], way_mm)
            on.discard(s)
            in_view = boxes[s, 0, 0] + way_mm < self._exit_mm - IN_VIEW_MM
            if on <= stays if on else in_view:
                stays.add(s)
        sighting_of = {k: s for s, k in same.items()}
        for s in sorted(same, key=lambda one: boxes[one, 0, 0]):
            back = _at(self._boxes, boxes[s], -way_mm)
            back.discard(same[s])
            in_view = boxes[s, 0, 1] - way_mm > self._entry_mm + IN_VIEW_MM
            if {sighting_of.get(k) for k in back} <= came if back else in_view:
                came.add(s)
        for s in stays | came:
            before = self._places[same[s]]
            self._now[s] = HeldPlace(counts=before.counts + 1, tracks=before.tracks)


def _at(boxes: NDArray[np.float64], box: NDArray[np.float64], way_mm: float) -> set[int]:
    """Those that lie so far from a box along the belt; an edge of the image may cut one end off."""
    off_mm = np.abs(boxes[:, 0] - box[0] - way_mm).min(axis=1)
    rows = (boxes[:, 1, 0] < box[1, 1]) & (box[1, 0] < boxes[:, 1, 1])
    return set(np.flatnonzero(rows & (off_mm < NEXT_MM + NEXT_SHARE * abs(way_mm))).tolist())
