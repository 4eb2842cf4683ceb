"""The board at a serial port."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from firmware_bridge.linked_board import LinkedBoard
from firmware_bridge.serial_transport import SerialTransport


class SerialBoard(LinkedBoard):
    """A board at a serial port such as `/dev/ttyACM0`.

    Args:
        port: path of the device.
        baud: bits per second; 250 000 has no rate error on a 16 MHz AVR.
        clock: the caller's monotonic clock, the one that `now_s` of every call comes from.
        threaded: False reads the port in `service` alone, for stepped tests.
        virtual_ticks_per_s: that the board makes itself while its belt runs, for a machine without
            an encoder; 0 where an encoder counts.
    """

    def __init__(
        self,
        port: str,
        baud: int = 250_000,
        *,
        clock: Callable[[], float] = time.monotonic,
        threaded: bool = True,
        virtual_ticks_per_s: float = 0.0,
    ) -> None:
        super().__init__(
            lambda: SerialTransport(port, baud, clock=clock, threaded=threaded),
            name=f"the board at {port}",
            nonces=lambda: secrets.randbelow(2**32 - 1) + 1,
            baud=baud,
            virtual_ticks_per_s=virtual_ticks_per_s,
        )
