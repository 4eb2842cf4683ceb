"""Does the belt stand, so that a person may be at it?"""

from __future__ import annotations

STANDS_S = 2.0
STANDS_MM = 2.0
"""A belt that moves less in that time stands."""


class Standstill:
    """Remembers when the belt has moved last."""

    def __init__(self) -> None:
        self._moved: tuple[float, float] | None = None

    def see(self, time_s: float, belt_mm: float) -> bool:
        """Take in where the belt is; return whether it stands.

        Args:
            time_s: now.
            belt_mm: belt travel.
        """
        if self._moved is None or abs(belt_mm - self._moved[1]) >= STANDS_MM:
            self._moved = (time_s, belt_mm)
        return time_s - self._moved[0] > STANDS_S
