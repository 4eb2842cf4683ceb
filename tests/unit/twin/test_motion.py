"""The belt drive's ramps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.twin.motion import Motion

ORDERS = st.lists(
    st.tuples(st.one_of(st.just(0.0), st.floats(0.1, 2000)), st.integers(0, 3_000_000)),
    min_size=1,
    max_size=6,
)


def running(speed_mm_per_s: float = 300.0) -> Motion:
    motion = Motion(acceleration_mm_per_s2=1000)
    motion.order(speed_mm_per_s, 0)
    return motion


def test_a_belt_stands_until_it_is_ordered_to_run() -> None:
    motion = Motion(acceleration_mm_per_s2=1000)
    assert motion.position_mm(5_000_000) == 0
    assert motion.reaches_us(0.5) is None


def test_it_ramps_up_and_then_keeps_its_speed() -> None:
    motion = running()
    assert motion.speed_mm_per_s(150_000) == pytest.approx(150)
    assert motion.speed_mm_per_s(900_000) == pytest.approx(300)
    # 0.3 s of ramp cover 45 mm, the rest of the second 210 mm.
    assert motion.position_mm(1_000_000) == pytest.approx(255)


def test_it_ramps_down_and_then_stands() -> None:
    motion = running()
    motion.order(0, 1_000_000)
    assert motion.speed_mm_per_s(2_000_000) == pytest.approx(0)
    assert motion.position_mm(9_000_000) == pytest.approx(255 + 45)
    assert motion.reaches_us(301) is None


@given(ORDERS, st.floats(0.1, 500))
def test_the_time_of_a_position_is_when_it_is_first_reached(
    orders: list[tuple[float, int]], ahead_mm: float
) -> None:
    motion, now_us = Motion(acceleration_mm_per_s2=1000), 0
    for speed, later_us in orders:
        motion.order(speed, now_us)
        now_us += later_us
    motion.order(orders[0][0], now_us)
    target_mm = motion.position_mm(now_us) + ahead_mm
    reached_us = motion.reaches_us(target_mm)
    if reached_us is None:
        assert motion.position_mm(now_us + 10**10) < target_mm + 1e-3
    else:
        assert motion.position_mm(reached_us) >= target_mm - 1e-6
        assert motion.position_mm(max(now_us, reached_us - 2)) <= target_mm + 1e-6


@given(ORDERS)
def test_it_never_runs_backwards(orders: list[tuple[float, int]]) -> None:
    motion, now_us, last_mm = Motion(acceleration_mm_per_s2=1000), 0, 0.0
    for speed, later_us in orders:
        motion.order(speed, now_us)
        for part in range(1, 5):
            at_mm = motion.position_mm(now_us + later_us * part // 4)
            assert at_mm >= last_mm - 1e-6
            last_mm = at_mm
        now_us += later_us


def test_a_belt_that_is_ordered_back_comes_to_stand_first() -> None:
    motion = running()
    motion.order(-100, 1_000_000)
    # 0.3 s and 45 mm to stand, then 0.1 s and 5 mm to full speed back.
    assert motion.position_mm(1_300_000) == pytest.approx(255 + 45)
    assert motion.speed_mm_per_s(1_300_001) <= 0
    assert motion.position_mm(1_400_000) == pytest.approx(300 - 5)
    assert motion.speed_mm_per_s(2_000_000) == pytest.approx(-100)
    assert motion.falls_to_us(295, 1_350_000) == pytest.approx(1_400_000, abs=2)
    assert motion.falls_to_us(200, 1_000_000) == pytest.approx(2_350_000, abs=2)
    assert motion.reaches_us(301, 1_000_000) is None


def test_a_belt_that_runs_forward_falls_to_no_place_behind_it() -> None:
    assert running().falls_to_us(-0.1) is None


WAYS = st.lists(
    st.tuples(st.integers(-1500, 1500), st.integers(1_000, 2_000_000)), min_size=1, max_size=6
)


@given(WAYS, st.floats(0.01, 300))
def test_no_place_is_passed_before_the_time_that_is_told_for_it(
    orders: list[tuple[int, int]], off_mm: float
) -> None:
    motion, now_us = Motion(acceleration_mm_per_s2=1000), 0
    for speed, later_us in orders:
        motion.order(speed, now_us)
        here_mm = motion.position_mm(now_us)
        ahead_us = motion.reaches_us(here_mm + off_mm, now_us)
        back_us = motion.falls_to_us(here_mm - off_mm, now_us)
        for part in range(1, 9):
            at_us = now_us + later_us * part // 8
            at_mm = motion.position_mm(at_us)
            assert ahead_us is None or at_us >= ahead_us or at_mm < here_mm + off_mm + 1e-6
            assert ahead_us is not None or at_mm < here_mm + off_mm + 1e-6
            assert back_us is not None or at_mm > here_mm - off_mm - 1e-6
            assert back_us is None or at_us >= back_us or at_mm > here_mm - off_mm - 1e-6
        now_us += later_us
