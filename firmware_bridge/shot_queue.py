"""The shots on a board: armed, open, ended. The virtual board's twin of `core/shot_queue.c`.

Counts are 32 bits and wrap, as on the board.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.board import Outcome, Reason
from firmware_bridge.codes import OUTCOME_CODES as OUTCOME
from firmware_bridge.codes import REASON_CODES as REASON
from firmware_bridge.compiled_in import CHANNELS, HORIZON_TICKS, SHOT_SLOTS, VERDICTS_KEPT
from firmware_bridge.messages import Report, ShotCommand
from firmware_bridge.wrapping import ahead


class SlotState(enum.Enum):
    """What a shot in a slot is at."""

    ARMED = enum.auto()
    OPEN = enum.auto()
    ENDED = enum.auto()


@dataclass(slots=True, kw_only=True)
class Slot:
    """One shot."""

    items: tuple[int, ...]
    """The first is the key."""
    stands_for: int
    """Bit i is set unless item i has been cancelled."""
    channel: int
    open_tick: int
    close_tick: int
    order: int
    """Among shots that open at one tick the earlier offered comes first."""
    state: SlotState = SlotState.ARMED
    opened: bool = False
    outcome: Outcome = Outcome.REFUSED
    reason: Reason = Reason.NONE
    told_ms: int | None = None

    @property
    def report(self) -> Report:
        """How it has ended."""
        return Report(
            item_id=self.items[0],
            items=self.stands_for,
            channel=self.channel,
            outcome=OUTCOME[self.outcome],
            reason=REASON[self.reason],
            opened=int(self.opened),
            open_tick=self.open_tick if self.opened else 0,
            close_tick=self.close_tick if self.opened else 0,
        )


def _never(channel: int) -> Reason:
    return Reason.MIN_CYCLE


class ShotQueue:
    """Windows of ticks per outlet, executed tick by tick; each ends in one report.

    A slot stays taken until its report is acknowledged. Windows of one outlet may overlap: the
    outlet is open while any of them is.
    """

    def __init__(self) -> None:
        self._slots: list[Slot | None] = [None] * SHOT_SLOTS
        self._verdicts: OrderedDict[int, Reason] = OrderedDict()
        self._offers = 0

    @property
    def open_mask(self) -> int:
        """Bit k is set while outlet k has to be open."""
        mask = 0
        for slot in self._in(SlotState.OPEN):
            mask |= 1 << slot.channel
        return mask

    @property
    def free_slots(self) -> int:
        """Shots that may still be armed."""
        return self._slots.count(None)

    @property
    def ended(self) -> list[Slot]:
        """Shots whose report is not acknowledged, by slot."""
        return list(self._in(SlotState.ENDED))

    @property
    def reports(self) -> list[Report]:
        """Their reports."""
        return [slot.report for slot in self.ended]

    def answer(self, shot: ShotCommand) -> Reason | None:
        """What was answered to this shot before; None if it is new or forgotten."""
        holder = self._holder(shot.item_id)
        if holder is not None and holder.items[0] == shot.item_id:
            return Reason.NONE
        return self._verdicts.get(shot.item_id)

    def judge(self, shot: ShotCommand, tick: int) -> Reason:
        """Whether a new shot can be armed, seen from the queue."""
        items = _items(shot)
        if any(self._holder(item) for item in items):
            return Reason.DUPLICATE
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

    def arm(self, shot: ShotCommand) -> None:
        """Arm a judged shot."""
        items = _items(shot)
        self._offers += 1
        self._slots[self._slots.index(None)] = Slot(
            items=items,
            stands_for=(1 << len(items)) - 1,
            channel=shot.channel,
            open_tick=shot.open_tick,
            close_tick=shot.close_tick,
            order=self._offers,
        )

    def offer(self, shot: ShotCommand, tick: int) -> Reason:
        """Arm a shot; the answer is NONE or why it is refused. A repeat gets its first answer."""
        known = self.answer(shot)
        if known is not None:
            return known
        refusal = self.judge(shot, tick)
        if refusal is Reason.NONE:
            self.arm(shot)
        else:
            self.remember(shot.item_id, refusal)
        return refusal

    def remember(self, item_id: int, verdict: Reason) -> None:
        """Answer repeats alike. A full queue is soon another one: such a shot may come again."""
        if verdict is Reason.FULL:
            return
        self._verdicts.pop(item_id, None)
        self._verdicts[item_id] = verdict
        while len(self._verdicts) > VERDICTS_KEPT:
            self._verdicts.popitem(last=False)

    def on_tick(
        self,
        tick: int,
        forward: bool,
        resting: int = 0,
        why_resting: Callable[[int], Reason] = _never,
    ) -> int:
        """The belt has moved by one tick to `tick`.

        Args:
            tick: where it is.
            forward: which way it went.
            resting: outlets that must not open.
            why_resting: why, by channel.

        Returns:
            Outlets that have opened.
        """
        if not forward:
            self.close(0xFF, Outcome.CANCELLED, Reason.REVERSE, tick)
            return 0
        before = self.open_mask
        for slot in sorted(self._in(SlotState.ARMED), key=lambda slot: slot.order):
            if ahead(tick, slot.open_tick) < 0:
                continue
            if resting >> slot.channel & 1 and not self.open_mask >> slot.channel & 1:
                self._end(slot, Outcome.REFUSED, why_resting(slot.channel), tick)
            else:
                slot.state = SlotState.OPEN
                slot.opened = True
                slot.open_tick = tick
        opened = self.open_mask & ~before
        for slot in list(self._in(SlotState.OPEN)):
            if ahead(tick, slot.close_tick) >= 0:
                self._end(slot, Outcome.FIRED, Reason.NONE, tick)
        return opened

    def close(self, mask: int, outcome: Outcome, reason: Reason, tick: int) -> None:
        """End the open shots of some outlets."""
        for slot in list(self._in(SlotState.OPEN)):
            if mask >> slot.channel & 1:
                self._end(slot, outcome, reason, tick)

    def stop(self, reason: Reason, tick: int) -> None:
        """Close every outlet and cancel every shot."""
        for slot in [*self._in(SlotState.OPEN), *self._in(SlotState.ARMED)]:
            self._end(slot, Outcome.CANCELLED, reason, tick)

    def cancel(self, item_id: int, tick: int) -> Reason:
        """Take an item out of its armed shot; the last one cancels the shot."""
        slot = self._holder(item_id)
        if slot is None:
            return Reason.LATE if item_id in self._verdicts else Reason.NO_SHOT
        bit = 1 << slot.items.index(item_id)
        if not slot.stands_for & bit:
            return Reason.NONE
        if slot.state is not SlotState.ARMED:
            return Reason.LATE
        slot.stands_for &= ~bit
        if not slot.stands_for:
            self._end(slot, Outcome.CANCELLED, Reason.CANCEL, tick)
        return Reason.NONE

    def acknowledge(self, item_id: int) -> None:
        """The host has the report on this shot; free its slot."""
        for index, slot in enumerate(self._slots):
            if slot is not None and slot.items[0] == item_id and slot.state is SlotState.ENDED:
                self._slots[index] = None
                self.remember(item_id, Reason.NONE)

    def clear(self) -> None:
        """Forget everything: a new host session."""
        self._slots = [None] * SHOT_SLOTS
        self._verdicts.clear()

    def _in(self, state: SlotState) -> list[Slot]:
        return [slot for slot in self._slots if slot is not None and slot.state is state]

    def _holder(self, item_id: int) -> Slot | None:
        for slot in self._slots:
            if slot is not None and item_id in slot.items:
                return slot
        return None

    def _end(self, slot: Slot, outcome: Outcome, reason: Reason, tick: int) -> None:
        slot.state = SlotState.ENDED
        slot.outcome = outcome
        slot.reason = reason
        slot.close_tick = tick


def _items(shot: ShotCommand) -> tuple[int, ...]:
    mates = (shot.mate_1, shot.mate_2, shot.mate_3)
    return (shot.item_id, *(mate for mate in mates if mate))
