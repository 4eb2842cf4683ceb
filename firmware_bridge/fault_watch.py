"""Turns the fault bits of a board into events."""

from __future__ import annotations

from firmware_bridge.board import BoardFault
from firmware_bridge.codes import FAULT_BITS
from firmware_bridge.handshake import bit_names

START_NEEDED = "start_needed"
"""The flag that is told like a fault: the board waits for a person."""


class FaultWatch:
    """Which faults stand."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()

    def update(self, bits: int, *, start_needed: bool | None = None) -> list[BoardFault]:
        """What has changed.

        Args:
            bits: the board's fault bits.
            start_needed: whether the board waits for a person; None if it has not said.
        """
        names = set(bit_names(bits, FAULT_BITS))
        if START_NEEDED in self._names if start_needed is None else start_needed:
            names.add(START_NEEDED)
        changed = [
            BoardFault(name=name, active=name in names)
            for name in (*FAULT_BITS, START_NEEDED)
            if (name in names) != (name in self._names)
        ]
        self._names = frozenset(names)
        return changed
