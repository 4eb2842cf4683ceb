from __future__ import annotations

import pytest

from sorter.twin.slow_time import AHEAD_S, PATIENCE_S, SlowTime


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def test_time_runs_as_it_should_while_frames_are_taken_often_enough() -> None:
    clock = Clock()
    slow = SlowTime(clock)
    for _ in range(100):
        clock.now_s += 0.1
        slow.frame()
    assert slow() == pytest.approx(60.0)


def test_a_computer_that_needs_half_a_second_for_a_frame_sees_slow_motion() -> None:
    clock = Clock()
    slow = SlowTime(clock)
    times_s = []
    for _ in range(20):
        for _ in range(50):
            clock.now_s += 0.01
            times_s.append(slow())
        slow.frame()
    assert slow() == pytest.approx(50 + 20 * AHEAD_S)
    assert times_s == sorted(times_s)


def test_without_any_frame_time_goes_on_after_a_while() -> None:
    clock = Clock()
    slow = SlowTime(clock)
    for _ in range(300):
        clock.now_s += 0.01
        slow()
    assert slow() == pytest.approx(50 + AHEAD_S + 3.0 - PATIENCE_S, abs=0.02)
