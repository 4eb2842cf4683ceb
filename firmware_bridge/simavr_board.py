"""The board whose firmware runs in simavr."""

from __future__ import annotations

from pathlib import Path

from firmware_bridge.simavr import ELF_PATH, Simavr
from firmware_bridge.simulated_board import SimulatedBoard


class SimavrBoard(SimulatedBoard):
    """Board and plant with the very firmware that an Uno runs.

    Args:
        elf: another firmware than the built one.
        virtual_ticks_per_s: as in `LinkedBoard`.

    Raises:
        BoardError: the firmware or the simulator's library is not built.
    """

    def __init__(self, elf: Path | None = None, *, virtual_ticks_per_s: float = 0.0) -> None:
        self.simavr = Simavr(ELF_PATH if elf is None else elf)
        super().__init__(
            self.simavr, name="the board in simavr", virtual_ticks_per_s=virtual_ticks_per_s
        )
