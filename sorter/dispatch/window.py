"""When an outlet has to be ordered open, so that it is open while an item passes it."""

from __future__ import annotations

from dataclasses import dataclass

from sorter.config import BeltConfig, OutletConfig
from sorter.item import Item

WINDOW_SHARE = 0.5
"""Share of an item's extent, around its middle, during which its outlet is open: wide enough for a
position that is a few millimetres off, narrow enough to leave the neighbours alone."""
NARROWEST_WINDOW_MM = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The middle part of an item, in belt ticks at the camera's reference line."""

    low: float
    high: float

    @classmethod
    def of(cls, item: Item, mm_per_tick: float) -> Core:
        """What an outlet has to meet to take the item, and must not touch to leave it."""
        half = max(NARROWEST_WINDOW_MM, WINDOW_SHARE * item.extent_mm) / 2 / mm_per_tick
        return cls(low=item.reference_tick - half, high=item.reference_tick + half)

    def meets(self, other: Core) -> bool:
        """Whether both have a place in common."""
        return self.low < other.high and other.low < self.high

    def hull(self, other: Core) -> Core:
        """From the first end to the last."""
        return Core(low=min(self.low, other.low), high=max(self.high, other.high))


class OutletWindow:
    """Place and delays of one outlet, in ticks."""

    def __init__(self, outlet: OutletConfig, belt: BeltConfig) -> None:
        """Take an outlet that is not the default one."""
        assert outlet.at_mm is not None and outlet.channel is not None
        self.channel = outlet.channel
        self._at_ticks = outlet.at_mm / belt.mm_per_tick
        self._opening_s = outlet.opening_ms / 1000
        self._closing_s = outlet.closing_ms / 1000
        self._cycle_s = outlet.cycle_ms / 1000

    @property
    def delayed(self) -> bool:
        """The ticks of its orders hang on the belt's speed."""
        return self._opening_s > 0 or self._closing_s > 0

    def open_for(self, core: Core, ticks_per_s: float) -> Core:
        """The part of the belt that the open outlet meets: the core, or more if it closes slowly.

        Args:
            core: that it has to meet.
            ticks_per_s: of the belt.
        """
        shortest = (self._closing_s - self._opening_s) * ticks_per_s + 1
        lacking = max(0.0, shortest - (core.high - core.low)) / 2
        return Core(low=core.low - lacking, high=core.high + lacking)

    def order_for(self, core: Core, ticks_per_s: float) -> tuple[int, int]:
        """Ticks `[open, close)` for the board: ahead of the belt by what the outlet's way takes."""
        met = self.open_for(core, ticks_per_s)
        open_tick = round(met.low + self._at_ticks - self._opening_s * ticks_per_s)
        close_tick = round(met.high + self._at_ticks - self._closing_s * ticks_per_s)
        return open_tick, max(open_tick + 1, close_tick)

    def rest_ticks(self, ticks_per_s: float) -> float:
        """Least distance of two orders of this outlet, from a closing to the next opening."""
        return self._cycle_s * ticks_per_s
