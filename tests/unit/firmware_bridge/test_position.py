from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from math import floor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.position import BeltPosition


def feed(position: BeltPosition, time_s: float, tick: int, ticks_back: int = 0) -> None:
    position.add(
        tick=tick % 2**32,
        ticks_back=ticks_back % 2**16,
        board_us=round(time_s * 1e6) % 2**32,
        sent_s=time_s - 0.0005,
        received_s=time_s + 0.0005,
    )


def test_between_two_states_the_position_is_interpolated_and_after_the_last_extrapolated() -> None:
    position = BeltPosition()
    for number in range(10):
        feed(position, 1.0 + 0.02 * number, 100 + 10 * number)
    assert position.tick_at(1.05) == pytest.approx(125)
    assert position.tick_at(1.19) == pytest.approx(195)


def test_before_the_oldest_state_the_position_is_that_of_the_oldest() -> None:
    position = BeltPosition()
    feed(position, 1.0, 100)
    feed(position, 1.1, 200)
    assert position.tick_at(0.5) == 100


def test_a_belt_that_stopped_is_not_run_on() -> None:
    position = BeltPosition()
    feed(position, 1.00, 100)
    feed(position, 1.02, 120)
    for number in range(4):
        feed(position, 1.04 + 0.02 * number, 125)
    assert position.tick_at(1.2) == pytest.approx(125)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(-1000, 100_000), min_size=1, max_size=30))
def test_ticks_and_microseconds_unwrap(start: int, moves: list[int]) -> None:
    position = BeltPosition()
    tick, time_s = start, 4294.0
    feed(position, time_s, tick)
    for move in moves:
        tick += move
        time_s += 0.5
        feed(position, time_s, tick)
        assert position.last_tick == tick
        assert position.unfold(position.fold(tick + 77)) == tick + 77
    assert position.tick_at(time_s) == pytest.approx(tick, abs=1e-3)


def test_a_lost_link_keeps_the_count_and_a_reboot_starts_above_it() -> None:
    position = BeltPosition()
    feed(position, 1.0, 2**32 - 5)
    feed(position, 1.1, 2**32 + 5)
    position.forget(rebooted=False)
    assert position.tick_at(1.2) is None
    feed(position, 2.0, 2**32 + 50)
    assert position.last_tick == 2**32 + 50
    position.forget(rebooted=True)
    feed(position, 3.0, 7)
    assert position.last_tick == position.base + 7
    assert position.base > 2**32 + 50


def test_before_the_first_state_no_position_is_known() -> None:
    position = BeltPosition()
    assert position.tick_at(1.0) is None
    assert position.at(1.0) is None
    assert position.host_s(5) is None


def test_before_the_oldest_state_the_error_has_no_bound() -> None:
    position = BeltPosition()
    feed(position, 1.0, 100)
    reading = position.at(0.5)
    assert reading is not None
    assert reading.error_ticks == float("inf")


def test_the_error_of_a_standing_belt_is_the_tick_in_progress() -> None:
    position = BeltPosition()
    for number in range(10):
        feed(position, 1.0 + 0.02 * number, 100)
    reading = position.at(1.15)
    assert reading is not None
    assert (reading.tick, reading.error_ticks) == (100, 1)


def test_a_belt_that_was_turned_back_between_two_states_may_have_been_anywhere_on_its_way() -> None:
    position = BeltPosition()
    feed(position, 1.00, 100)
    feed(position, 1.02, 110)
    feed(position, 1.04, 112, ticks_back=30)
    before, meanwhile = position.at(1.01), position.at(1.03)
    assert before is not None and meanwhile is not None
    assert before.error_ticks <= 1 + 10
    # From 110 it went 32 forward and 30 back, in whatever order: as far as 142 or as low as 80.
    assert (meanwhile.tick, meanwhile.error_ticks) == (pytest.approx(111), pytest.approx(32))


def test_the_count_of_ticks_back_may_wrap() -> None:
    position = BeltPosition()
    feed(position, 1.00, 100, ticks_back=2**16 - 4)
    feed(position, 1.02, 100, ticks_back=2**16 + 4)
    reading = position.at(1.01)
    assert reading is not None
    assert reading.error_ticks == pytest.approx(9)


def test_counts_that_contradict_each_other_leave_no_bound() -> None:
    position = BeltPosition()
    feed(position, 1.00, 100)
    feed(position, 1.02, 40, ticks_back=10)
    reading = position.at(1.01)
    assert reading is not None
    assert reading.error_ticks == float("inf")


def smooth_belt(random: Random) -> list[float]:
    """By the millisecond: it starts, stops and changes its speed."""
    way, speed, aim = [0.0], 0.3, 0.3
    for millisecond in range(4_000):
        if millisecond % 200 == 0:
            aim = random.choice((0.0, 0.3, 0.6, 1.2))
        speed += max(-0.004, min(0.004, aim - speed))
        way.append(way[-1] + speed)
    return way


def jerked_belt(random: Random) -> list[float]:
    """By the millisecond: pulled to and fro, as fast as any belt, within a few milliseconds."""
    way, speed = [1_000.0], 0.0
    for _ in range(4_000):
        if random.random() < 0.15:
            speed = random.choice((0.0, 0.5, 1.0, 5.0, -0.5, -5.0))
        way.append(way[-1] + speed)
    return way


@pytest.mark.parametrize("belt", [smooth_belt, jerked_belt])
@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**32),
    drift=st.floats(-0.005, 0.005),
    latency_out_s=st.floats(0.001, 0.016),
    latency_back_s=st.floats(0.001, 0.016),
)
def test_the_error_bound_contains_the_true_position(
    belt: Callable[[Random], list[float]],
    seed: int,
    drift: float,
    latency_out_s: float,
    latency_back_s: float,
) -> None:
    """Behind USB latency of 1 to 16 ms, also where the belt has turned back between two states."""
    random = Random(seed)
    way = belt(random)
    back = [0]
    for here, there in pairwise(way):
        back.append(back[-1] + max(0, floor(here) - floor(there)))

    def truth(time_s: float) -> float:
        index = min(int(time_s * 1e3), len(way) - 2)
        return way[index] + (way[index + 1] - way[index]) * (time_s * 1e3 - index)

    position = BeltPosition()
    stamps: list[float] = []
    answered_s = -1.0
    for number in range(1, 190):
        stamped_s = 0.02 * number
        stamps.append(stamped_s)
        answered_s = stamped_s + random.uniform(0.001, latency_back_s)
        position.add(
            tick=floor(way[20 * number]),
            ticks_back=back[20 * number] % 2**16,
            board_us=round(stamped_s * (1 + drift) * 1e6),
            sent_s=stamped_s - random.uniform(0.001, latency_out_s),
            received_s=answered_s,
        )
        for asked_s in (answered_s - 0.3, answered_s - 0.05, answered_s - 0.01):
            reading = position.at(asked_s)
            assert reading is not None
            interpolated = 0 < bisect_right(stamps, asked_s) < len(stamps)
            if interpolated and reading.error_ticks != float("inf"):
                assert abs(reading.tick - truth(asked_s)) <= reading.error_ticks


def test_a_stamp_of_the_board_has_its_host_time_across_the_wrap() -> None:
    position = BeltPosition()
    for number in range(10):
        feed(position, 4294.9 + 0.02 * number, 100)
    assert position.host_s(round(4294.95e6)) == pytest.approx(4294.95, abs=1e-5)
    assert position.host_s(round(4295.05e6) % 2**32) == pytest.approx(4295.05, abs=1e-5)
