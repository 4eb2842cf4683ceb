"""The board at a serial port."""

from __future__ import annotations

import secrets
import termios
from typing import Any

import serial

from firmware_bridge.board import BoardNotFoundError
from firmware_bridge.linked_board import LinkedBoard
from firmware_bridge.transport import Arrival, TransportLostError


class SerialTransport:
    """A serial port, never blocking.

    Opening the port of an Uno pulls its reset through DTR, whatever the program asks for, unless
    the port was left with HUPCL off: then DTR has stayed on. So HUPCL is switched off at the first
    opening and the link takes every opening for a possible reset.

    Args:
        port: path of the device.
        baud: bits per second.

    Raises:
        BoardNotFoundError: the port cannot be opened; the message says why and what to do.
    """

    def __init__(self, port: str, baud: int) -> None:
        try:
            self._serial = serial.Serial(port, baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, ValueError, OSError) as error:
            raise BoardNotFoundError(_not_found(port, error)) from error
        _keep_dtr(self._serial)

    def write(self, data: bytes) -> None:
        """Send bytes; what the system's buffer cannot take is lost, as on any wire.

        Raises:
            TransportLostError: the port is gone.
        """
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            return
        except (serial.SerialException, OSError) as error:
            raise TransportLostError(f"the port {self._serial.port} is gone: {error}") from error

    def read(self) -> list[Arrival]:
        """What has come in.

        Raises:
            TransportLostError: the port is gone.
        """
        try:
            data = self._serial.read(4096)
        except (serial.SerialException, OSError) as error:
            raise TransportLostError(f"the port {self._serial.port} is gone: {error}") from error
        return [Arrival(data=data)] if data else []

    def close(self) -> None:
        """Let go of the port."""
        self._serial.close()


class SerialBoard(LinkedBoard):
    """A board at a serial port such as `/dev/ttyACM0`.

    Args:
        port: path of the device.
        baud: bits per second; 250 000 has no rate error on a 16 MHz AVR.
    """

    def __init__(self, port: str, baud: int = 250_000) -> None:
        super().__init__(
            lambda: SerialTransport(port, baud),
            name=f"the board at {port}",
            nonces=lambda: secrets.randbelow(2**32 - 1) + 1,
            baud=baud,
        )


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
        "`ls /dev/serial/by-id` and set board.port to it"
    )
