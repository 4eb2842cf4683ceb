"""Where the belt was at a host time, from the board's state replies."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import islice, pairwise

from firmware_bridge.board import BeltTick
from firmware_bridge.clock import ClockEstimate
from firmware_bridge.wrapping import fold, unfold

_HISTORY = 256
_SPEED_SPAN_US = 40_000
"""The speed is measured over at least this time, so that one tick of rounding hardly shows."""
_WAYS = 3
"""The newest speed is the fastest of so many times between two states."""
_BACK_SPAN = 1 << 16

REBOOT_GAP_TICKS = 1 << 24
"""Ticks after a board's reset continue this far above all earlier ones: beyond any horizon, so a
window planned before the reset can never meet a belt counted after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a state has told, unwrapped."""

    us: int
    tick: int
    back: int
    """Ticks backward since then first was a state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """What the belt did between two states: so far forward and so far back, in any order."""

    us: int
    forward: int
    back: int


def _way(earlier: _Told, later: _Told) -> _Way:
    back = later.back - earlier.back
    return _Way(us=later.us - earlier.us, forward=later.tick - earlier.tick + back, back=back)


class BeltPosition:
    """Unwrapped ticks over host time.

    Between two states the position is interpolated; past the last it runs on at the last speed.
    """

    def __init__(self) -> None:
        self._clock = ClockEstimate()
        self._history: deque[_Told] = deque(maxlen=_HISTORY)
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
        return self._history[-1].tick if self._history else None

    def add(
        self, *, tick: int, ticks_back: int, board_us: int, sent_s: float, received_s: float
    ) -> None:
        """Add a state's folded counts and its round trip, as in `ClockEstimate.add`."""
        if self._history:
            last = self._history[-1]
            board_us = unfold(board_us, last.us)
            if board_us < last.us:
                return
            ticks_back = last.back + (ticks_back - last.back) % _BACK_SPAN
        self._near = self.unfold(tick)
        self._history.append(_Told(us=board_us, tick=self._near, back=ticks_back))
        self._highest = max(self._highest, self._near)
        self._clock.add(sent_s=sent_s, received_s=received_s, board_us=board_us)

    def at(self, time_s: float) -> BeltTick | None:
        """Belt position and its error at a host time; None before the first state.

        The error contains the doubt about the board's clock, the whole way between the two states
        around that moment, there and back as the board has counted it, and the tick in progress.
        Past the newest state it holds for a belt that goes, forward or back, at no more than double
        its newest speed.
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
        return self._clock.host_s(unfold(folded_us, self._history[-1].us))

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
        return bisect_right(self._history, board_us, key=lambda told: told.us)

    def _tick(self, board_us: float) -> float:
        place = self._place(board_us)
        if 0 < place < len(self._history):
            earlier, later = self._history[place - 1], self._history[place]
            share = (board_us - earlier.us) / (later.us - earlier.us)
            return earlier.tick + (later.tick - earlier.tick) * share
        if place == 0:
            return float(self._history[0].tick)
        newest = self._history[-1]
        return newest.tick + self._speed() * (board_us - newest.us)

    def _reached(self, first_us: float, last_us: float) -> list[float]:
        """Where the belt may have been between two moments: at most at the outermost of these."""
        first, last = self._place(first_us), self._place(last_us)
        if first == 0:
            return [float("inf")]
        reached: list[float] = []
        states = list(islice(self._history, first - 1, last + 1))
        for earlier, later in pairwise(states):
            way = _way(earlier, later)
            if way.forward < 0:
                return [float("inf")]
            reached += (earlier.tick - way.back, earlier.tick + way.forward)
        newest = self._history[-1]
        if last == len(self._history):
            reach = 2 * self._fastest() * (last_us - newest.us)
            reached += (newest.tick - reach, newest.tick + reach)
        return reached

    def _speed(self) -> float:
        """Ticks per microsecond, over at least `_SPEED_SPAN_US` before the newest state."""
        newest = self._history[-1]
        for told in reversed(self._history):
            if newest.us - told.us >= _SPEED_SPAN_US:
                break
        us = newest.us - told.us
        return (newest.tick - told.tick) / us if us else 0.0

    def _fastest(self) -> float:
        """Ticks per microsecond, forward and back, between the newest states."""
        ways = [_way(*pair) for pair in pairwise(list(self._history)[-_WAYS - 1 :])]
        return max(((way.forward + way.back) / way.us for way in ways if way.us), default=0.0)
