"""The byte pipe between the link and a board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Bytes that came from the board together."""

    data: bytes
    at_s: float
    """When the last of them came in, or later, on the caller's monotonic clock."""


class TransportLostError(Exception):
    """The pipe is gone: unplugged, or closed at the other end."""


class Transport(Protocol):
    """A non-blocking byte pipe."""

    def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            TransportLostError: the pipe is gone.
        """
        ...

    def read(self, now_s: float) -> list[Arrival]:
        """What has come in since the last call, oldest first; empty if nothing has.

        Args:
            now_s: the caller's monotonic clock; what has no stamp of its own is stamped with it.

        Raises:
            TransportLostError: the pipe is gone.
        """
        ...

    def close(self) -> None:
        """Let go of the pipe. Closing twice is harmless."""
        ...
