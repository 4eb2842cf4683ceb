"""Following items by the belt: what lies at the same place of the moving belt is one item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sorter.held_places import HeldPlaces
from sorter.item import Item, Sighting, Span
from sorter.overlap import Overlaps, duplicates, overlaps
from sorter.track import Track
from sorter.verdict import Why

DECIDE_AT = 0.9
"""Share of the field of view that an item's head has passed when it is decided."""
MEMORY_MM = 300.0
"""How far beyond the field of view a decided item is remembered, should the belt run back."""
IN_VIEW_MM = 10.0
"""A place that lies so far inside the field is certain to be seen."""
SAME_ROWS = 0.5
"""Share of the narrower of two places that both have in common across the belt."""
REST_MM = 20.0
"""So far from its place may lie what the edge still shows of an item that leaves: the lens looks at
it aslant there, and of a mere sliver nobody knows how high it is."""

MOST_DEVELOPED = 6
"""Steps in one frame; 40 items a second need five at 60 frames."""


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
        self._entry_mm = entry_mm
        self._exit_mm = exit_mm
        self._decide_mm = entry_mm + DECIDE_AT * (exit_mm - entry_mm)
        self._lane_edges_mm = tuple(lane_edges_mm)
        self._tracks: list[Track] = []
        self._items = 0
        self.glints = 0
        """Places that looked like an item in one frame, and in none of the next ones."""
        self.slid = 0
        """Items that did not keep their place on the belt: something held them."""
        self._slid_ids: list[int] = []
        self._held = HeldPlaces(entry_mm=entry_mm, exit_mm=exit_mm)
        self._frame = 0
        self._belt_mm: float | None = None
        self._step_mm = 0.0

    def follow(
        self, tick: float, sightings: Sequence[Sighting], *, blind: bool = False
    ) -> list[Item]:
        """Take in the sightings of one frame; return the items that are now due, in belt order.

        Args:
            tick: belt position of the frame.
            sightings: all of the frame.
            blind: the frame shows nothing reliable; what is due now is sent nowhere.
        """
        belt_mm = tick * self._mm_per_tick
        self._step_mm = 0.0 if self._belt_mm is None else abs(belt_mm - self._belt_mm)
        self._belt_mm = belt_mm
        self._frame += 1
        if not blind:
            self._take_in(sightings, belt_mm)
            self._count_slid()
        self._tracks = [
            track
            for track in self._tracks
            if not track.decided
            or track.along.low_mm + belt_mm < self._exit_mm + MEMORY_MM
            or track.slide.lately(self._frame)
        ]
        due = [
            track
            for track in self._tracks
            if not track.decided and track.along.high_mm + belt_mm >= self._decide_mm
        ]
        if blind:
            for track in due:
                track.doubt = Why.BLIND
        return self._decide(due)

    def move_count(self, by_mm: float) -> None:
        """The belt is counted from elsewhere, and has not moved: what lies on it stays in view.

        Args:
            by_mm: what the same place of the belt's way is counted more than before.
        """
        if self._belt_mm is not None:
            self._belt_mm += by_mm
        self._held.move_count(by_mm)
        for track in self._tracks:
            track.move_count(by_mm)

    def finish(self) -> list[Item]:
        """The items still in view when the frames have ended."""
        return self._decide(track for track in self._tracks if not track.decided)

    @property
    def jammed(self) -> bool:
        """Something holds an item in sight, and the belt runs on beneath it."""
        return self.slid > 0 and any(one.slide.jammed(self._frame) for one in self._tracks)

    def take_slid(self) -> list[int]:
        """Decided items that since then left their place, as it turned out; each once."""
        slid, self._slid_ids = self._slid_ids, []
        return slid

    def develop(self, side_px: int) -> None:
        """Work ahead on the items that will be due, the first of them first.

        Call once a frame, when what was due has been sent: it makes photos and measures that
        deciding asks for, and lets go of the frames that they are of.

        Args:
            side_px: of the photos.
        """
        if self._belt_mm is None:
            return
        left = MOST_DEVELOPED
        for track in sorted(self._tracks, key=lambda one: -one.along.high_mm):
            if not track.decided and track.develop(side_px, self._belt_mm, self._step_mm):
                left -= 1
                if not left:
                    return

    def coming(self) -> list[tuple[int, Span]]:
        """Lane and place on the belt of everything that is in sight and not decided."""
        return [(self._lane(track), track.along) for track in self._tracks if not track.decided]

    def _take_in(self, sightings: Sequence[Sighting], belt_mm: float) -> None:
        dropped = duplicates(sightings)
        sightings = [s for k, s in enumerate(sightings) if k not in dropped]
        held = self._take_in_held(sightings, belt_mm)
        if held:
            self._tracks = [track for track in self._tracks if track not in held.values()]
        numbers = [s for s in range(len(sightings)) if s not in held]
        sightings = [sightings[s] for s in numbers]
        tracks = self._tracks
        pairs = overlaps(tracks, sightings)
        owners = _owners(pairs)
        merged = self._merged(sightings, pairs)
        parts, holders, alike = (
            _places(mask) for mask in (pairs.second_in_first, pairs.second_in_first.T, pairs.same.T)
        )
        unseen = set(range(len(tracks))) - set(owners.values())
        stale: set[int] = set()
        new: list[Track] = []
        for s, sighting in enumerate(sightings):
            if s in merged:
                unseen -= merged[s]
                continue
            if s not in owners:
                if not (
                    self._is_part(sighting, holders[s])
                    or self._is_rest(sighting, belt_mm)
                    or self._is_held(sighting, unseen, belt_mm)
                ):
                    new.append(Track.of(sighting, self._frame))
                    self._held.followed(numbers[s], new[-1])
                continue
            track = tracks[owners[s]]
            self._held.followed(numbers[s], track)
            self._part_from_mates(track, sighting, [sightings[k] for k in parts[owners[s]]])
            track.add(sighting, self._frame)
            # The two tips of a bent fruit enter the field before its middle does: what began as
            # two items and is one now was one all along.
            stale |= {t for t in alike[s] if t in unseen and not tracks[t].settled}
        for t in unseen - stale:
            self._miss(tracks[t], belt_mm)
        left = [track for t, track in enumerate(tracks) if t not in stale]
        lasting = [track for track in left if not track.glint]
        self.glints += len(left) - len(lasting)
        self._tracks = lasting + new + list(held.values())

    def _take_in_held(self, sightings: Sequence[Sighting], belt_mm: float) -> dict[int, Track]:
        """The tracks of what stays in the image, by the number of the sighting: these do not move.

        Until that was known, what is held was taken for other items, and they for it: none of them
        is where it should be, and those of them that nothing shows now have never been.
        """
        places = self._held.look(sightings, belt_mm)
        held: dict[int, Track] = {}
        if not places:
            return held
        followed = {track for place in places.values() for track in place.tracks}
        followed.update(
            track
            for track in self._tracks
            for s in places
            if track.across.overlap_mm(sightings[s].across) > 0
            and track.slide.stopped_at(sightings[s], self._frame)
        )
        for track in followed:
            track.slide.slid = True
        left = followed.intersection(self._tracks)
        for s, place in places.items():
            first = next((track for track in place.tracks if track in left), None)
            if first is not None:
                left.discard(first)
                first.slide.hold(sightings[s], self._frame)
                first.times, first.missed = first.times + 1, 0
                held[s] = first
        self._tracks = [track for track in self._tracks if track.decided or track not in left]
        return held

    def _merged(self, sightings: Sequence[Sighting], pairs: Overlaps) -> dict[int, set[int]]:
        """Sightings that show several known items as one, and the items.

        Where such a sighting looks like a single item, one view or the other is wrong: the items
        are doubtful. They are not when it is seen to be a double.
        """
        merged: dict[int, set[int]] = {}
        held = pairs.first_in_second
        for s in np.flatnonzero(held.sum(axis=0) >= 2).tolist():
            within = {t for t in np.flatnonzero(held[:, s]).tolist() if self._tracks[t].settled}
            if len(within) < 2:
                continue
            merged[s] = within
            if sightings[s].complete and not sightings[s].touching:
                for t in within:
                    self._tracks[t].doubt = Why.DOUBLE
        return merged

    def _part_from_mates(
        self, track: Track, sighting: Sighting, inside: Sequence[Sighting]
    ) -> None:
        """Several whole items where one was known: it was a double, whatever its views showed."""
        if track.decided or not track.views or not sighting.complete:
            return
        if len(inside) < 2 or sum(one.complete for one in inside) < 2:
            return
        if track.alone:
            track.doubt = Why.DOUBLE
        track.views.clear()

    def _is_part(self, sighting: Sighting, holders: Iterable[int]) -> bool:
        # The tips of a bent fruit may also leave the field last, apart: they are no new items. Nor
        # is anything that lies within an item that was decided.
        return any(
            self._tracks[t].decided or (self._tracks[t].settled and not sighting.complete)
            for t in holders
        )

    def _is_rest(self, sighting: Sighting, belt_mm: float) -> bool:
        """The edge shows the last of an item that was decided, a little aside of its place."""
        if sighting.complete:
            return False
        if sighting.along.high_mm + belt_mm <= self._exit_mm - IN_VIEW_MM:
            return False
        for track in self._tracks:
            if (
                track.decided
                and track.across.overlap_mm(sighting.across) > 0
                and track.along.gap_mm(sighting.along) < REST_MM
            ):
                track.slide.add(sighting, self._frame)
                return True
        return False

    def _is_held(self, sighting: Sighting, unseen: Iterable[int], belt_mm: float) -> bool:
        """It did not enter, it goes on where an item was that the belt should have carried on.

        A jammed fruit stays in the image while its place on the belt runs away from under it.
        """
        if sighting.along.low_mm + belt_mm < self._entry_mm + IN_VIEW_MM:
            return False
        for track in (self._tracks[t] for t in unseen):
            rows_mm = min(track.across.size_mm, sighting.across.size_mm)
            if (
                (track.decided or track.slide.slid)
                and track.across.overlap_mm(sighting.across) > SAME_ROWS * rows_mm
                and track.slide.goes_on(sighting, self._frame)
            ):
                track.slide.hold(sighting, self._frame)
                return True
        return False

    def _count_slid(self) -> None:
        for track in self._tracks:
            if track.slide.slid and not track.told:
                track.told = True
                self.slid += 1
                if track.item_id is not None:
                    self._slid_ids.append(track.item_id)

    def _miss(self, track: Track, belt_mm: float) -> None:
        low_mm, high_mm = track.along.low_mm + belt_mm, track.along.high_mm + belt_mm
        if low_mm > self._entry_mm + IN_VIEW_MM and high_mm < self._exit_mm - IN_VIEW_MM:
            track.missed += 1

    def _lane(self, track: Track) -> int:
        return sum(edge <= track.across.middle_mm for edge in self._lane_edges_mm)

    def _decide(self, due: Iterable[Track]) -> list[Item]:
        return [self._item(track) for track in sorted(due, key=lambda one: -one.along.high_mm)]

    def _item(self, track: Track) -> Item:
        best = track.best
        along = best.along if track.views else track.along
        self._items += 1
        views = track.close(self._items)
        if track.doubt is Why.DOUBLE and track.joined is not None:
            along = track.along
        return Item(
            item_id=self._items,
            lane=self._lane(track),
            reference_tick=-along.middle_mm / self._mm_per_tick,
            extent_mm=along.size_mm,
            measures=best.measures,
            doubt=track.doubt,
            views=views,
        )


def _places(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[list[int]]:
    """For each row, the columns in which it holds."""
    found: list[list[int]] = [[] for _ in mask]
    for row, column in np.argwhere(mask).tolist():
        found[row].append(column)
    return found


def _owners(pairs: Overlaps) -> dict[int, int]:
    """The track of each sighting: one each, the pairs that share most first."""
    tracks, sightings = np.nonzero(pairs.same)
    order = np.argsort(-pairs.area_mm2[tracks, sightings], kind="stable")
    owners: dict[int, int] = {}
    taken: set[int] = set()
    for t, s in zip(tracks[order].tolist(), sightings[order].tolist(), strict=True):
        if s not in owners and t not in taken:
            owners[s] = t
            taken.add(t)
    return owners
