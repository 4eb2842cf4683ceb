"""`Board` over any byte pipe: the one host side of the serial, the virtual and the simavr board."""

from __future__ import annotations

from collections.abc import Callable

from firmware_bridge.board import (
    BeltTick,
    BoardError,
    BoardEvent,
    BoardIdentity,
    BoardNotFoundError,
    BoardSilentError,
    BoardStatus,
    Shot,
)
from firmware_bridge.link import Link
from firmware_bridge.settings import MachineSettings, OutletSettings
from firmware_bridge.transport import Transport, TransportLostError

ANSWER_WITHIN_S = 5.0
"""Patience with a board that has never answered: an Uno spends two seconds in its bootloader."""
REOPEN_FIRST_S = 0.5
REOPEN_LONGEST_S = 5.0


class LinkedBoard:
    """A board behind a transport, which is opened again when it was lost.

    Args:
        connect: opens the pipe; raises `BoardNotFoundError` if nothing is there.
        name: what the board is called in sentences for the user.
        nonces: gives a new session number, 1 … 2³²-1, for every handshake.
        baud: bits per second on the wire.
        virtual_ticks_per_s: that the board makes itself while its belt runs, for a machine without
            an encoder; 0 where an encoder counts.
    """

    def __init__(
        self,
        connect: Callable[[], Transport],
        *,
        name: str,
        nonces: Callable[[], int],
        baud: int = 250_000,
        virtual_ticks_per_s: float = 0.0,
    ) -> None:
        self._connect = connect
        self._name = name
        self._transport: Transport | None = None
        self._reopen_at_s: float | None = None
        self._reopen_after_s = REOPEN_FIRST_S
        self.tap: Callable[[bool, bytes, float], None] | None = None
        """Hears every byte: whether it goes to the board, the bytes, and when."""
        self.link = Link(
            name=name,
            nonces=nonces,
            byte_s=10 / baud,
            virtual_ticks_per_s=virtual_ticks_per_s,
        )
        """Counters and the clock estimate live here."""

    @property
    def status(self) -> BoardStatus | None:
        """What the board last said of itself; None before its first state."""
        return self.link.status

    @property
    def identity(self) -> BoardIdentity | None:
        """None until the handshake is done."""
        return self.link.identity

    def open(self, now_s: float) -> None:
        """Start talking to the board.

        Raises:
            BoardNotFoundError: nothing is there.
            BoardError: it is open already.
        """
        if self._transport is not None:
            raise BoardError(f"{self._name} is open already; close it first")
        self._transport = self._connect()
        self._reopen_at_s = None
        self.link.start(now_s)

    def service(self, now_s: float) -> list[BoardEvent]:
        """Move bytes both ways and return what has happened since the last call.

        Raises:
            BoardProtocolError: the board speaks another protocol version.
            BoardSilentError: the board has not answered once in `ANSWER_WITHIN_S`.
        """
        if self._transport is None:
            self._reopen(now_s)
        if self._transport is not None:
            try:
                self._exchange(self._transport, now_s)
            except TransportLostError as lost:
                self._lose(str(lost), now_s)
        if self.link.greeting_for_s(now_s) > ANSWER_WITHIN_S:
            raise BoardSilentError(
                f"no answer from {self._name} in {ANSWER_WITHIN_S:g} s; flash the firmware with "
                "`sorter board flash`, or choose another board.port"
            )
        return self.link.take_events()

    def shoot(self, shot: Shot, now_s: float) -> None:
        """Hand a shot to the board. Its end comes as exactly one `ShotReport` from `service`.

        A shot for several items ends in one `ShotReport` for each of them.

        Raises:
            ValueError: a shot for one of its items was handed over before.
        """
        self.link.shoot(shot)

    def cancel(self, item_id: int, now_s: float) -> None:
        """Take an item out of its shot, which still ends in one `ShotReport` for it.

        Too late for an outlet that has opened; for an item that has ended nothing happens.
        """
        self.link.shots.cancel(item_id)

    def set_belt(self, running: bool, now_s: float, *, by_operator: bool = False) -> None:
        """Command the belt motor: now, or after a handshake that ends within seconds.

        Args:
            running: whether it has to run.
            now_s: the caller's clock.
            by_operator: a person has looked and wants it to run; without that the board refuses
                to start after a stop that nobody ordered (`Reason.START_NEEDED`).
        """
        order = "run_by_operator" if by_operator else "run"
        self.link.orders.set_belt(order if running else "stop", now_s)

    def clear_estop(self, step: int, now_s: float) -> None:
        """Step 1, then step 2 within some seconds, clear a latched emergency stop.

        Each step is an operator's own act; answered by `BoardAnswer`.

        Raises:
            ValueError: there is no such step.
        """
        if step not in (1, 2):
            raise ValueError(f"an emergency stop is cleared in the steps 1 and 2, not {step}")
        self.link.orders.clear_estop(step)

    def pulse(self, channel: int, duration_ms: int, now_s: float) -> None:
        """Open an outlet by hand while the belt stands; answered by `BoardAnswer`.

        Raises:
            ValueError: the duration is not 1 … 65535 ms, or the channel not 0 … 255.
        """
        if not 0 < duration_ms < 2**16 or not 0 <= channel < 2**8:
            raise ValueError(f"channel {channel} for {duration_ms} ms cannot be commanded")
        self.link.orders.pulse(channel, duration_ms)

    def read_settings(self, now_s: float) -> None:
        """Ask for the board's settings; they come as a `BoardSettings` from `service`."""
        self.link.orders.read_settings()

    def write_settings(self, settings: OutletSettings | MachineSettings, now_s: float) -> None:
        """Change what the board keeps in its EEPROM; answered by `BoardAnswer`.

        Refused as `SETTINGS` beyond what is compiled in, as `BUSY` while the belt runs.

        Raises:
            ValueError: a number does not fit its field.
        """
        self.link.orders.write(settings)

    def flush(self, now_s: float) -> None:
        """Close every outlet and cancel every shot that has not ended."""
        self.link.flush()

    def heartbeat(self, now_s: float) -> None:
        """Tell the board that the pipeline makes progress. Silence stops the belt."""
        self.link.heartbeat()

    def tick_at(self, time_s: float) -> float | None:
        """Belt position in unwrapped ticks at a recent host time; None before the first state."""
        return self.link.position.tick_at(time_s)

    def position_at(self, time_s: float) -> BeltTick | None:
        """The same with a bound on its error."""
        return self.link.position.at(time_s)

    def close(self) -> None:
        """Let go of the board. It stops by its own silence rule."""
        self._reopen_at_s = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _exchange(self, transport: Transport, now_s: float) -> None:
        for arrival in transport.read(now_s):
            if self.tap is not None:
                self.tap(False, arrival.data, arrival.at_s)
            self.link.receive(arrival.data, arrival.at_s)
        data = self.link.due(now_s)
        if data:
            if self.tap is not None:
                self.tap(True, data, now_s)
            transport.write(data)

    def _lose(self, why: str, now_s: float) -> None:
        self.close()
        self.link.lose(why, now_s)
        self._reopen_after_s = REOPEN_FIRST_S
        self._reopen_at_s = now_s + self._reopen_after_s

    def _reopen(self, now_s: float) -> None:
        if self._reopen_at_s is None or now_s < self._reopen_at_s:
            return
        try:
            self._transport = self._connect()
        except BoardNotFoundError:
            self._reopen_after_s = min(2 * self._reopen_after_s, REOPEN_LONGEST_S)
            self._reopen_at_s = now_s + self._reopen_after_s
            return
        self._reopen_at_s = None
        self.link.start(now_s)
