"""Holding the twin back to real time, for people who look on."""

from __future__ import annotations

import time
from collections.abc import Callable


def flat_out(time_s: float) -> None:
    """A `pace` that never waits."""


def real_time(
    *,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Callable[[float], None]:
    """A `pace` for `Lockstep`: waits until as much real time has passed as simulated time.

    Args:
        clock: real seconds.
        wait: sleeps for some seconds.
    """
    start_s = clock()

    def pace(time_s: float) -> None:
        ahead_s = time_s - (clock() - start_s)
        if ahead_s > 0:
            wait(ahead_s)

    return pace
