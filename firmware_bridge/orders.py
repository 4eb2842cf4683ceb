"""Orders to the board, shots apart: each waits for its turn and ends in one answer."""

from __future__ import annotations

from collections import deque

from firmware_bridge import messages
from firmware_bridge.board import BoardAnswer, BoardEvent, Order, Reason
from firmware_bridge.codes import BELT_ORDERS
from firmware_bridge.commands import Command, CommandWindow, SessionKey
from firmware_bridge.compiled_in import MACHINE_PART
from firmware_bridge.messages import (
    BeltCommand,
    EstopClear,
    MachineWrite,
    OutletWrite,
    Pulse,
    SettingsRead,
)
from firmware_bridge.settings import MachineSettings, OutletSettings
from firmware_bridge.settings_wire import SettingsReading, machine_write, outlet_write

BELT_ORDER_HOLDS_S = 5.0
"""A belt order waits this long for a handshake. Nobody expects the belt to start when a board comes
back long after he has pressed a button."""

_ORDER_OF: dict[int, Order] = {
    BeltCommand.TYPE: Order.BELT,
    EstopClear.TYPE: Order.CLEAR_ESTOP,
    Pulse.TYPE: Order.PULSE,
    SettingsRead.TYPE: Order.READ_SETTINGS,
    OutletWrite.TYPE: Order.WRITE_SETTINGS,
    MachineWrite.TYPE: Order.WRITE_SETTINGS,
}


class Orders:
    """Belt, E-stop, pulses by hand and settings.

    Args:
        virtual_ticks_per_s: that the board makes itself while the belt runs; 0 with an encoder.
    """

    def __init__(self, virtual_ticks_per_s: float) -> None:
        self._virtual_mticks_s = round(virtual_ticks_per_s * 1000)
        self._belt: str | None = None
        self._belt_at_s = 0.0
        self._waiting: deque[Command] = deque()
        self._events: list[BoardEvent] = []
        self._key: SessionKey | None = None
        self._channels = 0
        self._reading: SettingsReading | None = None
        self._pulses = 0
        self._belts = 0

    def start(self, key: SessionKey, channels: int, now_s: float) -> None:
        """A session has begun. A belt order that was given just before is carried out now."""
        if self._belt is not None and now_s - self._belt_at_s > BELT_ORDER_HOLDS_S:
            self._belt = None
            self._refuse(Order.BELT)
        self._key = key
        self._channels = channels

    def stop(self, unanswered: list[Command]) -> None:
        """The session is over; what was waiting or unanswered ends as LINK_LOST."""
        self._key = None
        for command in (*unanswered, *self._waiting):
            self._end(command, Reason.LINK_LOST)
        self._waiting.clear()
        self._belt = None
        self._reading = None

    def set_belt(self, order: str, now_s: float) -> None:
        """Take a belt order, one of `BELT_ORDERS`; it replaces one that is still waiting."""
        self._belt, self._belt_at_s = order, now_s

    def clear_estop(self, step: int) -> None:
        """Take one of the two steps."""
        if self._key is None:
            self._refuse(Order.CLEAR_ESTOP)
            return
        key = self._key
        self._waiting.append(EstopClear(boot_nonce=key.boot_nonce, session=key.session, step=step))

    def pulse(self, channel: int, duration_ms: int) -> None:
        """Open an outlet by hand."""
        if self._key is None:
            self._refuse(Order.PULSE)
            return
        self._pulses += 1
        self._waiting.append(
            Pulse(
                boot_nonce=self._key.boot_nonce,
                session=self._key.session,
                pulse_id=self._pulses,
                channel=channel,
                duration_ms=duration_ms,
            )
        )

    def read_settings(self) -> None:
        """Ask for every part of the settings; they come as `BoardSettings`."""
        if self._key is None:
            self._refuse(Order.READ_SETTINGS)
            return
        self._reading = SettingsReading()
        self._waiting.extend(SettingsRead(part=k) for k in (*range(self._channels), MACHINE_PART))

    def write(self, settings: OutletSettings | MachineSettings) -> None:
        """Set an outlet or the machine.

        Raises:
            ValueError: a number does not fit its field.
        """
        command: Command = (
            outlet_write(settings)
            if isinstance(settings, OutletSettings)
            else machine_write(settings)
        )
        if self._key is None:
            self._refuse(Order.WRITE_SETTINGS)
        else:
            self._waiting.append(command)

    def next_command(self, window: CommandWindow) -> Command | None:
        """The next order to send."""
        if self._key is None:
            return None
        if self._belt is not None:
            window.drop_belt()
            run = BELT_ORDERS.index(self._belt)
            self._belt = None
            self._belts += 1
            return BeltCommand(
                boot_nonce=self._key.boot_nonce,
                session=self._key.session,
                order_id=self._belts,
                run=run,
                virtual_mticks_s=self._virtual_mticks_s,
            )
        return self._waiting.popleft() if self._waiting else None

    def answered(self, command: Command, reason: Reason) -> None:
        """The board has obeyed (NONE) or refused an order."""
        self._end(command, reason)

    def take_part(self, part: messages.OutletSettings | messages.MachineSettings) -> bool:
        """Note a part of the settings; False if nobody asked for it or it makes no sense."""
        if self._reading is None:
            return False
        try:
            self._reading.take(part)
        except ValueError:
            return False
        whole = self._reading.finish(self._channels)
        if whole is not None:
            self._reading = None
            self._events += (whole, BoardAnswer(order=Order.READ_SETTINGS, reason=Reason.NONE))
        return True

    def take_events(self) -> list[BoardEvent]:
        """What has come of the orders since the last call."""
        events, self._events = self._events, []
        return events

    def _refuse(self, order: Order) -> None:
        self._events.append(BoardAnswer(order=order, reason=Reason.NOT_READY))

    def _end(self, command: Command, reason: Reason) -> None:
        order = _ORDER_OF.get(command.TYPE)
        if order is None:
            return
        if order is Order.READ_SETTINGS:
            if self._reading is None:
                return
            self._reading = None
            self._waiting = deque(c for c in self._waiting if not isinstance(c, SettingsRead))
        self._events.append(BoardAnswer(order=order, reason=reason))
