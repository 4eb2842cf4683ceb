"""Has the belt stood so that hands may have moved what lies on it?"""

from __future__ import annotations

HANDS_IN = frozenset({"estop", "cover"})
"""Faults of the board behind which somebody reaches in."""
MOVES_MM = 2.0
"""A belt that has moved less has stood."""


class StopWatch:
    """Watches faults and belt position. Times are the caller's monotonic clock."""

    def __init__(self, *, trust_stop_s: float, mm_per_tick: float) -> None:
        """Set the rule.

        Args:
            trust_stop_s: how long the belt may stand.
            mm_per_tick: belt travel a tick.
        """
        self._trust_stop_s = trust_stop_s
        self._moves_ticks = MOVES_MM / mm_per_tick
        self._faults: set[str] = set()
        self._seen: tuple[float, float] | None = None
        self.stops = 0
        """How often the belt's load could no longer be trusted."""
        self._hands = False

    def fault(self, name: str, active: bool) -> None:
        """The board has raised or cleared a fault."""
        if name in HANDS_IN:
            (self._faults.add if active else self._faults.discard)(name)

    def hands_may_be_in(self, tick: float | None, now_s: float) -> bool:
        """Whether the belt's load can not be trusted now.

        Args:
            tick: where the belt is; None where nobody knows, which is no movement.
            now_s: now.
        """
        if tick is not None and (
            self._seen is None or abs(tick - self._seen[0]) >= self._moves_ticks
        ):
            self._seen = (tick, now_s)
        stood_s = 0.0 if self._seen is None else now_s - self._seen[1]
        hands = bool(self._faults) or stood_s > self._trust_stop_s
        self.stops += hands and not self._hands
        self._hands = hands
        return hands
