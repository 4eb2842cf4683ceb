"""A serial port as a byte pipe; a thread stamps the bytes when they arrive."""

from __future__ import annotations

import os
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import serial

from firmware_bridge.board import BoardNotFoundError
from firmware_bridge.transport import Arrival, TransportLostError

BACKLOG_BYTES = 65_536
"""What the thread keeps for a reader that has stalled: more than two seconds of a full wire. What
comes after that is lost, as on any wire."""

PUMP_NAME = "serial pump"
"""Name of the thread."""


class SerialTransport:
    """A serial port, never blocking its user.

    Opening the port of an Uno pulls its reset through DTR, whatever the program asks for, unless
    the port was left with HUPCL off: then DTR has stayed on. So HUPCL is switched off at the first
    opening and the link takes every opening for a possible reset.

    Args:
        port: path of the device.
        baud: bits per second.
        clock: stamps the bytes; the monotonic clock of whoever calls `read`.
        threaded: False reads in `read` itself and stamps with its `now_s`, for stepped tests.

    Raises:
        BoardNotFoundError: the port cannot be opened; the message says why and what to do.
    """

    def __init__(
        self,
        port: str,
        baud: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        threaded: bool = True,
    ) -> None:
        try:
            self._serial = serial.Serial(
                port, baud, timeout=None if threaded else 0, write_timeout=0, exclusive=True
            )
        except (serial.SerialException, ValueError, OSError) as error:
            raise BoardNotFoundError(_not_found(port, error)) from error
        _keep_dtr(self._serial)
        self._clock = clock
        self._lock = threading.Lock()
        self._arrivals: deque[Arrival] = deque()
        self._backlog = 0
        self._lost: str | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._pump, name=PUMP_NAME, daemon=True)
            self._thread.start()

    def write(self, data: bytes) -> None:
        """Send bytes; what the system's buffer cannot take is lost, as on any wire.

        Raises:
            TransportLostError: the port is gone.
        """
        try:
            # pyserial's own write spins for as long as the system's buffer is full.
            os.write(self._serial.fileno(), data)
        except BlockingIOError:
            return
        except (serial.SerialException, OSError) as error:
            raise TransportLostError(self._gone(error)) from error

    def read(self, now_s: float) -> list[Arrival]:
        """What has come in.

        Raises:
            TransportLostError: the port is gone.
        """
        if self._thread is None:
            try:
                data = self._serial.read(4096)
            except (serial.SerialException, OSError) as error:
                raise TransportLostError(self._gone(error)) from error
            return [Arrival(data=data, at_s=now_s)] if data else []
        with self._lock:
            arrivals = list(self._arrivals)
            self._arrivals.clear()
            self._backlog = 0
        if not arrivals and self._lost is not None:
            raise TransportLostError(self._lost)
        return arrivals

    def close(self) -> None:
        """Let go of the port."""
        self._closing = True
        if self._thread is not None and self._serial.is_open:
            self._serial.cancel_read()
            self._thread.join()
        self._serial.close()

    def _pump(self) -> None:
        while not self._closing:
            try:
                data = self._serial.read(max(1, self._serial.in_waiting))
            except (serial.SerialException, OSError) as error:
                self._lost = self._gone(error)
                return
            at_s = self._clock()
            with self._lock:
                if data and self._backlog + len(data) <= BACKLOG_BYTES:
                    self._backlog += len(data)
                    self._arrivals.append(Arrival(data=data, at_s=at_s))

    def _gone(self, error: Exception) -> str:
        return f"the port {self._serial.port} is gone: {error}"


def _keep_dtr(port: Any) -> None:
    """Switch HUPCL off: closing the port leaves DTR on, and the next opening resets nothing."""
    attributes = termios.tcgetattr(port.fileno())
    attributes[2] &= ~termios.HUPCL
    termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)


def _not_found(port: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if isinstance(error, serial.SerialException) and "lock" in str(error):
        return f"the board's port {port} is in use by another program; stop that program first"
    if isinstance(error, PermissionError) or number == 13:
        return (
            f"the board's port {port} may not be opened by this user; add the user to its group "
            "(`sudo usermod -aG dialout $USER`) and log in again"
        )
    why = "does not exist" if number == 2 else f"cannot be opened ({error})"
    return (
        f"the board's port {port} {why}; plug the board in, look for its name with "
        "`sorter board list` and set board.port to it"
    )
