"""The board that a config asks for."""

from __future__ import annotations

from firmware_bridge.linked_board import LinkedBoard
from sorter.config import SorterConfig

VIRTUAL = "virtual"
"""The port of the board that needs no hardware."""


def board_from_config(config: SorterConfig) -> LinkedBoard:
    """The board of `sorter run`, not yet opened."""
    if config.board.port == VIRTUAL:
        from sorter.virtual_line import VirtualLineBoard

        return VirtualLineBoard(config)
    from firmware_bridge.serial_board import SerialBoard

    return SerialBoard(
        config.board.port,
        baud=config.board.baud,
        virtual_ticks_per_s=config.belt.virtual_ticks_per_s,
    )
