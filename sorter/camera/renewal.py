"""When to open a camera anew that works and yet shows nothing that can be trusted."""

from __future__ import annotations

FIRST_S, LONGEST_S = 1.0, 600.0
"""From the fault to the first time; doubled from one time to the next: who covers the lens for a
night shall not fill the records."""


class Renewal:
    """Grows more patient with each time. Times are the caller's monotonic clock."""

    def __init__(self) -> None:
        self._wait_s = FIRST_S
        self._next_s: float | None = None

    def trusted(self) -> None:
        """The pictures are good again."""
        self._wait_s, self._next_s = FIRST_S, None

    def due(self, now_s: float) -> bool:
        """Whether to open the camera anew; asked as long as its pictures cannot be trusted."""
        if self._next_s is None:
            self._next_s = now_s + self._wait_s
        if now_s < self._next_s:
            return False
        self._wait_s = min(2 * self._wait_s, LONGEST_S)
        self._next_s = now_s + self._wait_s
        return True
