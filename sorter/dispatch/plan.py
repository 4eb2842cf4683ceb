"""The shots that are planned: neighbours share a window, and nobody else's item is ever hit."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport
from firmware_bridge.compiled_in import ITEMS_PER_SHOT
from sorter.config import OutletConfig, SorterConfig
from sorter.dispatch.window import Core, OutletWindow
from sorter.item import Item
from sorter.verdict import Why

LEAD_S = 0.03
"""Time that a shot needs to reach the board: one frame's work, one heartbeat's queueing on the wire
and a USB latency timer of 16 ms."""
SEND_S = 2 * LEAD_S
"""A shot whose outlet opens within this time is sent, whatever may still come."""
HOLD_S = 0.15
"""A shot for an outlet with delays is sent no earlier before its opening: its ticks are ahead of
the belt by the delays at the speed of that moment, and a belt that changes its speed later shifts
it by the delay times that change."""
MEMORY_MM = 500.0
"""Items are remembered so far beyond the end of the belt, should it run back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """An item that was decided, whether it is shot or rides."""

    item_id: int
    lane: int
    core: Core
    outlet: str | None
    """None where it rides."""


@dataclass(slots=True, kw_only=True)
class Planned:
    """One window of an outlet."""

    outlet: str
    lane: int
    core: Core
    items: list[int]
    order: tuple[int, int]
    """Ticks, by the belt's speed when it was last planned."""
    sent: bool = False


