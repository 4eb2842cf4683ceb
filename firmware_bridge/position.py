"""Where the belt was at a host time, from the board's state replies."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from firmware_bridge.clock import ClockEstimate
from firmware_bridge.wrapping import fold, unfold

_HISTORY = 256
_SPEED_SPAN_US = 40_000
"""The speed is measured over at least this time, so that one tick of rounding hardly shows."""

REBOOT_GAP_TICKS = 1 << 24
"""Ticks after a board's reset continue this far above all earlier ones: beyond any horizon, so a
window planned before the reset can never meet a belt counted after it."""


class BeltPosition:
    """Unwrapped ticks over host time.

    Between two states the position is interpolated; past the last it runs on at the last speed.
    """

    def __init__(self) -> None:
        self._clock = ClockEstimate()
        self._history: deque[tuple[int, int]] = deque(maxlen=_HISTORY)
        self._base = 0
        self._highest = 0
        self._near: int | None = None

    @property
    def clock(self) -> ClockEstimate:
        """The tie between host time and board time."""
        return self._clock

    @property
    def base(self) -> int:
        """Unwrapped ticks below this one were counted before the board's last reset."""
        return self._base

    @property
    def last_tick(self) -> int | None:
        """The newest tick that the board has told; None before the first state."""
        return self._history[-1][1] if self._history else None

    def add(self, *, tick: int, board_us: int, sent_s: float, received_s: float) -> None:
        """Add a state's folded counts and its round trip, as in `ClockEstimate.add`."""
        if self._history:
            last_us = self._history[-1][0]
            board_us = unfold(board_us, last_us)
            if board_us < last_us:
                return
        self._near = self.unfold(tick)
        self._history.append((board_us, self._near))
        self._highest = max(self._highest, self._near)
        self._clock.add(sent_s=sent_s, received_s=received_s, board_us=board_us)

    def tick_at(self, time_s: float) -> float | None:
        """Belt position in unwrapped ticks; None before the first state."""
        board_us = self._clock.board_us(time_s)
        if board_us is None:
            return None
        place = bisect_right(self._history, board_us, key=lambda entry: entry[0])
        if 0 < place < len(self._history):
            (us_0, tick_0), (us_1, tick_1) = self._history[place - 1], self._history[place]
            return tick_0 + (tick_1 - tick_0) * (board_us - us_0) / (us_1 - us_0)
        if place == 0:
            return float(self._history[0][1])
        last_us, last_tick = self._history[-1]
        return last_tick + self._speed() * (board_us - last_us)

    def forget(self, *, rebooted: bool) -> None:
        """The link was lost; after a reboot the count starts anew, above all earlier ticks."""
        if rebooted:
            self._base = self._highest - self._highest % REBOOT_GAP_TICKS + 2 * REBOOT_GAP_TICKS
            self._highest = self._base
            self._near = None
        self._history.clear()
        self._clock = ClockEstimate()

    def fold(self, tick: int) -> int:
        """The board's count for an unwrapped tick."""
        return fold(tick - self._base)

    def unfold(self, tick: int) -> int:
        """The unwrapped tick for a board's count near the present one."""
        if self._near is None:
            return self._base + tick
        return self._base + unfold(tick, self._near - self._base)

    def _speed(self) -> float:
        last_us, last_tick = self._history[-1]
        for us, tick in reversed(self._history):
            if last_us - us >= _SPEED_SPAN_US:
                return (last_tick - tick) / (last_us - us)
        us, tick = self._history[0]
        return (last_tick - tick) / (last_us - us) if last_us > us else 0.0
