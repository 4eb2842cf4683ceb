"""The virtual firmware behind a real pseudo-terminal, for code that needs a port."""

from __future__ import annotations

import os
import tty

from firmware_bridge.virtual_firmware import VirtualFirmware


class VirtualPort:
    """A serial port with a virtual board at its other end; nothing moves but in `pump`."""

    def __init__(self, firmware: VirtualFirmware) -> None:
        self._firmware = firmware
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        """What `SerialBoard` opens."""

    def pump(self) -> None:
        """Move what the host has sent to the board, and what has come from it to the host."""
        try:
            data = os.read(self._master, 65_536)
        except BlockingIOError:
            data = b""
        if data:
            self._firmware.send(data)
        for frame in self._firmware.take():
            os.write(self._master, frame.data)

    def unplug(self) -> None:
        """Take both ends away."""
        os.close(self._master)
        os.close(self._slave)