class ShotPlan:
    """Decides which shots are possible, holds those that a neighbour may still join.

    All of it in belt ticks; the speed only serves to turn the outlets' delays into ticks.
    """

    def __init__(self, config: SorterConfig) -> None:
        """Take the outlets and the belt."""
        self._windows = {
            outlet.name: OutletWindow(outlet, config.belt)
            for outlet in config.outlets
            if not outlet.default
        }
        self._mm_per_tick = config.belt.mm_per_tick
        self._nominal = config.belt.speed_mm_per_s / config.belt.mm_per_tick
        self._forget_ticks = (config.belt.length_mm + MEMORY_MM) / config.belt.mm_per_tick
        self._planned: list[Planned] = []
        self._passing: list[Passing] = []
        self._reports: list[ShotReport] = []
        self._cancels: list[int] = []

    def place(
        self, item: Item, outlet: OutletConfig | None, *, tick: float, ticks_per_s: float
    ) -> Shot | Why | None:
        """Take in the next decided item.

        Args:
            item: with its place.
            outlet: that it should go to; None lets it ride.
            tick: where the belt is now.
            ticks_per_s: how fast it runs, 0 or less where that is not known.

        Returns:
            Its own window, the reason why it has to ride, or None where that was the plan.
        """
        self._forget(tick)
        own = Passing(
            item_id=item.item_id,
            lane=item.lane,
            core=Core.of(item, self._mm_per_tick),
            outlet=None if outlet is None else outlet.name,
        )
        answer: Shot | Why | None = None
        if outlet is not None:
            answer = self._plan(own, tick, ticks_per_s)
            if not isinstance(answer, Shot):
                own = replace(own, outlet=None)
        self._passing.append(own)
        self._spare(own, ticks_per_s)
        return answer

    def release(
        self, tick: float, ticks_per_s: float, *, coming: Sequence[tuple[int, Core]] | None = None
    ) -> list[Shot]:
        """The shots to send now, the nearest first.

        Args:
            tick: where the belt is.
            ticks_per_s: how fast it runs.
            coming: lane and core of what is in sight and not decided; None where that is not
                known, and only the shots that cannot wait are sent.
        """
        fastest = max(ticks_per_s, self._nominal)
        soon, held = tick + SEND_S * fastest, tick + HOLD_S * fastest
        speed = self._speed(ticks_per_s)
        shots = []
        for planned in sorted(self._planned, key=lambda one: one.order):
            if planned.sent:
                continue
            planned.order = self._windows[planned.outlet].order_for(planned.core, speed)
            if planned.order[0] > soon and (coming is None or self._may_grow(planned, coming)):
                continue
            if planned.order[0] > held and self._windows[planned.outlet].delayed:
                continue
            shot = self._send(planned, tick, speed)
            if shot is not None:
                shots.append(shot)
        return shots

    def drop_all(self, reason: Reason) -> None:
        """No shot that is planned may be fired any more; those that were sent are cancelled."""
        for planned in self._planned:
            self._drop(planned, reason)
        self._planned.clear()
        self._passing = [replace(one, outlet=None) for one in self._passing]

    def withdraw(
        self, item_ids: Collection[int], reason: Reason, *, ticks_per_s: float
    ) -> set[int]:
        """These must not be shot after all, nor what shares a window with them: they ride.

        Args:
            item_ids: whose shots have not ended.
            reason: for the reports.
            ticks_per_s: how fast the belt runs.

        Returns:
            All that ride for it.
        """
        riding = set(item_ids)
        for planned in self._planned[:]:
            if not riding.isdisjoint(planned.items):
                riding.update(planned.items)
                self._drop(planned, reason)
                self._planned.remove(planned)
        for k, passing in enumerate(self._passing):
            if passing.item_id in riding:
                self._passing[k] = replace(passing, outlet=None)
                self._spare(self._passing[k], ticks_per_s)
        return riding

    def take_reports(self) -> list[ShotReport]:
        """The ends of shots that the board never heard of, since the last call."""
        reports, self._reports = self._reports, []
        return reports

    def take_cancels(self) -> list[int]:
        """Items whose shots the board has and must not fire, since the last call."""
        cancels, self._cancels = self._cancels, []
        return cancels

    def _speed(self, ticks_per_s: float) -> float:
        # A belt that stands will run at its nominal speed when it has started.
        return ticks_per_s if ticks_per_s > 0 else self._nominal

    def _plan(self, own: Passing, tick: float, ticks_per_s: float) -> Shot | Why:
        assert own.outlet is not None
        speed, window = self._speed(ticks_per_s), self._windows[own.outlet]
        order = window.order_for(own.core, speed)
        if order[0] < tick + LEAD_S * max(ticks_per_s, self._nominal):
            return Why.TOO_LATE
        if self._foreign_in(own, own.core, speed):
            return Why.CROWDED
        shot = Shot(
            item_id=own.item_id, channel=window.channel, open_tick=order[0], close_tick=order[1]
        )
        near = [
            planned
            for planned in self._planned
            if planned.outlet == own.outlet
            and self._too_near(planned, order, max(speed, self._nominal))
        ]
        if not near:
            self._planned.append(
                Planned(
                    outlet=own.outlet,
                    lane=own.lane,
                    core=own.core,
                    items=[own.item_id],
                    order=order,
                )
            )
            return shot
        if len(near) > 1 or near[0].sent or len(near[0].items) == ITEMS_PER_SHOT:
            return Why.CROWDED
        both = near[0].core.hull(own.core)
        if self._foreign_in(own, both, speed):
            return Why.CROWDED
        joined = window.order_for(both, speed)
        if any(
            other is not near[0]
            and other.outlet == own.outlet
            and self._too_near(other, joined, max(speed, self._nominal))
            for other in self._planned
        ):
            return Why.CROWDED
        near[0].core, near[0].order = both, joined
        near[0].items.append(own.item_id)
        return shot

    def _too_near(self, planned: Planned, order: tuple[int, int], ticks_per_s: float) -> bool:
        rest = self._windows[planned.outlet].rest_ticks(ticks_per_s)
        return order[0] < planned.order[1] + rest and planned.order[0] < order[1] + rest

    def _foreign_in(self, own: Passing | Planned, core: Core, speed: float) -> bool:
        """Whether the open outlet would also meet an item that goes elsewhere."""
        assert own.outlet is not None
        met = self._windows[own.outlet].open_for(core, speed)
        return any(
            other.lane == own.lane and other.outlet != own.outlet and met.meets(other.core)
            for other in self._passing
        )

    def _spare(self, own: Passing, ticks_per_s: float) -> None:
        """Give up earlier shots that would also hit the new item, which goes elsewhere."""
        speed = self._speed(ticks_per_s)
        for planned in self._planned[:]:
            if planned.lane != own.lane or planned.outlet == own.outlet:
                continue
            if self._windows[planned.outlet].open_for(planned.core, speed).meets(own.core):
                self._drop(planned, Reason.CROWDED)
                self._planned.remove(planned)

    def _may_grow(self, planned: Planned, coming: Sequence[tuple[int, Core]]) -> bool:
        """Whether something that is in sight may have to join the window, or to be spared by it."""
        window = self._windows[planned.outlet]
        reach = 1 + 2 * window.rest_ticks(self._nominal)
        met = window.open_for(planned.core, self._nominal)
        wide = Core(low=met.low - reach, high=met.high + reach)
        return any(lane == planned.lane and wide.meets(core) for lane, core in coming)

    def _send(self, planned: Planned, tick: float, ticks_per_s: float) -> Shot | None:
        window = self._windows[planned.outlet]
        # What closes slowly reaches farther on a belt that has become faster since it was planned.
        if self._foreign_in(planned, planned.core, ticks_per_s):
            self._drop(planned, Reason.CROWDED)
            self._planned.remove(planned)
            return None
        open_tick, close_tick = planned.order
        # At another speed than when they were planned, two windows may have come nearer.
        rest = math.ceil(window.rest_ticks(ticks_per_s))
        for other in self._planned:
            if not other.sent or other.outlet != planned.outlet:
                continue
            if other.order[0] <= open_tick:
                open_tick = max(open_tick, other.order[1] + rest)
            else:
                close_tick = min(close_tick, other.order[0] - rest)
        if open_tick <= tick or open_tick >= close_tick:
            reason = Reason.LATE if planned.order[0] <= tick else Reason.CROWDED
            self._drop(planned, reason)
            self._planned.remove(planned)
            return None
        planned.order, planned.sent = (open_tick, close_tick), True
        first, *mates = planned.items
        return Shot(
            item_id=first,
            mates=tuple(mates),
            channel=window.channel,
            open_tick=open_tick,
            close_tick=close_tick,
        )

    def _drop(self, planned: Planned, reason: Reason) -> None:
        if planned.sent:
            self._cancels += planned.items
            return
        outcome = Outcome.REFUSED if reason is Reason.LATE else Outcome.CANCELLED
        channel = self._windows[planned.outlet].channel
        self._reports += [
            ShotReport(item_id=item_id, channel=channel, outcome=outcome, reason=reason)
            for item_id in planned.items
        ]

    def _forget(self, tick: float) -> None:
        gone = tick - self._forget_ticks
        self._passing = [one for one in self._passing if one.core.high > gone]
        self._planned = [one for one in self._planned if not one.sent or one.core.high > gone]
