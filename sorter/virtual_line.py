"""A board for people without hardware, at a belt that runs in real time."""

from __future__ import annotations

from collections.abc import Iterable

from firmware_bridge.board import BoardEvent
from firmware_bridge.virtual_board import VirtualBoard
from sorter.config import SorterConfig
from sorter.twin.belt import Belt
from sorter.twin.live import BeltView
from sorter.twin.machine import Machine
from sorter.twin.placed import Laid


class VirtualLineBoard(VirtualBoard):
    """The virtual board with a belt around it that moves whenever `service` is called."""

    def __init__(self, config: SorterConfig, load: Iterable[Laid] = ()) -> None:
        """Put the configured belt around the board.

        Args:
            config: of the machine.
            load: what lies on the belt; an empty one for a camera that looks at something else.
        """
        super().__init__(virtual_ticks_per_s=config.belt.virtual_ticks_per_s)
        self._belt = Belt(Machine.as_configured(config), iter(load), self)
        self._powered_s: float | None = None
        self.view: BeltView | None = None
        """The belt as it was at the last `service`; replaced whole, for another thread to read."""

    def service(self, now_s: float) -> list[BoardEvent]:
        """Let belt and board run up to now, then exchange bytes as every board does."""
        if self._powered_s is None:
            self._powered_s = now_s - self.now_us / 1e6
        self._belt.run(max(self.now_us, round((now_s - self._powered_s) * 1e6)))
        self.view = BeltView(
            time_s=now_s,
            travel_mm=self._belt.travel_mm,
            placed=tuple(laid.placed for laid in self._belt.on_belt),
        )
        return super().service(now_s)
