"""Where the belt was at a host time, from the board's state replies."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from firmware_bridge.board import BeltTick
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

    def at(self, time_s: float) -> BeltTick | None:
        """Belt position and its error at a host time; None before the first state.

        The error contains the doubt about the board's clock, the whole way between the two states
        around that moment, and the tick in progress. It holds for a belt that has turned back
        between no two states and that has not more than doubled its speed since the last one.
        """
        board_us = self._clock.board_us(time_s)
        if board_us is None:
            return None
        doubt_us = self._clock.error_s(time_s) * 1e6
        tick = self._tick(board_us)
        reached = self._reached(board_us - doubt_us, board_us + doubt_us)
        return BeltTick(
            tick=tick, error_ticks=1.0 + max(abs(tick - bound) for bound in (*reached, tick))
        )

    def tick_at(self, time_s: float) -> float | None:
        """Belt position in unwrapped ticks; None before the first state."""
        board_us = self._clock.board_us(time_s)
        return None if board_us is None else self._tick(board_us)

    def host_s(self, folded_us: int) -> float | None:
        """Host time of a stamp of the board's clock near the present; None before any state."""
        if not self._history:
            return None
        return self._clock.host_s(unfold(folded_us, self._history[-1][0]))

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

    def _place(self, board_us: float) -> int:
        """How many states are not younger than `board_us`."""
        return bisect_right(self._history, board_us, key=lambda entry: entry[0])

    def _tick(self, board_us: float) -> float:
        place = self._place(board_us)
        if 0 < place < len(self._history):
            (us_0, tick_0), (us_1, tick_1) = self._history[place - 1], self._history[place]
            return tick_0 + (tick_1 - tick_0) * (board_us - us_0) / (us_1 - us_0)
        if place == 0:
            return float(self._history[0][1])
        last_us, last_tick = self._history[-1]
        return last_tick + self._speed() * (board_us - last_us)

    def _reached(self, first_us: float, last_us: float) -> list[float]:
        """Where the belt may have been between two moments: at most at the outermost of these."""
        first, last = self._place(first_us), self._place(last_us)
        if first == 0:
            return [float("inf")]
        reached = [float(self._history[k][1]) for k in range(first - 1, min(last + 1, self._count))]
        if last == self._count:
            newest_us, newest_tick = self._history[-1]
            fastest = max(self._speed(), self._speed(over_us=1), key=abs)
            reached.append(newest_tick + 2 * fastest * (last_us - newest_us))
        return reached

    @property
    def _count(self) -> int:
        return len(self._history)

    def _speed(self, over_us: int = _SPEED_SPAN_US) -> float:
        """Ticks per microsecond, over at least `over_us` before the newest state."""
        last_us, last_tick = self._history[-1]
        for us, tick in reversed(self._history):
            if last_us - us >= over_us:
                return (last_tick - tick) / (last_us - us)
        us, tick = self._history[0]
        return (last_tick - tick) / (last_us - us) if last_us > us else 0.0
