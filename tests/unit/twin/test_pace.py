"""Holding the twin back to real time."""

from __future__ import annotations

from sorter.twin.pace import real_time


def test_a_twin_ahead_of_the_clock_waits_for_the_rest() -> None:
    waits: list[float] = []
    pace = real_time(clock=lambda: 100.0, wait=waits.append)
    pace(0.5)
    assert waits == [0.5]


def test_a_twin_behind_the_clock_does_not_wait() -> None:
    times = iter([100.0, 102.0])
    waits: list[float] = []
    pace = real_time(clock=lambda: next(times), wait=waits.append)
    pace(1.5)
    assert waits == []
