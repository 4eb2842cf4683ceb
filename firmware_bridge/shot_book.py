"""The host's record of shots: every item that is handed over ends in exactly one report."""

from __future__ import annotations

import enum
from bisect import insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport

_IDS_KEPT = 65_536


class Stage(enum.Enum):
    """How far a shot has come."""

    HELD = enum.auto()
    """It waits on the host."""
    SENT = enum.auto()
    """It is on the wire, or the board's answer is."""
    ARMED = enum.auto()
    """The board has it."""


@dataclass(slots=True, kw_only=True)
class BookedShot:
    """A shot with items that have not ended yet."""

    shot: Shot
    key: int
    """What the board knows the shot by: its first item when it is sent."""
    items: list[int]
    """Those that have not ended."""
    stage: Stage = Stage.HELD
    on_wire: tuple[int, ...] = ()
    """The items that it was sent with; none until then. Once it was, the board may have it."""


class ShotBook:
    """Shots that have not ended, and the reports of those that have."""

    def __init__(self) -> None:
        self._booked: dict[int, BookedShot] = {}
        self._by_item: dict[int, BookedShot] = {}
        self._held: list[tuple[int, int]] = []
        self._reports: list[ShotReport] = []
        self._known: set[int] = set()
        self._known_order: deque[int] = deque()

    def add(self, shot: Shot) -> BookedShot:
        """Book a shot.

        Raises:
            ValueError: a shot for one of its items was handed over before.
        """
        for item_id in shot.items:
            if item_id in self._known:
                raise ValueError(f"a shot for item {item_id} was handed over before")
        self._known.update(shot.items)
        self._known_order.extend(shot.items)
        while len(self._known_order) > _IDS_KEPT:
            self._known.remove(self._known_order.popleft())
        booked = BookedShot(shot=shot, key=shot.item_id, items=list(shot.items))
        self._put(booked)
        return booked

    def with_item(self, item_id: int) -> BookedShot | None:
        """The shot for an item that has not ended."""
        return self._by_item.get(item_id)

    def with_key(self, key: int) -> BookedShot | None:
        """The shot that the board knows by this key."""
        return self._booked.get(key)

    @property
    def booked(self) -> list[BookedShot]:
        """Every shot that has not ended."""
        return list(self._booked.values())

    @property
    def on_board(self) -> list[BookedShot]:
        """Shots that may take a slot on the board."""
        return [booked for booked in self._booked.values() if booked.stage is not Stage.HELD]

    @property
    def held(self) -> int:
        """How many shots wait on the host."""
        return len(self._held)

    def nearest_held(self) -> BookedShot | None:
        """The shot that opens first among those that wait on the host."""
        return self._booked[self._held[0][1]] if self._held else None

    def send(self, booked: BookedShot) -> None:
        """A held shot goes on the wire."""
        self._held.remove((booked.shot.open_tick, booked.key))
        booked.stage = Stage.SENT
        booked.on_wire = tuple(booked.items)

    def hold_again(self, booked: BookedShot) -> None:
        """The board had no room for a shot: it waits on the host once more."""
        booked.stage = Stage.HELD
        insort(self._held, (booked.shot.open_tick, booked.key))

    def take_out(self, item_id: int, booked: BookedShot) -> None:
        """Cancel one item of a shot that was never sent; its mates stay."""
        self.end(booked, Outcome.CANCELLED, Reason.CANCEL, items=(item_id,))
        if booked.items and booked.key == item_id:
            self._drop(booked)
            booked.key = booked.items[0]
            self._put(booked)

    def end(
        self,
        booked: BookedShot,
        outcome: Outcome,
        reason: Reason,
        *,
        items: Iterable[int] | None = None,
        open_tick: int | None = None,
        close_tick: int | None = None,
    ) -> None:
        """Report on items of a shot: all that are left, unless given.

        A shot without items is gone, but for one that the board still has.
        """
        for item_id in list(booked.items if items is None else items):
            booked.items.remove(item_id)
            del self._by_item[item_id]
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
        if not booked.items and booked.stage is not Stage.ARMED:
            self._drop(booked)

    def close(self, key: int) -> None:
        """The board has reported on a shot: it takes no slot any more."""
        booked = self._booked.get(key)
        if booked is not None and not booked.items:
            self._drop(booked)

    def end_all(self, reason: Reason, reachable_tick: float) -> None:
        """The board is lost: end every shot.

        Args:
            reason: what befell the board.
            reachable_tick: the farthest that the belt can have come while the board may still have
                obeyed; a shot that was sent and opens before it may have fired.
        """
        for booked in self.booked:
            may_have_opened = bool(booked.on_wire) and booked.shot.open_tick <= reachable_tick
            outcome = Outcome.UNKNOWN if may_have_opened else Outcome.CANCELLED
            self.end(booked, outcome, reason)
            self.close(booked.key)

    def take_reports(self) -> list[ShotReport]:
        """Reports on items that have ended since the last call."""
        reports, self._reports = self._reports, []
        return reports

    def _put(self, booked: BookedShot) -> None:
        self._booked[booked.key] = booked
        self._by_item.update(dict.fromkeys(booked.items, booked))
        insort(self._held, (booked.shot.open_tick, booked.key))

    def _drop(self, booked: BookedShot) -> None:
        if self._booked.pop(booked.key, None) is not None and booked.stage is Stage.HELD:
            self._held.remove((booked.shot.open_tick, booked.key))
