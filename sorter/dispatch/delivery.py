"""Where items really went: the board's reports and the downstream beam, matched by position.

Never in order of arrival: an item too many or too few would shift every one after it.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, replace

from firmware_bridge.board import BoardBeam, Outcome, Reason, ShotReport
from sorter.config import SorterConfig
from sorter.decision import Decision
from sorter.dispatch.window import Core
from sorter.verdict import Why

TOLERANCE_MM = 10.0
"""By how much an item may be off its place at the beam."""
WAIT_MM = 100.0
"""Belt travel after which the beam's edges have come, repeats of lost ones included."""
MEMORY_MM = 500.0
"""Items are remembered so far beyond the end of the belt, should it run back."""


class Missort(enum.Enum):
    """An item that did not go where it was sent."""

    MISSED = "missed"
    """Its outlet was not open while it passed, though the board fired."""
    STAYED = "stayed"
    """Its outlet was open, but the beam saw it on the belt afterwards."""
    CAUGHT = "caught"
    """On its way it passed an outlet that was open for another item, and no beam saw it later."""
    LOST = "lost"
    """It should have ridden, and never came to the beam."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is known of one item's end."""

    item_id: int
    seen: bool | None
    """By the downstream beam; None where there is none in its lane."""
    missort: Missort | None


@dataclass(slots=True, kw_only=True)
class _Way:
    decision: Decision
    report: ShotReport | None = None
    ticks_per_s: float = 0.0
    """Of the belt when the report came, which is soon after the outlet has closed."""
    seen: bool = False
    told: bool = False


