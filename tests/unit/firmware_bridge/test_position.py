from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.clock import ClockEstimate
from firmware_bridge.position import BeltPosition


def test_without_a_round_trip_nothing_is_known() -> None:
    clock = ClockEstimate()
    assert clock.board_us(1.0) is None
    assert clock.error_s(1.0) == float("inf")
    assert BeltPosition().tick_at(1.0) is None


@given(
    st.integers(0, 2**32),
    st.floats(-0.004, 0.004),
    st.floats(0.0, 0.016),
    st.floats(0.0, 0.016),
)
def test_the_error_bound_contains_the_truth_whatever_the_latency_and_drift(
    seed: int, drift: float, jitter_out_s: float, jitter_back_s: float
) -> None:
    random = Random(seed)
    clock = ClockEstimate()
    for number in range(40):
        sent_s = 100.0 + 0.02 * number
        stamped_s = sent_s + 0.0002 + random.random() * jitter_out_s
        received_s = stamped_s + 0.0005 + random.random() * jitter_back_s
        clock.add(
            sent_s=sent_s,
            received_s=received_s,
            board_us=round((stamped_s - 50.0) * (1 + drift) * 1e6),
        )
        truth_us = (received_s - 50.0) * (1 + drift) * 1e6
        estimate_us = clock.board_us(received_s)
        assert estimate_us is not None
        assert abs(estimate_us - truth_us) / 1e6 <= clock.error_s(received_s) * 1.01 + 1e-6


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
