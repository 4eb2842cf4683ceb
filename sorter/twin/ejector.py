"""An outlet that takes its time: it opens and closes late, and has to push for a while."""

from __future__ import annotations

from sorter.twin.machine import TrueOutlet
from sorter.twin.placed import Laid


class Ejector:
    """One outlet between its pin and the fruit."""

    def __init__(self, outlet: TrueOutlet) -> None:
        self.outlet = outlet
        self.open = False
        """Whether it really is."""
        self._due: list[tuple[int, bool]] = []
        self._touched_us: dict[int, int] = {}

    def switch(self, level: bool, at_us: int) -> None:
        """The pin changed; the outlet follows later."""
        delay_s = self.outlet.opening_s if level else self.outlet.closing_s
        at_us += round(delay_s * 1e6)
        # A pin that falls before the outlet has opened keeps it shut, and the other way round.
        self._due = [due for due in self._due if due[0] < at_us]
        self._due.append((at_us, level))

    def next_us(self) -> int | None:
        """When it opens or closes next."""
        return self._due[0][0] if self._due else None

    def follow(self, now_us: int) -> None:
        """Open or close, if that is due."""
        while self._due and self._due[0][0] <= now_us:
            self.open = self._due.pop(0)[1]
            if not self.open:
                self._touched_us.clear()

    def pushes(self, laid: Laid, from_mm: float, to_mm: float, now_us: int) -> bool:
        """Whether an item goes over the edge, the belt having run from one travel to another.

        The open outlet has to meet its middle part for `push_s` on end.
        """
        item, outlet = laid.produce, self.outlet
        half_mm = (item.along_mm * outlet.hold_share + outlet.reach_mm) / 2
        middle_mm = item.at_mm + outlet.at_mm
        low_mm, high_mm = min(from_mm, to_mm), max(from_mm, to_mm)
        met = middle_mm - half_mm <= high_mm and middle_mm + half_mm >= low_mm
        if not (self.open and met and item.lane == outlet.lane):
            self._touched_us.pop(item.number, None)
            return False
        since_us = self._touched_us.setdefault(item.number, now_us)
        return now_us - since_us >= outlet.push_s * 1e6
