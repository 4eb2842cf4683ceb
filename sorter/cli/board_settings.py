"""`sorter board settings`: what the board keeps in its EEPROM, shown and changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from firmware_bridge.board import BoardAnswer, BoardError, BoardEvent, Order, Reason
from firmware_bridge.compiled_in import CEILINGS
from firmware_bridge.settings import BoardSettings, MachineSettings, OutletKind, OutletSettings

if TYPE_CHECKING:
    from sorter.cli.board_session import BoardSession

READ_WITHIN_S = 3.0
SAVED_WITHIN_S = 3.0
"""A byte takes 3.4 ms, and there are some hundred."""

_REFUSALS = {
    Reason.BUSY: "the belt runs or shots wait; stop the belt first",
    Reason.SETTINGS: "it is looser than what is compiled in; see the ceilings in docs/protocol.md",
}


def read(session: BoardSession) -> BoardSettings:
    """Everything that the board keeps.

    Raises:
        BoardError: the board was lost, or has not told it all.
    """
    session.board.read_settings(session.now_s)
    events = session.until(
        lambda heard: _answer(heard, Order.READ_SETTINGS) is not None, READ_WITHIN_S
    )
    for event in events:
        if isinstance(event, BoardSettings):
            return event
    raise BoardError("the board has not told its settings; try it again")


def changed_outlet(current: OutletSettings, changes: dict[str, Any]) -> OutletSettings:
    """An outlet with some settings changed; one of another kind begins at the kind's ceilings."""
    kind = changes.get("kind", current.kind)
    if kind is not current.kind:
        ceiling = CEILINGS[kind.value]
        current = OutletSettings(
            channel=current.channel,
            kind=kind,
            duty_percent=ceiling.duty_percent,
            max_on_ms=ceiling.max_on_ms,
            min_cycle_ms=ceiling.min_cycle_ms,
            delay_us=current.delay_us,
        )
    return replace(current, **changes)


def write(session: BoardSession, settings: OutletSettings | MachineSettings) -> None:
    """Change a part, and wait until the EEPROM has it.

    Raises:
        BoardError: the board has refused it, was lost, or a number does not fit.
    """
    try:
        session.board.write_settings(settings, session.now_s)
    except ValueError as error:
        raise BoardError(str(error)) from error
    events = session.until(
        lambda heard: _answer(heard, Order.WRITE_SETTINGS) is not None, SAVED_WITHIN_S
    )
    reason = _answer(events, Order.WRITE_SETTINGS)
    if reason is not None and reason is not Reason.NONE:
        why = _REFUSALS.get(reason, reason.value.replace("_", " "))
        raise BoardError(f"the board refused {_name(settings)}: {why}")
    asked_s = session.now_s
    session.until(lambda _: session.now_s > asked_s + 0.1 and not _saving(session), SAVED_WITHIN_S)


def _name(settings: OutletSettings | MachineSettings) -> str:
    if isinstance(settings, MachineSettings):
        return "the machine's settings"
    if settings.kind is OutletKind.OFF:
        return f"to switch outlet {settings.channel} off"
    return f"the settings of outlet {settings.channel} ({settings.kind.value})"


def _saving(session: BoardSession) -> bool:
    status = session.board.status
    return status is None or "saving" in status.flags


def _answer(events: list[BoardEvent], order: Order) -> Reason | None:
    answers = [e.reason for e in events if isinstance(e, BoardAnswer) and e.order is order]
    return answers[0] if answers else None
