"""Does an item stay where it lies on the belt, or does something hold it while the belt runs on?"""

from __future__ import annotations

from sorter.item import Sighting

SLID_MM = 8.0
SLID_SHARE = 0.1
"""By so much, in mm and as a share of its length, an item's middle may wander on the belt: round
fruit rocks, and outlines differ a little from frame to frame."""
WAY_SHARE = 0.1
"""And by this share of the belt's way: the scale may be off by some per cent, and so may be the
place of what is high and seen aslant."""
WAY_MM = 100.0
"""Of the belt, after which the place is marked anew: an item that stayed for long, and then is
held, must not be let pass for that."""
AGREE_FRAMES = 3
"""In a row that have to show it out of its place."""
SIZE_SHARE = 0.15
"""Outlines that differ by more of their length are not held against each other; what differs by
less has its middle within `SLID_SHARE`."""
STILL_MM = 5.0
"""What moves by less from frame to frame stays in its place in the image."""
LATELY_FRAMES = 3
LATELY_MM = 60.0
"""What was not seen in so many frames, or while so much belt ran by, may be anywhere: another item
may well have come to lie in its place in the image."""
JAM_MM = 300.0
"""Of the belt that has run on beneath an item: it will hardly come free by itself."""


class Slide:
    """Where one item was seen, and whether it keeps its place on the belt."""

    __slots__ = ("_at_mm", "_frame", "_mark", "_off", "_start_mm", "seen", "slid")

    def __init__(self, sighting: Sighting, frame: int) -> None:
        """Begin with a first sighting, in the frame of this number."""
        self.seen = sighting.along
        """Where it was last seen."""
        self.slid = False
        """It does not keep its place."""
        self._at_mm = sighting.from_reference_mm
        self._start_mm = sighting.along.middle_mm
        self._frame = frame
        self._mark: tuple[float, float, float] | None = None
        self._off = 0

    def add(self, sighting: Sighting, frame: int) -> None:
        """It was seen again, in the frame of this number."""
        self.seen, self._at_mm, self._frame = sighting.along, sighting.from_reference_mm, frame
        if not sighting.complete or sighting.touching:
            return
        low_mm, high_mm, at_mm = self.seen.low_mm, self.seen.high_mm, self._at_mm
        size_mm, middle_mm = high_mm - low_mm, (low_mm + high_mm) / 2
        was_size_mm, was_middle_mm, was_at_mm = self._mark or (size_mm, middle_mm, at_mm)
        slid_mm = middle_mm - was_middle_mm
        way_mm = abs(at_mm - was_at_mm - slid_mm)
        alike = abs(size_mm - was_size_mm) <= SIZE_SHARE * size_mm
        if alike and abs(slid_mm) > max(SLID_MM, SLID_SHARE * size_mm, WAY_SHARE * way_mm):
            self._off += 1
            self.slid = self.slid or self._off >= AGREE_FRAMES
            return
        self._off = 0
        if self._mark is None or not alike or way_mm > WAY_MM:
            self._mark = size_mm, middle_mm, at_mm

    def move_count(self, by_mm: float) -> None:
        """See `Tracker.move_count`."""
        self.seen = self.seen.moved(-by_mm)
        self._start_mm -= by_mm
        # Some millimetres of the belt's way may have been lost with the old count.
        self._mark, self._off = None, 0

    def lately(self, frame: int) -> bool:
        """Whether it was seen shortly before the frame of this number."""
        return frame - self._frame <= LATELY_FRAMES

    def jammed(self, frame: int) -> bool:
        """Whether it is in sight, and has been held for long."""
        far = abs(self.seen.middle_mm - self._start_mm) > JAM_MM
        return self.slid and far and self.lately(frame)

    def goes_on(self, sighting: Sighting, frame: int) -> bool:
        """Whether a sighting that is not at the item's place is the item all the same.

        Args:
            sighting: in its rows.
            frame: number of its frame.
        """
        moved_mm = sighting.from_reference_mm - self._at_mm
        way_mm = abs(moved_mm - (sighting.along.middle_mm - self.seen.middle_mm))
        if not self.lately(frame) or way_mm > LATELY_MM:
            return False
        return abs(moved_mm) < STILL_MM or self.seen.overlap_mm(sighting.along) > 0

    def stopped_at(self, sighting: Sighting, frame: int) -> bool:
        """Whether it was lost from sight on its way past this place, not long ago.

        Args:
            sighting: in its rows, of something that is held.
            frame: number of its frame.
        """
        moved_mm = sighting.from_reference_mm - self._at_mm
        way_mm = moved_mm - (sighting.along.middle_mm - self.seen.middle_mm)
        since = frame - self._frame
        return LATELY_FRAMES <= since <= 2 * LATELY_FRAMES and -STILL_MM < moved_mm < way_mm

    def hold(self, sighting: Sighting, frame: int) -> None:
        """It is the item, and something holds it."""
        self.add(sighting, frame)
        self.slid = True
