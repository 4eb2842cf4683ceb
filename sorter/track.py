"""What is known of one item while it passes the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sorter.item import Sighting, Span
from sorter.slide import Slide
from sorter.verdict import Why
from sorter.view import View

VIEWS = 6
"""Sightings of each item that are kept; the sharpest of them are shown to the classifier."""
SAME_PLACE_MM = 1.0
"""Belt travel within which a second view shows nothing new: under a standing belt an item would
otherwise come to hold six frames of its own."""
VANISHED_FRAMES = 3
"""An item that lay in full view and was not seen in so many frames has left its place."""


@dataclass(slots=True, kw_only=True, eq=False)
class Track:
    """One item, at its place on the moving belt."""

    along: Span
    across: Span
    slide: Slide
    last: View | None = None
    """The last sighting, while none is complete."""
    views: list[View] = field(default_factory=list)
    """Complete sightings, best first: those that show it alone, then those nearest to the reference
    line."""
    doubt: Why | None = None
    item_id: int | None = None
    """Once it is decided."""
    times: int = 0
    """Frames that it was seen in."""
    missed: int = 0
    """Frames since then that showed its place and not the item."""
    shown_alone: int = 0
    """Places in the field at which it was seen whole, and without a doubt that it is one."""
    shown_touching: int = 0
    """Places at which it was seen whole, but perhaps not alone."""
    shown: tuple[float, bool] = (math.inf, False)
    """The last one: from the reference line, and whether it was touching."""

    joined: tuple[Span, Span] | None = None
    """Along and across: what all those showed together."""

    told: bool = False
    """That it slid was counted."""

    @classmethod
    def of(cls, sighting: Sighting, frame: int) -> Track:
        """Begin with a first sighting, in the frame of this number."""
        slide = Slide(sighting, frame)
        track = cls(along=sighting.along, across=sighting.across, slide=slide)
        track.add(sighting, frame)
        return track

    @property
    def decided(self) -> bool:
        """It has become an item."""
        return self.item_id is not None

    @property
    def best(self) -> View:
        """The one that tells its size, until it is decided: the first of the views, or the last."""
        if self.views:
            return self.views[0]
        assert self.last is not None
        return self.last

    @property
    def settled(self) -> bool:
        """Counted already, or seen as a whole."""
        return self.decided or bool(self.views)

    @property
    def alone(self) -> bool:
        """Some view shows it whole and without a doubt that it is one."""
        return bool(self.views) and not self.views[0].touching

    @property
    def vanished(self) -> bool:
        """It is no longer where the belt must have carried it."""
        return self.missed >= VANISHED_FRAMES

    @property
    def glint(self) -> bool:
        """Seen once and never again: a glint, or a fly."""
        return self.times == 1 and self.vanished and not self.decided

    def add(self, sighting: Sighting, frame: int) -> None:
        """Take in a sighting of this item, in the frame of this number."""
        self.times += 1
        self.missed = 0
        self.slide.add(sighting, frame)
        self._count(sighting)
        if self.decided:
            return
        if sighting.complete and sighting.touching:
            along, across = self.joined or (sighting.along, sighting.across)
            self.joined = along.hull(sighting.along), across.hull(sighting.across)
        if sighting.touching and self.alone:
            return
        if sighting.complete:
            self.last = None
            if not self._was_seen_here(sighting):
                self.views.append(View(sighting))
                self.views.sort(key=lambda view: (view.touching, abs(view.from_reference_mm)))
                # While each view is better placed than all before it, half of the best places are
                # still to come: no need to hold on to more frames.
                comes = self.views[0].from_reference_mm == sighting.from_reference_mm
                del self.views[VIEWS // 2 + 1 if comes else VIEWS :]
            self.along, self.across = sighting.along, sighting.across
        elif not self.views:
            # An item that enters grows from frame to frame until its tail is in view.
            self.along = self.along.hull(sighting.along)
            self.across = self.across.hull(sighting.across)
            self.last = View(sighting)

    def _count(self, sighting: Sighting) -> None:
        at_mm, touching = self.shown
        moved = abs(sighting.from_reference_mm - at_mm) >= SAME_PLACE_MM
        if sighting.complete and (moved or sighting.touching != touching):
            self.shown = sighting.from_reference_mm, sighting.touching
            self.shown_touching += sighting.touching
            self.shown_alone += not sighting.touching

    def _was_seen_here(self, sighting: Sighting) -> bool:
        return any(
            abs(view.from_reference_mm - sighting.from_reference_mm) < SAME_PLACE_MM
            and view.touching <= sighting.touching
            for view in self.views
        )

    def move_count(self, by_mm: float) -> None:
        """See `Tracker.move_count`."""
        self.along = self.along.moved(-by_mm)
        self.slide.move_count(by_mm)
        if self.joined is not None:
            self.joined = self.joined[0].moved(-by_mm), self.joined[1]
        for view in (*self.views, *([] if self.last is None else [self.last])):
            view.along = view.along.moved(-by_mm)

    def develop(self, side_px: int, belt_mm: float, step_mm: float) -> bool:
        """Take a step towards the photos and measures that deciding will ask for.

        Each costs a millisecond or more, and all at once would delay the shot. Only views are
        developed that no later one will be better placed than, if the belt goes on as it does; the
        oldest of them first, for its frame's sake.

        Args:
            side_px: of the photos.
            belt_mm: belt travel at the last frame.
            step_mm: belt travel from frame to frame.

        Returns:
            There was something to do.
        """
        passed_mm = abs(self.along.middle_mm + belt_mm) - SAME_PLACE_MM
        nearest_mm = max(passed_mm, VIEWS / 2 * step_mm)
        for view in self.views[1:]:
            if view.has_photo:
                # The first alone is measured.
                view.let_go()
        # Measures cost the most, so they wait until it is sure whose they are.
        for best in self.views[:1]:
            sure = abs(best.from_reference_mm) <= passed_mm
            if sure and best.has_photo and not best.developed:
                best.measure()
                best.let_go()
                return True
        for view in sorted(self.views, key=lambda view: view.from_reference_mm):
            if not view.has_photo and abs(view.from_reference_mm) <= nearest_mm:
                view.make_photo(side_px)
                return True
        return False

    def close(self, item_id: int) -> tuple[View, ...]:
        """Decide it now: the views that count, best first. No frame is held on to any longer."""
        views = tuple(view for view in self.views if not (self.alone and view.touching))
        if self.doubt is None and (self.vanished or self.slide.slid):
            self.doubt = Why.VANISHED
        touching = (views[0] if views else self.best).touching
        # Where items touch, a cut that looks sure in one frame may be in the wrong place.
        if self.doubt is None and (touching or self.shown_touching > self.shown_alone):
            self.doubt = Why.DOUBLE
        if self.doubt is Why.DOUBLE and self.joined is not None:
            # A double lies wherever any view showed a part of it: no neighbour's shot may meet it.
            self.along = self.along.hull(self.joined[0])
            self.across = self.across.hull(self.joined[1])
        self.item_id = item_id
        self.last = None
        self.views.clear()
        return views
