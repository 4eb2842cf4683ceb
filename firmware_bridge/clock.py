"""Ties the host's monotonic clock to the board's microsecond clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MAX_DRIFT = 0.005
"""Bound on the rate error of the board's clock: an Uno runs from a ceramic resonator (±0.5 %)."""

_SAMPLES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    host_s: float
    board_us: int
    half_width_s: float


class ClockEstimate:
    """Host time as a function of board time, from round trips.

    A round trip says that the board's stamp was taken between sending and receiving; the trip with
    the least doubt is used, where doubt is half its width, growing with its age by `MAX_DRIFT`.
    The rate is taken as exact; a fitted drift would replace it in `board_us`.
    """

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        self._best: _Sample | None = None

    def add(self, *, sent_s: float, received_s: float, board_us: int) -> None:
        """Add one round trip.

        Args:
            sent_s: host time at which the question was through on the wire, at the earliest.
            received_s: host time at which the answer had begun on the wire, at the latest.
            board_us: the board's unwrapped stamp.
        """
        self._samples.append(
            _Sample(
                host_s=(sent_s + received_s) / 2,
                board_us=board_us,
                half_width_s=max(received_s - sent_s, 0.0) / 2,
            )
        )
        self._best = min(self._samples, key=lambda sample: _error_s(sample, received_s))

    def board_us(self, host_s: float) -> float | None:
        """The board's unwrapped clock at a host time; None before the first round trip."""
        if self._best is None:
            return None
        return self._best.board_us + (host_s - self._best.host_s) * 1e6

    def error_s(self, host_s: float) -> float:
        """Bound on the error of `board_us` in seconds; infinite before the first round trip."""
        return float("inf") if self._best is None else _error_s(self._best, host_s)


def _error_s(sample: _Sample, now_s: float) -> float:
    return sample.half_width_s + abs(now_s - sample.host_s) * MAX_DRIFT