class DeliveryBook:
    """Every decided item until it has left the belt."""

    def __init__(self, config: SorterConfig) -> None:
        """Take outlets, belt and beam."""
        self._mm_per_tick = config.belt.mm_per_tick
        self._outlets = {outlet.name: outlet for outlet in config.outlets}
        self._beam = config.board.passed_beam
        self._end_ticks = (config.belt.length_mm + MEMORY_MM) / config.belt.mm_per_tick
        self._ways: dict[int, _Way] = {}
        self._blocked_tick: int | None = None
        self._tick: float | None = None
        self.strays = 0
        """Times that the beam was interrupted where no item can have been."""

    def note(self, decision: Decision) -> None:
        """An item was decided."""
        self._ways[decision.item.item_id] = _Way(decision=replace(decision, photos=()))

    def report(self, report: ShotReport, *, ticks_per_s: float) -> None:
        """An item's shot has ended.

        Args:
            report: as the board gives it.
            ticks_per_s: how fast the belt runs.
        """
        way = self._ways.get(report.item_id)
        if way is not None and way.report is None:
            way.report, way.ticks_per_s = report, max(0.0, ticks_per_s)

    def beam(self, edge: BoardBeam) -> None:
        """A beam was interrupted or is free again."""
        if self._beam is None or edge.beam != "passed":
            return
        if edge.blocked:
            if self._blocked_tick is not None:
                # The edge between them was lost.
                self._see(self._blocked_tick, self._blocked_tick)
            self._blocked_tick = edge.tick
            return
        since = edge.tick if self._blocked_tick is None else self._blocked_tick
        self._blocked_tick = None
        self._see(min(since, edge.tick), max(since, edge.tick))

    def forget(self) -> None:
        """Nothing on the belt is where it was: of its end nothing can be told."""
        self._ways.clear()
        self._blocked_tick = None

    def judge(self, tick: float) -> list[Delivery]:
        """The items whose end is known now, each once.

        Args:
            tick: where the belt is.
        """
        if self._tick is not None and abs(tick - self._tick) > self._end_ticks:
            # The board was reset and counts from elsewhere: nobody knows what became of these.
            self.forget()
        self._tick = tick
        known = []
        for item_id, way in list(self._ways.items()):
            if not way.told and self._is_over(way, tick):
                way.told = True
                known.append(self._delivery(way))
            if way.decision.item.reference_tick + self._end_ticks < tick:
                del self._ways[item_id]
        return known

    def _see(self, from_tick: int, to_tick: int) -> None:
        assert self._beam is not None
        at = self._beam.at_mm / self._mm_per_tick
        slack = TOLERANCE_MM / self._mm_per_tick
        low, high = from_tick - at - slack, to_tick - at + slack
        known = False
        for way in self._ways.values():
            item = way.decision.item
            if item.lane != self._beam.lane:
                continue
            half = item.extent_mm / 2 / self._mm_per_tick
            if low <= item.reference_tick <= high:
                way.seen = known = True
            known |= item.reference_tick - half < high and low < item.reference_tick + half
        self.strays += not known

    def _is_over(self, way: _Way, tick: float) -> bool:
        if self._watched(way):
            assert self._beam is not None
            last_mm = self._beam.at_mm + TOLERANCE_MM
        else:
            if way.report is None and way.decision.shot is not None:
                return False
            if self._fired(way) and not self._met(way, way):
                return True
            last_mm = self._leaves_at_mm(way)
        item = way.decision.item
        beyond_mm = last_mm + item.extent_mm / 2 + WAIT_MM
        return tick > item.reference_tick + beyond_mm / self._mm_per_tick

    def _leaves_at_mm(self, way: _Way) -> float:
        """Where its own outlet opened for it; else the last outlet of its lane that it passes."""
        if self._fired(way):
            return self._outlets[way.decision.outlet].at_mm or 0.0
        lane = way.decision.item.lane
        return max(
            (one.at_mm or 0.0 for one in self._outlets.values() if one.lane == lane), default=0.0
        )

    def _watched(self, way: _Way) -> bool:
        return self._beam is not None and way.decision.item.lane == self._beam.lane

    def _delivery(self, way: _Way) -> Delivery:
        seen = way.seen if self._watched(way) else None
        return Delivery(
            item_id=way.decision.item.item_id, seen=seen, missort=self._missort(way, seen)
        )

    def _missort(self, way: _Way, seen: bool | None) -> Missort | None:
        if self._left_its_place(way):
            return None
        if not seen and self._caught(way):
            return Missort.CAUGHT
        if way.decision.shot is not None and (
            way.report is None or way.report.outcome is Outcome.UNKNOWN
        ):
            # It may be anywhere, but nothing says that it went wrong.
            return None
        if self._fired(way):
            if not self._met(way, way):
                return Missort.MISSED
            at_mm = self._outlets[way.decision.outlet].at_mm or 0.0
            stays = seen and self._beam is not None and at_mm < self._beam.at_mm
            return Missort.STAYED if stays else None
        return Missort.LOST if seen is False else None

    def _caught(self, way: _Way) -> bool:
        """Whether it passed an outlet that was open for another item before it came to its own."""
        before_mm = self._leaves_at_mm(way) if self._fired(way) else math.inf
        return any(
            other.decision.item.lane == way.decision.item.lane
            and (self._outlets[other.decision.outlet].at_mm or 0.0) < before_mm
            and self._met(other, way)
            for other in self._ways.values()
            if other is not way
        )

    @staticmethod
    def _left_its_place(way: _Way) -> bool:
        """It jams in view, or was taken off: what passes its place on the belt is not it."""
        slid = way.report is not None and way.report.reason is Reason.SLID
        return slid or way.decision.verdict.why is Why.VANISHED

    @staticmethod
    def _fired(way: _Way) -> bool:
        return way.report is not None and way.report.outcome is Outcome.FIRED

    def _met(self, shot: _Way, way: _Way) -> bool:
        """Whether the outlet of one item was open while the middle part of another passed it."""
        report, outlet = shot.report, self._outlets[shot.decision.outlet]
        if report is None or report.open_tick is None or report.close_tick is None:
            return False
        if outlet.at_mm is None:
            return False
        at = outlet.at_mm / self._mm_per_tick
        opened = Core(
            low=report.open_tick - at + outlet.opening_ms / 1000 * shot.ticks_per_s,
            high=report.close_tick - at + outlet.closing_ms / 1000 * shot.ticks_per_s,
        )
        return opened.meets(Core.of(way.decision.item, self._mm_per_tick))
