"""`sorter board test`: one outlet, opened by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_bridge.board import BoardAnswer, BoardError, BoardEvent, Order, Reason

if TYPE_CHECKING:
    from sorter.cli.board_session import BoardSession

ANSWER_WITHIN_S = 1.0

REFUSALS = {
    Reason.ESTOP: "the emergency stop is latched; close its chain and clear it with the button",
    Reason.BUSY: "the belt runs or shots wait; stop the belt first",
    Reason.SETTINGS: "the outlet is off, or the board's settings are damaged; see `board info`",
    Reason.DUTY: "the outlet has been open for too much of the time; wait a little",
    Reason.MIN_CYCLE: "the outlet was opened too short a time ago; wait a little",
    Reason.CHANNEL: "the board has no such channel",
    Reason.ON_TIME: "that is longer than this kind of outlet may be open; choose a shorter --ms",
    Reason.COVER: "the cover is open; close it",
    Reason.SILENCE: "the board has not heard from this program; try it again",
}


def fire(session: BoardSession, channel: int, duration_ms: int) -> None:
    """Open an outlet and wait until it has closed again.

    Raises:
        BoardError: the board refused, or was lost.
    """
    session.alive = True
    try:
        # The board must have heard a heartbeat before it opens anything.
        session.until(lambda events: "silence" not in _faults(session), ANSWER_WITHIN_S)
        session.board.pulse(channel, duration_ms, session.now_s)
        events = session.until(_is_answered, ANSWER_WITHIN_S)
        reason = _answers(events)[0]
        if reason is not Reason.NONE:
            why = REFUSALS.get(reason, reason.value.replace("_", " "))
            raise BoardError(f"the board refused to open outlet {channel}: {why}")
        for _ in session.for_s(duration_ms / 1e3):
            pass
    finally:
        session.alive = False


def _faults(session: BoardSession) -> frozenset[str]:
    status = session.board.status
    return frozenset() if status is None else status.faults


def _answers(events: list[BoardEvent]) -> list[Reason]:
    return [e.reason for e in events if isinstance(e, BoardAnswer) and e.order is Order.PULSE]


def _is_answered(events: list[BoardEvent]) -> bool:
    return bool(_answers(events))
