"""Marks on the moving belt: which items were in or past the camera's view at some moment.

A mark lies where the camera's field begins at that moment, and moves on with the belt. What has its
head beyond the mark was in view, or past it; what has not, came later. A belt that slows, stops or
runs back changes nothing of that.
"""

from __future__ import annotations

from collections import deque

from sorter.item import Item

LOTS_KEPT = 64


class BeltMarks:
    """Where the lots begin, and up to where items may have been moved by hands.

    Places are in mm on the belt itself, as `Sighting.along`.
    """

    def __init__(self, *, mm_per_tick: float, entry_mm: float, lot: str) -> None:
        """Begin with a lot that everything belongs to.

        Args:
            mm_per_tick: belt travel a tick.
            entry_mm: where the field of view begins, from the reference line (negative).
            lot: its name.
        """
        self._mm_per_tick = mm_per_tick
        self._entry_mm = entry_mm
        self._first_lot = lot
        self._lots: deque[tuple[float, str]] = deque(maxlen=LOTS_KEPT)
        self._touched_mm: float | None = None
        self._doubtful_mm: float | None = None

    @property
    def lot(self) -> str:
        """The one that is open."""
        return self._lots[-1][1] if self._lots else self._first_lot

    def open_lot(self, name: str, tick: float) -> None:
        """What enters the field of view from now on belongs to a new lot."""
        if len(self._lots) == LOTS_KEPT:
            self._first_lot = self._lots[0][1]
        self._lots.append((self._mark_mm(tick), name))

    def lot_of(self, item: Item) -> str:
        """The lot that was open when the item's head entered the field of view."""
        head_mm = self._head_mm(item)
        names = (name for mark_mm, name in reversed(self._lots) if head_mm <= mark_mm)
        return next(names, self._first_lot)

    def touched(self, tick: float) -> None:
        """Hands may have moved whatever is in or past the field of view now."""
        self._touched_mm = self._further(self._touched_mm, tick)

    def may_have_moved(self, item: Item) -> bool:
        """Whether it was in or past the field of view at such a moment."""
        return self._touched_mm is not None and self._head_mm(item) > self._touched_mm

    def doubtful(self, tick: float) -> None:
        """What the camera shows now is in doubt."""
        self._doubtful_mm = self._further(self._doubtful_mm, tick)

    def is_doubtful(self, item: Item) -> bool:
        """Whether it was in or past the field of view at such a moment."""
        return self._doubtful_mm is not None and self._head_mm(item) > self._doubtful_mm

    def _further(self, mark_mm: float | None, tick: float) -> float:
        """The mark that lies further back on the belt: it may have run back since the old one."""
        now_mm = self._mark_mm(tick)
        return now_mm if mark_mm is None else min(mark_mm, now_mm)

    def _mark_mm(self, tick: float) -> float:
        return self._entry_mm - tick * self._mm_per_tick

    def _head_mm(self, item: Item) -> float:
        return item.extent_mm / 2 - item.reference_tick * self._mm_per_tick
