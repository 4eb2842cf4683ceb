"""Commands on their way: a bounded window, each repeated under its number until it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from firmware_bridge.messages import (
    BeltCommand,
    Cancel,
    EstopClear,
    Flush,
    MachineWrite,
    OutletWrite,
    Pulse,
    SettingsRead,
    ShotCommand,
)

WINDOW = 3
"""Commands that may be unanswered at once: they fit the board's receive buffer of 128 bytes
together, and the board remembers the answers of more."""
RETRY_S = 0.06
"""Repeat after this long: above the round trip through a USB converter (16 ms each way)."""
GIVE_UP_S = 2.0

Command: TypeAlias = (
    ShotCommand
    | Cancel
    | Flush
    | BeltCommand
    | EstopClear
    | Pulse
    | SettingsRead
    | OutletWrite
    | MachineWrite
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKey:
    """What makes a command one of this session with this boot of the board."""

    boot_nonce: int
    session: int


@dataclass(slots=True, kw_only=True)
class Pending:
    """A command that has not been answered."""

    command: Command
    seq: int
    first_sent_s: float
    sent_s: float


class CommandWindow:
    """Commands that have been sent and not answered, by sequence number."""

    def __init__(self) -> None:
        self._pending: dict[int, Pending] = {}
        self.retries = 0
        """Commands sent again because no answer came in time."""

    @property
    def has_room(self) -> bool:
        """Whether one more command may be sent."""
        return len(self._pending) < WINDOW

    def holds(self, kind: type[Command]) -> bool:
        """Whether a command of this kind is unanswered."""
        return any(isinstance(pending.command, kind) for pending in self._pending.values())

    def uses(self, seq: int) -> bool:
        """Whether an unanswered command has this number."""
        return seq in self._pending

    def add(self, command: Command, seq: int, now_s: float) -> None:
        """Note a command that is sent now."""
        self._pending[seq] = Pending(command=command, seq=seq, first_sent_s=now_s, sent_s=now_s)

    def drop_belt(self) -> None:
        """Repeat no older belt command: a newer one has been given."""
        self._drop(lambda command: isinstance(command, BeltCommand))

    def drop_shot(self, key: int) -> None:
        """Repeat no shot whose end is known."""
        self._drop(lambda c: isinstance(c, ShotCommand) and c.item_id == key)

    def answer(self, kind: int, seq: int) -> Command | None:
        """The command of type `kind` that is answered, which is done with.

        None if it was answered before.
        """
        pending = self._pending.get(seq)
        if pending is None or kind != pending.command.TYPE:
            return None
        del self._pending[seq]
        return pending.command

    def expire(self, now_s: float) -> list[Command]:
        """Take out the commands that were never answered in `GIVE_UP_S`."""
        expired = [p for p in self._pending.values() if now_s - p.first_sent_s >= GIVE_UP_S]
        for pending in expired:
            del self._pending[pending.seq]
        return [pending.command for pending in expired]

    def overdue(self, now_s: float) -> list[Pending]:
        """The commands to repeat now; they are noted as sent."""
        late = [p for p in self._pending.values() if now_s - p.sent_s >= RETRY_S]
        for pending in late:
            pending.sent_s = now_s
        self.retries += len(late)
        return late

    def _drop(self, unwanted: Callable[[Command], bool]) -> None:
        for seq, pending in list(self._pending.items()):
            if unwanted(pending.command):
                del self._pending[seq]

    def clear(self) -> list[Command]:
        """The session is over: give up all that is unanswered."""
        commands = [pending.command for pending in self._pending.values()]
        self._pending.clear()
        return commands
