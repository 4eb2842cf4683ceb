"""Asks a board's bootloader at which speed it talks: that tells the old Nano's from Optiboot."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import serial

from firmware_bridge.board import BoardNotFoundError
from firmware_bridge.flash import BOOTLOADERS

_GET_SYNC = b"\x30\x20"
_IN_SYNC = b"\x14\x10"
"""STK500: command and answer."""
_RESET_PULSE_S = 0.05
_WAKE_S = 0.1
"""From the reset to a bootloader that listens."""
_ANSWER_S = 0.2
_TRIES = 3


def probe_bootloader(port: str, *, wait: Callable[[float], None] = time.sleep) -> str | None:
    """Reset the board at `port` and ask its bootloader who it is.

    Returns:
        A key of `BOOTLOADERS`: `nano` for Optiboot, `nano-old` for the old one of the Nano, None
        when no bootloader answers (the board was flashed through ISP, or has no auto-reset).

    Raises:
        BoardNotFoundError: the port cannot be opened.
    """
    for name in ("nano", "nano-old"):
        try:
            if _answers(port, BOOTLOADERS[name].baud, wait):
                return name
        except (serial.SerialException, OSError) as error:
            raise BoardNotFoundError(
                f"the board's port {port} cannot be opened ({error}); look for its name with "
                "`sorter board list`"
            ) from error
    return None


def _answers(port: str, baud: int, wait: Callable[[float], None]) -> bool:
    with serial.Serial(port, baud, timeout=_ANSWER_S, write_timeout=1, exclusive=True) as line:
        # A port without modem lines (a pseudo-terminal) has no reset to pull.
        with contextlib.suppress(OSError):
            line.dtr = False
            wait(_RESET_PULSE_S)
            line.dtr = True
        wait(_WAKE_S)
        line.reset_input_buffer()
        for _ in range(_TRIES):
            line.write(_GET_SYNC)
            if _IN_SYNC in line.read(len(_IN_SYNC)):
                return True
    return False
