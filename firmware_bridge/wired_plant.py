"""A simulated board as its simulator sees it: a plant and the host's end of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.plant import Plant


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFrame:
    """Bytes from a board up to a delimiter, and when the last of them was through."""

    at_us: int
    data: bytes


class WiredPlant(Plant, Protocol):
    """A plant together with the host's end of the wire."""

    def send(self, data: bytes) -> None:
        """Put bytes on the wire to the board, behind those already there."""
        ...

    def take(self) -> list[WireFrame]:
        """What has come from the board by now, oldest first."""
        ...
