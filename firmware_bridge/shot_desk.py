"""Which shots the board has, which it gets next, and what it said about them."""

from __future__ import annotations

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport
from firmware_bridge.codes import OUTCOMES, REASONS
from firmware_bridge.commands import Command, CommandWindow, SessionKey
from firmware_bridge.compiled_in import HORIZON_TICKS
from firmware_bridge.messages import Cancel, Flush, Report, ShotCommand
from firmware_bridge.position import BeltPosition
from firmware_bridge.shot_book import BookedShot, ShotBook, Stage

MAX_HELD = 256
"""Shots that wait on the host for a place on the board; one more is refused as `FULL`."""
SLOTS_FOR_NEARER = 4
"""Slots that a shot behind all those on the board leaves free, so that a nearer one that is decided
later still finds a place."""


class ShotDesk:
    """Holds the shots, sends the nearest first, books their ends.

    Args:
        position: folds and unfolds the board's ticks.
    """

    def __init__(self, position: BeltPosition) -> None:
        self._position = position
        self._book = ShotBook()
        self._cancels: list[int] = []
        self._flush = False
        self._flush_again = False
        self._full = False
        self.turned_away = 0
        """Shots that the board had no room for; they went back to the host's queue."""

    def shoot(self, shot: Shot, refusal: Reason) -> None:
        """Take a shot over, or end it at once if `refusal` is not NONE.

        Raises:
            ValueError: a shot for one of its items was handed over before.
        """
        booked = self._book.add(shot)
        if refusal is Reason.NONE:
            refusal = self._refusal(shot)
        if refusal is not Reason.NONE:
            self._book.end(booked, Outcome.REFUSED, refusal)

    def cancel(self, item_id: int) -> None:
        """Take an item out of its shot, if that has not ended."""
        booked = self._book.with_item(item_id)
        if booked is None or item_id in self._cancels:
            return
        if booked.on_wire:
            self._cancels.append(item_id)
        else:
            self._book.take_out(item_id, booked)

    def flush(self) -> None:
        """Cancel every shot; what has been sent is cancelled by the board."""
        for booked in self._book.booked:
            if booked.stage is Stage.HELD:
                self._book.end(booked, Outcome.CANCELLED, Reason.FLUSH)
        self._flush = True

    def make_room(self, free_slots: int) -> None:
        """The board has told how many shots it can still take."""
        self._full = self._full and free_slots == 0

    def next_command(self, window: CommandWindow, key: SessionKey, slots: int) -> Command | None:
        """What the board has to hear next about its shots."""
        if window.holds(Flush):
            return None
        if self._flush or self._flush_again:
            return self._next_flush(window)
        return self._next_cancel() or self._next_shot(key, slots)

    def answered(self, command: Command, reason: Reason) -> None:
        """The board has obeyed (NONE) or refused a command."""
        if isinstance(command, ShotCommand):
            self._shot_answered(command, reason)
        elif isinstance(command, Cancel):
            booked = self._book.with_item(command.item_id)
            if booked is not None and reason is Reason.NONE:
                items = (command.item_id,)
                self._book.end(booked, Outcome.CANCELLED, Reason.CANCEL, items=items)

    def unanswered(self, command: Command) -> None:
        """The board never answered: what it was told may happen or not."""
        if isinstance(command, ShotCommand):
            booked = self._book.with_key(command.item_id)
            if booked is not None:
                self._book.end(booked, Outcome.UNKNOWN, Reason.LINK_LOST)

    def take_report(self, report: Report) -> bool:
        """Book the board's report; False if the shot's end is known already."""
        booked = self._book.with_key(report.item_id)
        if booked is None:
            return False
        opened = bool(report.opened)
        named = {item for bit, item in enumerate(booked.on_wire) if report.items >> bit & 1}
        self._book.end(
            booked,
            OUTCOMES[report.outcome],
            REASONS[report.reason],
            items=[item for item in booked.items if item in named],
            open_tick=self._position.unfold(report.open_tick) if opened else None,
            close_tick=self._position.unfold(report.close_tick) if opened else None,
        )
        if booked.items:
            # Their cancellation was obeyed, but the board's word on it was lost.
            self._book.end(booked, Outcome.CANCELLED, Reason.CANCEL)
        self._book.close(report.item_id)
        return True

    def end_all(self, reason: Reason, reachable_tick: float) -> None:
        """The session is over; as `ShotBook.end_all`."""
        self._book.end_all(reason, reachable_tick)
        self._cancels.clear()
        self._flush = self._flush_again = self._full = False

    def take_reports(self) -> list[ShotReport]:
        """Reports on items that have ended since the last call."""
        return self._book.take_reports()

    def _refusal(self, shot: Shot) -> Reason:
        if 0 < self._position.base > shot.open_tick:
            return Reason.RESET
        if shot.close_tick - shot.open_tick > HORIZON_TICKS:
            return Reason.WINDOW
        return Reason.FULL if self._book.held > MAX_HELD else Reason.NONE

    def _shot_answered(self, command: ShotCommand, reason: Reason) -> None:
        booked = self._book.with_key(command.item_id)
        if booked is None:
            return
        if reason is Reason.NONE:
            booked.stage = Stage.ARMED
        elif reason is Reason.FULL:
            self.turned_away += 1
            self._full = True
            self._book.hold_again(booked)
        else:
            self._book.end(booked, Outcome.REFUSED, reason)

    def _next_flush(self, window: CommandWindow) -> Flush | None:
        # A shot that is still unanswered may reach the board only after the flush, by its repeat:
        # flush at once, and once more when every shot has been answered.
        unanswered = window.holds(ShotCommand)
        if unanswered and not self._flush:
            return None
        self._flush = False
        self._flush_again = unanswered
        return Flush()

    def _next_cancel(self) -> Cancel | None:
        for item_id in list(self._cancels):
            booked = self._book.with_item(item_id)
            if booked is not None and booked.stage is not Stage.ARMED:
                # A repeat of the shot that came after its cancellation would arm it anew.
                continue
            self._cancels.remove(item_id)
            if booked is not None:
                return Cancel(item_id=item_id)
        return None

    def _next_shot(self, key: SessionKey, slots: int) -> ShotCommand | None:
        near_tick = self._position.last_tick
        while near_tick is not None and not self._full:
            booked = self._book.nearest_held()
            if booked is None or not self._has_slot(booked, slots):
                return None
            if abs(booked.shot.open_tick - near_tick) <= HORIZON_TICKS:
                self._book.send(booked)
                return self._command(booked, key)
            # Farther than this a folded tick could come out on the wrong side of the belt.
            late = booked.shot.open_tick < near_tick
            reason = Reason.LATE if late else Reason.HORIZON
            self._book.end(booked, Outcome.REFUSED, reason)
        return None

    def _has_slot(self, booked: BookedShot, slots: int) -> bool:
        on_board = self._book.on_board
        if len(on_board) < slots - SLOTS_FOR_NEARER:
            return True
        nearer = any(booked.shot.open_tick < other.shot.open_tick for other in on_board)
        return nearer and len(on_board) < slots

    def _command(self, booked: BookedShot, key: SessionKey) -> ShotCommand:
        first, *mates = booked.on_wire
        mate_1, mate_2, mate_3 = (*mates, 0, 0, 0)[:3]
        return ShotCommand(
            boot_nonce=key.boot_nonce,
            session=key.session,
            item_id=first,
            mate_1=mate_1,
            mate_2=mate_2,
            mate_3=mate_3,
            channel=booked.shot.channel,
            open_tick=self._position.fold(booked.shot.open_tick),
            close_tick=self._position.fold(booked.shot.close_tick),
        )
