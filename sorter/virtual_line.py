"""A board for people without hardware, at a belt that runs in real time."""

from __future__ import annotations

from firmware_bridge.board import BoardEvent
from firmware_bridge.virtual_board import VirtualBoard
from sorter.config import SorterConfig
from sorter.twin.belt import Belt
from sorter.twin.machine import Machine


class VirtualLineBoard(VirtualBoard):
    """The virtual board with an empty belt around it that moves whenever `service` is called."""

    def __init__(self, config: SorterConfig) -> None:
        """Put the configured belt around the board."""
        super().__init__(virtual_ticks_per_s=config.belt.virtual_ticks_per_s)
        self._belt = Belt(Machine.as_configured(config), iter(()), self)
        self._powered_s: float | None = None

    def service(self, now_s: float) -> list[BoardEvent]:
        """Let belt and board run up to now, then exchange bytes as every board does."""
        if self._powered_s is None:
            self._powered_s = now_s - self.now_us / 1e6
        self._belt.run(max(self.now_us, round((now_s - self._powered_s) * 1e6)))
        return super().service(now_s)
