"""The host's record of shots: every one that is handed over ends in exactly one report."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport

MAX_HELD = 256
"""Shots that wait on the host for a place on the board; one more is refused as `FULL`."""

_IDS_KEPT = 65_536


@dataclass(slots=True, kw_only=True)
class BookedShot:
    """A shot that has not ended yet."""

    shot: Shot
    sent: bool = False
    """It has been on the wire, so the board may have it."""


class ShotBook:
    """Shots that have not ended, and the reports of those that have."""

    def __init__(self) -> None:
        self._booked: dict[int, BookedShot] = {}
        self._reports: list[ShotReport] = []
        self._known: set[int] = set()
        self._known_order: deque[int] = deque()

    def add(self, shot: Shot) -> None:
        """Book a shot.

        Raises:
            ValueError: a shot with this id was handed over before.
        """
        if shot.item_id in self._known:
            raise ValueError(f"a shot for item {shot.item_id} was handed over before")
        self._known.add(shot.item_id)
        self._known_order.append(shot.item_id)
        if len(self._known_order) > _IDS_KEPT:
            self._known.remove(self._known_order.popleft())
        self._booked[shot.item_id] = BookedShot(shot=shot)

    def get(self, item_id: int) -> BookedShot | None:
        """The shot with this id, if it has not ended."""
        return self._booked.get(item_id)

    @property
    def booked(self) -> list[BookedShot]:
        """Every shot that has not ended."""
        return list(self._booked.values())

    @property
    def on_board(self) -> int:
        """How many shots may take a slot on the board."""
        return sum(booked.sent for booked in self._booked.values())

    @property
    def held(self) -> int:
        """How many shots wait on the host."""
        return len(self._booked) - self.on_board

    def nearest_held(self) -> BookedShot | None:
        """The shot that opens first among those not sent yet."""
        waiting = (booked for booked in self._booked.values() if not booked.sent)
        return min(waiting, key=lambda booked: booked.shot.open_tick, default=None)

    def end(
        self,
        item_id: int,
        outcome: Outcome,
        reason: Reason,
        open_tick: int | None = None,
        close_tick: int | None = None,
    ) -> bool:
        """End a shot; False if it has ended before or was never booked."""
        booked = self._booked.pop(item_id, None)
        if booked is None:
            return False
        self._reports.append(
            ShotReport(
                item_id=item_id,
                channel=booked.shot.channel,
                outcome=outcome,
                reason=reason,
                open_tick=open_tick,
                close_tick=close_tick,
            )
        )
        return True

    def end_all(self, reason: Reason, reachable_tick: float) -> None:
        """The board is lost: end every shot.

        Args:
            reason: what befell the board.
            reachable_tick: the farthest that the belt can have come while the board may still have
                obeyed; a shot that was sent and opens before it may have fired.
        """
        for booked in self.booked:
            may_have_opened = booked.sent and booked.shot.open_tick <= reachable_tick
            outcome = Outcome.UNKNOWN if may_have_opened else Outcome.CANCELLED
            self.end(booked.shot.item_id, outcome, reason)

    def take_reports(self) -> list[ShotReport]:
        """Reports of shots that have ended since the last call."""
        reports, self._reports = self._reports, []
        return reports
