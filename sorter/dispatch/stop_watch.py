"""Has the belt stood so that hands may have moved what lies on it?"""

from __future__ import annotations

from firmware_bridge.fault_watch import START_NEEDED

HANDS_IN = frozenset({"estop", "cover"})
"""Faults of the board behind which somebody reaches in."""
LINK = "link"
"""While the board cannot be heard, it stops the belt, and anything may have been pressed."""
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
        self._ran = False
        self._raised = False
        self._found = False
        self.stops = 0
        """How often the belt's load could no longer be trusted."""
        self._hands = False

    def fault(self, name: str, active: bool) -> None:
        """The board has raised or cleared a fault.

        A belt that has run and needs its start button has stopped without anybody's order: a person
        is at it, whatever was to be heard of the cause.
        """
        if name in HANDS_IN or (name == START_NEEDED and (self._ran or not active)):
            (self._raise if active else self._faults.discard)(name)

    def lost(self) -> None:
        """The board cannot be heard."""
        self._found = False
        self._raise(LINK)

    def found(self) -> None:
        """It is heard again; what it says of its faults comes after this."""
        self._found = True

    def _raise(self, name: str) -> None:
        self._faults.add(name)
        self._raised = True

    def hands_may_be_in(self, tick: float | None, now_s: float) -> bool:
        """Whether the belt's load can not be trusted now.

        Args:
            tick: where the belt is; None where nobody knows, which is no movement.
            now_s: now.
        """
        if tick is not None and (
            self._seen is None or abs(tick - self._seen[0]) >= self._moves_ticks
        ):
            self._ran |= self._seen is not None
            self._seen = (tick, now_s)
        stood_s = 0.0 if self._seen is None else now_s - self._seen[1]
        hands = bool(self._faults) or self._raised or stood_s > self._trust_stop_s
        self.stops += hands and not self._hands
        self._hands, self._raised = hands, False
        if self._found and tick is not None:
            # Not before: a board that was reset counts from elsewhere, and what lies on the belt
            # has to be told by the new count.
            self._faults.discard(LINK)
            self._found = False
        return hands
