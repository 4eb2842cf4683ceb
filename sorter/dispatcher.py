"""From a verdict to a shot: which outlet opens, and where the belt is then."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.board import Shot
from sorter.config import OutletConfig, SorterConfig
from sorter.decision import Decision
from sorter.item import Item
from sorter.verdict import Verdict, Why

WINDOW_SHARE = 0.5
"""Share of an item's extent, around its middle, during which its outlet is open: wide enough for a
position that is a few millimetres off, narrow enough to leave the neighbours alone."""
NARROWEST_WINDOW_MM = 10.0
LEAD_S = 0.03
"""Time that a shot needs to reach the board: one frame's work, one heartbeat's queueing on the wire
and a USB latency timer of 16 ms."""


class Dispatcher:
    """Sends each item to the outlet that takes its grade, or lets it ride."""

    def __init__(self, config: SorterConfig) -> None:
        """Take the outlets and the belt from the configuration."""
        self._default = config.default_outlet.name
        self._mm_per_tick = config.belt.mm_per_tick
        self._lead_ticks = LEAD_S * config.belt.speed_mm_per_s / config.belt.mm_per_tick
        self._outlets = {
            (outlet.lane, grade): outlet for outlet in config.outlets for grade in outlet.grades
        }
        self._default_grades = set(config.default_outlet.grades)

    def dispatch(
        self, item: Item, verdict: Verdict, *, tick: float, time_s: float, lot: str
    ) -> Decision:
        """Decide about one item.

        Args:
            item: with its belt position.
            verdict: its grade.
            tick: where the belt is now.
            time_s: capture time of the frame that made the item due.
            lot: that the item belongs to.
        """
        outlet = None
        shot = None
        if verdict.grade is not None:
            outlet = self._outlets.get((item.lane, verdict.grade))
            if outlet is None and verdict.grade not in self._default_grades:
                verdict = replace(verdict, grade=None, why=Why.NO_OUTLET)
        if outlet is not None and not outlet.default:
            shot = self._shot(item, outlet)
            if shot.open_tick < tick + self._lead_ticks:
                verdict, outlet, shot = replace(verdict, grade=None, why=Why.TOO_LATE), None, None
        return Decision(
            item=replace(item, views=()),
            verdict=verdict,
            outlet=self._default if outlet is None else outlet.name,
            shot=shot,
            lot=lot,
            time_s=time_s,
        )

    def _shot(self, item: Item, outlet: OutletConfig) -> Shot:
        assert outlet.at_mm is not None and outlet.channel is not None
        middle = item.reference_tick + outlet.at_mm / self._mm_per_tick
        open_mm = max(NARROWEST_WINDOW_MM, WINDOW_SHARE * item.extent_mm)
        half = open_mm / 2 / self._mm_per_tick
        return Shot(
            item_id=item.item_id,
            channel=outlet.channel,
            open_tick=round(middle - half),
            close_tick=max(round(middle - half) + 1, round(middle + half)),
        )
