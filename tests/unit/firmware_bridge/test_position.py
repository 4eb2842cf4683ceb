from bisect import bisect_right
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.position import BeltPosition


def feed(position: BeltPosition, time_s: float, tick: int) -> None:
    position.add(
        tick=tick % 2**32,
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


@given(
    seed=st.integers(0, 2**32),
    drift=st.floats(-0.005, 0.005),
    latency_out_s=st.floats(0.001, 0.016),
    latency_back_s=st.floats(0.001, 0.016),
)
def test_the_error_bound_contains_the_true_position(
    seed: int, drift: float, latency_out_s: float, latency_back_s: float
) -> None:
    """A belt that starts, stops and changes its speed, behind USB latency of 1 to 16 ms."""
    random = Random(seed)
    way = [0.0]
    speed = 0.3
    for millisecond in range(4_000):
        if millisecond % 200 == 0:
            aim = random.choice((0.0, 0.3, 0.6, 1.2))
        speed += max(-0.004, min(0.004, aim - speed))
        way.append(way[-1] + speed)

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
            tick=int(truth(stamped_s)),
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
