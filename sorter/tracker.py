"""Following items by the belt: what lies at the same place of the moving belt is one item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sorter.item import Item, Sighting, Span

SAME_SHARE = 0.3
"""Share of the shorter span that two sightings of one item have in common at the least."""
PART_SHARE = 0.8
"""Share of a cut-off sighting that lies within an item seen whole when it is a part of it."""
DECIDE_AT = 0.9
"""Share of the field of view that an item's head has passed when it is decided."""
MEMORY_MM = 300.0
"""How far beyond the field of view a decided item is remembered, should the belt run back."""
VIEWS = 3
"""Sightings shown to the classifier for each item."""


@dataclass(slots=True, kw_only=True)
class _Track:
    along: Span
    across: Span
    best: Sighting
    views: list[Sighting] = field(default_factory=list)
    decided: bool = False

    def same(self, sighting: Sighting) -> bool:
        return _shares(self.along, sighting.along) and _shares(self.across, sighting.across)

    @property
    def settled(self) -> bool:
        """Counted already, or seen as a whole."""
        return self.decided or bool(self.views)

    def holds(self, sighting: Sighting) -> bool:
        return (
            self.along.overlap_mm(sighting.along) > PART_SHARE * sighting.along.size_mm
            and self.across.overlap_mm(sighting.across) > PART_SHARE * sighting.across.size_mm
        )

    def add(self, sighting: Sighting) -> None:
        if self.decided:
            return
        if sighting.complete:
            self.views.append(sighting)
            self.views.sort(key=lambda view: abs(view.from_reference_mm))
            del self.views[VIEWS:]
            self.best = self.views[0]
            self.along, self.across = sighting.along, sighting.across
        elif not self.views:
            # An item that enters grows from frame to frame until its tail is in view.
            self.along = self.along.hull(sighting.along)
            self.across = self.across.hull(sighting.across)
            self.best = sighting


def _shares(one: Span, other: Span) -> bool:
    return one.overlap_mm(other) > SAME_SHARE * min(one.size_mm, other.size_mm)


class Tracker:
    """Keeps one track an item, from its first sighting until it has left for good."""

    def __init__(
        self, *, mm_per_tick: float, entry_mm: float, exit_mm: float, lane_edges_mm: Sequence[float]
    ) -> None:
        """Set up the field of view.

        Args:
            mm_per_tick: belt travel a tick.
            entry_mm: where the field begins, from the reference line (negative).
            exit_mm: where it ends.
            lane_edges_mm: borders between the lanes, across the belt, ascending.
        """
        self._mm_per_tick = mm_per_tick
        self._exit_mm = exit_mm
        self._decide_mm = entry_mm + DECIDE_AT * (exit_mm - entry_mm)
        self._lane_edges_mm = tuple(lane_edges_mm)
        self._tracks: list[_Track] = []
        self._items = 0

    def follow(self, tick: float, sightings: Sequence[Sighting]) -> list[Item]:
        """Take in the sightings of one frame; return the items that are now due, in belt order.

        Args:
            tick: belt position of the frame.
            sightings: all of the frame.
        """
        self._take_in(sightings)
        belt_mm = tick * self._mm_per_tick
        self._tracks = [
            track
            for track in self._tracks
            if track.along.low_mm + belt_mm < self._exit_mm + MEMORY_MM or not track.decided
        ]
        return self._decide(
            track for track in self._tracks if track.along.high_mm + belt_mm >= self._decide_mm
        )

    def finish(self) -> list[Item]:
        """The items still in view when the frames have ended."""
        return self._decide(self._tracks)

    def _take_in(self, sightings: Sequence[Sighting]) -> None:
        pairs = sorted(
            (
                (track.along.overlap_mm(sighting.along), t, s)
                for t, track in enumerate(self._tracks)
                for s, sighting in enumerate(sightings)
                if track.same(sighting)
            ),
            reverse=True,
        )
        owner: dict[int, int] = {}
        for _, t, s in pairs:
            if s not in owner and t not in owner.values():
                owner[s] = t
        # The two tips of a bent fruit enter the field before its middle does: what began as two
        # items and is one now was one all along.
        stale = {t for _, t, s in pairs if t not in owner.values() and not self._tracks[t].settled}
        for s, sighting in enumerate(sightings):
            if s in owner:
                self._tracks[owner[s]].add(sighting)
            elif not self._is_part(sighting):
                self._tracks.append(
                    _Track(along=sighting.along, across=sighting.across, best=sighting)
                )
                self._tracks[-1].add(sighting)
        self._tracks = [track for t, track in enumerate(self._tracks) if t not in stale]

    def _is_part(self, sighting: Sighting) -> bool:
        # The tips of a bent fruit may also leave the field last, apart: they are no new items.
        return not sighting.complete and any(
            track.settled and track.holds(sighting) for track in self._tracks
        )

    def _decide(self, due: Iterable[_Track]) -> list[Item]:
        waiting = [track for track in due if not track.decided]
        waiting.sort(key=lambda track: -track.along.high_mm)
        items = []
        for track in waiting:
            self._items += 1
            items.append(self._item(track))
            track.decided = True
            track.views.clear()
        return items

    def _item(self, track: _Track) -> Item:
        along = track.best.along if track.views else track.along
        lane = sum(edge <= track.across.middle_mm for edge in self._lane_edges_mm)
        return Item(
            item_id=self._items,
            lane=lane,
            reference_tick=-along.middle_mm / self._mm_per_tick,
            extent_mm=along.size_mm,
            measures=track.best.measures,
            touching=track.best.touching,
            views=tuple(track.views),
        )
