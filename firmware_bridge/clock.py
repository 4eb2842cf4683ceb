"""Ties the host's monotonic clock to the board's microsecond clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MAX_DRIFT = 0.006
"""Bound on the rate error of the board's clock against the host's: an Uno runs from a ceramic
resonator (±0.5 %), and the kernel slews the host's clock by up to 0.05 %."""
WANDER = 0.0005
"""Bound on the difference of the rate's means over any two stretches of `KEEP_FOR_S`: the host's
slewing, and the resonator's drift with temperature (under 100 ppm in half a minute)."""
KEEP_FOR_S = 32.0
KEEP_EVERY_S = 0.5
"""Of the trips of this long only the one with the least doubt is kept: the minimum filter."""
OUTLIERS_IN_A_ROW = 8
"""So many trips that contradict the estimate one after another: the estimate is what is wrong."""

_STAMP_S = 2e-6
"""The board's stamps are whole microseconds; covers a float's rounding too, where a simulated wire
takes no time at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trip:
    """A round trip: the board's clock showed `board_us` at `host_s` ± `doubt_s`."""

    host_s: float
    board_us: int
    doubt_s: float


class ClockEstimate:
    """Board time as a function of host time, from round trips.

    A round trip says that the board's stamp was taken between sending and receiving, however the
    latency is shared out between the two directions: half the round trip bounds the error. The trip
    with the least doubt of each half second is kept, the rate is fitted through the two kept trips
    that bound it most tightly, and the estimate starts from the trip that leaves the least doubt
    now: half its width plus its age times the doubt of the rate.
    """

    def __init__(self) -> None:
        self._trips: deque[_Trip] = deque()
        self._best: _Trip | None = None
        self._bucket = -1
        self._rate = 1.0
        self._rate_doubt = MAX_DRIFT
        self._in_a_row = 0
        self.outliers = 0
        """Round trips dropped because they contradict all others."""

    @property
    def drift(self) -> float:
        """How much faster than the host's clock the board's runs: 0.001 is 1 ms in a second."""
        return self._rate - 1.0

    @property
    def drift_doubt(self) -> float:
        """Bound on the error of `drift`."""
        return self._rate_doubt

    def add(self, *, sent_s: float, received_s: float, board_us: int) -> None:
        """Add one round trip.

        Args:
            sent_s: host time at which the question was through on the wire, at the earliest.
            received_s: host time at which the answer had begun on the wire, at the latest.
            board_us: the board's unwrapped stamp.
        """
        half_s = (received_s - sent_s) / 2
        trip = _Trip(host_s=sent_s + half_s, board_us=board_us, doubt_s=half_s + _STAMP_S)
        if trip.doubt_s < 0 or self._contradicts(trip):
            self.outliers += 1
            self._in_a_row += 1
            if self._in_a_row < OUTLIERS_IN_A_ROW:
                return
            self._start_anew()
            if trip.doubt_s < 0:
                return
        self._in_a_row = 0
        if self._keep(trip):
            self._fit()
        known_trips = (*self._trips, trip, self._best or trip)
        self._best = min(known_trips, key=lambda known: self._doubt_s(known, received_s))

    def board_us(self, host_s: float) -> float | None:
        """The board's unwrapped clock at a host time; None before the first round trip."""
        if self._best is None:
            return None
        return self._best.board_us + (host_s - self._best.host_s) * self._rate * 1e6

    def host_s(self, board_us: float) -> float | None:
        """Host time of an unwrapped stamp; None before the first round trip."""
        if self._best is None:
            return None
        return self._best.host_s + (board_us - self._best.board_us) / 1e6 / self._rate

    def error_s(self, host_s: float) -> float:
        """Bound on the error of `board_us` in seconds; infinite before the first round trip."""
        return float("inf") if self._best is None else self._doubt_s(self._best, host_s)

    def _doubt_s(self, trip: _Trip, host_s: float) -> float:
        return trip.doubt_s * (1 + MAX_DRIFT) + abs(host_s - trip.host_s) * self._rate_doubt

    def _contradicts(self, trip: _Trip) -> bool:
        expected_us = self.board_us(trip.host_s)
        if expected_us is None:
            return False
        allowed_s = self.error_s(trip.host_s) + trip.doubt_s * (1 + MAX_DRIFT)
        return abs(trip.board_us - expected_us) > allowed_s * 1e6

    def _start_anew(self) -> None:
        self._trips.clear()
        self._best = None
        self._bucket = -1
        self._rate, self._rate_doubt = 1.0, MAX_DRIFT

    def _keep(self, trip: _Trip) -> bool:
        bucket = int(trip.host_s // KEEP_EVERY_S)
        if bucket != self._bucket:
            self._bucket = bucket
            self._trips.append(trip)
            while self._trips[0].host_s < trip.host_s - KEEP_FOR_S:
                self._trips.popleft()
        elif trip.doubt_s < self._trips[-1].doubt_s:
            self._trips[-1] = trip
        else:
            return False
        return True

    def _fit(self) -> None:
        """The rate through two trips is bounded by their widths over the time between them."""
        rate, doubt = 1.0, MAX_DRIFT
        newest = self._trips[-1]
        anchors = (newest, min(self._trips, key=lambda kept: kept.doubt_s))
        for anchor in anchors:
            for other in self._trips:
                span_s = abs(anchor.host_s - other.host_s)
                doubt_s = anchor.doubt_s + other.doubt_s
                if span_s <= doubt_s:
                    continue
                told_s = abs(anchor.board_us - other.board_us) / 1e6
                spread = told_s / (span_s - doubt_s) - told_s / span_s + WANDER
                if spread < doubt:
                    rate, doubt = told_s / span_s, spread
        self._rate, self._rate_doubt = rate, doubt
