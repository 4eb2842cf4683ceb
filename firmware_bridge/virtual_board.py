"""The board that needs no hardware and no compiler."""

from __future__ import annotations

from firmware_bridge.simulated_board import SimulatedBoard
from firmware_bridge.virtual_firmware import VirtualFirmware


class VirtualBoard(SimulatedBoard):
    """Board and plant in pure Python, speaking the real bytes at the real byte time."""

    def __init__(self, firmware: VirtualFirmware | None = None) -> None:
        self.firmware = firmware if firmware is not None else VirtualFirmware()
        super().__init__(self.firmware, name="the virtual board")
