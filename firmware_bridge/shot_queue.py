"""The shots on a board: armed, open, ended. The virtual board's twin of `core/shot_queue.c`.

Counts are 32 bits and wrap, as on the board.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from firmware_bridge.board import Outcome, Reason
from firmware_bridge.messages import (
    CHANNELS,
    HORIZON_TICKS,
    SHOT_SLOTS,
    VERDICTS_KEPT,
    Report,
    ShotCommand,
)
from firmware_bridge.messages import OUTCOME_CODES as OUTCOME
from firmware_bridge.messages import REASON_CODES as REASON
from firmware_bridge.wrapping import ahead


@dataclass(slots=True, kw_only=True)
class _Slot:
    item_id: int
    channel: int
    open_tick: int
    close_tick: int
    opened: bool = False


class ShotQueue:
    """Windows of ticks per outlet, executed tick by tick; each ends in one report.

    A slot stays taken until its report is acknowledged. Windows of one outlet may overlap: the
    outlet is open while any of them is.
    """

    def __init__(self) -> None:
        self._armed: list[_Slot] = []
        self._open: list[_Slot] = []
        self._ended: OrderedDict[int, Report] = OrderedDict()
        self._verdicts: OrderedDict[int, Reason] = OrderedDict()

    @property
    def open_mask(self) -> int:
        """Bit k is set while outlet k has to be open."""
        mask = 0
        for slot in self._open:
            mask |= 1 << slot.channel
        return mask

    @property
    def free_slots(self) -> int:
        """Shots that may still be armed."""
        return SHOT_SLOTS - len(self._armed) - len(self._open) - len(self._ended)

    @property
    def reports(self) -> list[Report]:
        """Reports that are not acknowledged, oldest first."""
        return list(self._ended.values())

    def offer(self, shot: ShotCommand, tick: int, hindrance: Reason = Reason.NONE) -> Reason:
        """Arm a shot; the answer is NONE or why it is refused. A repeat gets its first answer.

        Args:
            shot: the window.
            tick: where the belt is.
            hindrance: why the board takes no shot at all now, if so.
        """
        if self._holds(shot.item_id):
            return Reason.NONE
        if shot.item_id in self._verdicts:
            return self._verdicts[shot.item_id]
        refusal = self._refusal(shot, tick) if hindrance is Reason.NONE else hindrance
        if refusal is Reason.NONE:
            self._arm(shot)
        else:
            self._remember(shot.item_id, refusal)
        return refusal

    def on_tick(self, tick: int, forward: bool) -> None:
        """The belt has moved by one tick to `tick`."""
        if not forward:
            for slot in list(self._open):
                self._end(slot, Outcome.CANCELLED, Reason.REVERSE, tick)
            return
        while self._armed and ahead(tick, self._armed[0].open_tick) >= 0:
            slot = self._armed.pop(0)
            slot.opened = True
            slot.open_tick = tick
            self._open.append(slot)
        if self._open:
            for slot in [s for s in self._open if ahead(tick, s.close_tick) >= 0]:
                self._end(slot, Outcome.FIRED, Reason.NONE, tick)

    def stop(self, reason: Reason, tick: int) -> None:
        """Close every outlet and cancel every shot."""
        for slot in [*self._open, *self._armed]:
            self._end(slot, Outcome.CANCELLED, reason, tick)

    def cut(self, channel: int, tick: int) -> None:
        """Close an outlet that has been on for as long as it may."""
        for slot in [s for s in self._open if s.channel == channel]:
            self._end(slot, Outcome.FIRED, Reason.ON_TIME, tick)

    def acknowledge(self, item_id: int) -> None:
        """The host has the report on this item; free its slot."""
        if self._ended.pop(item_id, None) is not None:
            self._remember(item_id, Reason.NONE)

    def clear(self) -> None:
        """Forget everything: a new host session."""
        for collection in (self._armed, self._open, self._ended, self._verdicts):
            collection.clear()

    def _holds(self, item_id: int) -> bool:
        return item_id in self._ended or any(
            slot.item_id == item_id for slot in (*self._armed, *self._open)
        )

    def _refusal(self, shot: ShotCommand, tick: int) -> Reason:
        distance = ahead(shot.open_tick, tick)
        if shot.channel >= CHANNELS:
            return Reason.CHANNEL
        if not 0 < ahead(shot.close_tick, shot.open_tick) <= HORIZON_TICKS:
            return Reason.WINDOW
        if distance <= 0:
            return Reason.LATE
        if distance > HORIZON_TICKS:
            return Reason.HORIZON
        return Reason.NONE if self.free_slots > 0 else Reason.FULL

    def _arm(self, shot: ShotCommand) -> None:
        place = len(self._armed)
        while place > 0 and ahead(self._armed[place - 1].open_tick, shot.open_tick) > 0:
            place -= 1
        slot = _Slot(
            item_id=shot.item_id,
            channel=shot.channel,
            open_tick=shot.open_tick,
            close_tick=shot.close_tick,
        )
        self._armed.insert(place, slot)

    def _end(self, slot: _Slot, outcome: Outcome, reason: Reason, tick: int) -> None:
        (self._open if slot.opened else self._armed).remove(slot)
        self._ended[slot.item_id] = Report(
            item_id=slot.item_id,
            items=1,
            channel=slot.channel,
            outcome=OUTCOME[outcome],
            reason=REASON[reason],
            opened=int(slot.opened),
            open_tick=slot.open_tick if slot.opened else 0,
            close_tick=tick if slot.opened else 0,
        )

    def _remember(self, item_id: int, verdict: Reason) -> None:
        self._verdicts[item_id] = verdict
        while len(self._verdicts) > VERDICTS_KEPT:
            self._verdicts.popitem(last=False)
