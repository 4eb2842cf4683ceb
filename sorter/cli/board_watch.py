"""`sorter board watch`: encoder, beams, inputs and counters as they change."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from firmware_bridge.board import BoardBeam, BoardConnected, BoardEvent, BoardLost

if TYPE_CHECKING:
    from rich.table import Table

    from sorter.cli.board_session import BoardSession

LINE_EVERY_S = 0.2
SPEED_OVER_S = 0.5


class Watch:
    """Counts what happens and tells it together with the board's state."""

    def __init__(self, session: BoardSession) -> None:
        self._session = session
        self._edges: Counter[str] = Counter()
        self._lost: str | None = None

    def hear(self, events: list[BoardEvent]) -> None:
        """Count beam edges; note when the board is lost and found."""
        for event in events:
            if isinstance(event, BoardBeam) and event.blocked:
                self._edges[event.beam] += 1
            elif isinstance(event, BoardLost):
                self._lost = event.why
            elif isinstance(event, BoardConnected):
                self._lost = None

    def tell(self) -> dict[str, Any]:
        """Everything by name, ready for JSON."""
        board = self._session.board
        now_s = self._session.now_s
        status = board.status
        if status is None:
            return {"lost": self._lost or "no answer yet"}
        place = board.position_at(now_s)
        before = board.tick_at(now_s - SPEED_OVER_S)
        return {
            "tick": status.tick,
            "error_ticks": None if place is None else _finite(place.error_ticks),
            "ticks_per_s": None
            if place is None or before is None
            else round((place.tick - before) / SPEED_OVER_S, 1),
            "inputs_high": sorted(status.inputs),
            "outlets_open": sorted(status.outlets),
            "faults": sorted(status.faults),
            "flags": sorted(status.flags),
            "entry_beam_blocked": self._edges["entry"],
            "passed_beam_blocked": self._edges["passed"],
            "beam_edges_missed": board.link.beam_edges_missed,
            "ticks_back": status.ticks_back,
            "encoder_errors": status.encoder_errors,
            "frame_errors_on_board": status.frame_errors,
            "frame_errors_on_host": board.link.counters.frame_errors,
            "retries": board.link.retries,
            "clock_error_ms": _finite(board.link.position.clock.error_s(now_s) * 1e3),
        }


def show_lines(session: BoardSession, seconds: float | None) -> None:
    """One line of JSON every `LINE_EVERY_S`."""
    watch = Watch(session)
    next_s = session.now_s
    for events in session.for_s(seconds):
        watch.hear(events)
        if session.now_s >= next_s:
            next_s += LINE_EVERY_S
            print(json.dumps(watch.tell()), flush=True)


def show_live(session: BoardSession, seconds: float | None) -> None:
    """A table that stays in place."""
    from rich.live import Live

    watch = Watch(session)
    next_s = session.now_s
    with Live(_table(watch.tell()), auto_refresh=False) as live:
        for events in session.for_s(seconds):
            watch.hear(events)
            if session.now_s >= next_s:
                next_s += LINE_EVERY_S
                live.update(_table(watch.tell()), refresh=True)


def _table(told: dict[str, Any]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None)
    for key, value in told.items():
        shown = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(key.replace("_", " "), Text(shown or "-"))
    return table


def _finite(number: float) -> float | None:
    return round(number, 3) if number != float("inf") else None
