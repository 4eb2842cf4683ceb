"""The board that needs no hardware and no compiler."""

from __future__ import annotations

from firmware_bridge.simulated_board import SimulatedBoard
from firmware_bridge.virtual_firmware import VirtualFirmware


class VirtualBoard(SimulatedBoard):
    """Board and plant in pure Python, speaking the real bytes at the real byte time.

    Args:
        firmware: one that is set up in a special way.
        virtual_ticks_per_s: as in `LinkedBoard`.
    """

    def __init__(
        self, firmware: VirtualFirmware | None = None, *, virtual_ticks_per_s: float = 0.0
    ) -> None:
        self.firmware = firmware if firmware is not None else VirtualFirmware()
        super().__init__(
            self.firmware, name="the virtual board", virtual_ticks_per_s=virtual_ticks_per_s
        )
