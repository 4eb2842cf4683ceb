"""What is known of one item while it passes the camera."""

from __future__ import annotations

from dataclasses import dataclass, field

from sorter.item import Sighting, Span
from sorter.verdict import Why

VIEWS = 6
"""Sightings of each item that are kept; the sharpest of them are shown to the classifier."""
VANISHED_FRAMES = 3
"""An item that lay in full view and was not seen in so many frames has left its place."""


@dataclass(slots=True, kw_only=True)
class Track:
    """One item, at its place on the moving belt."""

    along: Span
    across: Span
    best: Sighting
    """The view nearest to the reference line; while none is complete, the last sighting."""
    views: list[Sighting] = field(default_factory=list)
    """Complete sightings, best first: those that show it alone, then those nearest to the reference
    line."""
    doubt: Why | None = None
    decided: bool = False
    times: int = 0
    """Frames that it was seen in."""
    missed: int = 0
    """Frames since then that showed its place and not the item."""

    @classmethod
    def of(cls, sighting: Sighting) -> Track:
        """Begin with a first sighting."""
        track = cls(along=sighting.along, across=sighting.across, best=sighting)
        track.add(sighting)
        return track

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

    def add(self, sighting: Sighting) -> None:
        """Take in a sighting of this item."""
        self.times += 1
        self.missed = 0
        if self.decided or (sighting.touching and self.alone):
            return
        if sighting.complete:
            self.views.append(sighting)
            self.views.sort(key=lambda view: (view.touching, abs(view.from_reference_mm)))
            del self.views[VIEWS:]
            self.best = self.views[0]
            self.along, self.across = sighting.along, sighting.across
        elif not self.views:
            # An item that enters grows from frame to frame until its tail is in view.
            self.along = self.along.hull(sighting.along)
            self.across = self.across.hull(sighting.across)
            self.best = sighting

    def close(self) -> tuple[Sighting, ...]:
        """Decide it now: the views that count, best first. No frame is held on to any longer."""
        views = tuple(view for view in self.views if not (self.alone and view.touching))
        if self.doubt is None and self.vanished:
            self.doubt = Why.VANISHED
        if self.doubt is None and (views[0] if views else self.best).touching:
            self.doubt = Why.DOUBLE
        self.decided = True
        self.views.clear()
        return views
