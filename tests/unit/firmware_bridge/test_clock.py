from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.clock import MAX_DRIFT, OUTLIERS_IN_A_ROW, WANDER, ClockEstimate


def test_without_a_round_trip_nothing_is_known() -> None:
    clock = ClockEstimate()
    assert clock.board_us(1.0) is None
    assert clock.host_s(1.0) is None
    assert clock.error_s(1.0) == float("inf")


def feed(clock: ClockEstimate, at_s: float, *, drift: float = 0.0, out: float, back: float) -> None:
    clock.add(sent_s=at_s - out, received_s=at_s + back, board_us=round(at_s * (1 + drift) * 1e6))


@given(
    seed=st.integers(0, 2**32),
    drift=st.floats(-0.0055, 0.0055),
    out_s=st.tuples(st.floats(0.0, 0.016), st.floats(0.0, 0.016)),
    back_s=st.tuples(st.floats(0.0, 0.016), st.floats(0.0, 0.016)),
)
def test_the_error_bound_contains_the_truth_under_any_usb_latency_and_drift(
    seed: int, drift: float, out_s: tuple[float, float], back_s: tuple[float, float]
) -> None:
    """Latency of 1 to 16 ms (and less), uneven in the two directions, constant or not."""
    random = Random(seed)
    clock = ClockEstimate()
    for number in range(300):
        stamped_s = 100.0 + 0.05 * number
        feed(
            clock,
            stamped_s,
            drift=drift,
            out=random.uniform(*out_s) + 0.0002,
            back=random.uniform(*back_s) + 0.0005,
        )
        for asked_s in (stamped_s - 0.5, stamped_s, stamped_s + 0.05):
            estimate_us = clock.board_us(asked_s)
            assert estimate_us is not None
            error_s = abs(estimate_us / 1e6 - asked_s * (1 + drift))
            assert error_s <= clock.error_s(asked_s)
    assert clock.outliers == 0
    assert abs(clock.drift - drift) <= clock.drift_doubt


def test_the_rate_is_fitted_and_the_best_round_trip_stays_useful() -> None:
    clock = ClockEstimate()
    feed(clock, 0.0, drift=0.004, out=0.0005, back=0.0005)
    for number in range(1, 500):
        quick = number % 50 == 0
        feed(
            clock,
            0.02 * number,
            drift=0.004,
            out=0.0005 if quick else 0.012,
            back=0.0005 if quick else 0.003,
        )
    assert clock.drift == pytest.approx(0.004, abs=0.0002)
    assert clock.drift_doubt < 2 * WANDER
    # Half of the quick trip of 1 ms, and half a millisecond a second of its age.
    assert clock.error_s(9.98) < 0.0015


def test_a_rate_that_wanders_within_its_bound_stays_inside_the_error() -> None:
    clock = ClockEstimate()
    board_s = 0.0
    for number in range(3_000):
        rate = 1.002 + WANDER / 2 * (1 if number // 700 % 2 else -1)
        board_s += 0.02 * rate
        at_s = 0.02 * (number + 1)
        clock.add(sent_s=at_s - 0.001, received_s=at_s + 0.004, board_us=round(board_s * 1e6))
        estimate_us = clock.board_us(at_s)
        assert estimate_us is not None
        assert abs(estimate_us / 1e6 - board_s) <= clock.error_s(at_s)
    assert clock.outliers == 0


def test_host_time_and_board_time_are_each_others_inverse() -> None:
    clock = ClockEstimate()
    for number in range(200):
        feed(clock, 0.02 * number, drift=-0.003, out=0.001, back=0.002)
    board_us = clock.board_us(3.3)
    assert board_us is not None
    assert clock.host_s(board_us) == pytest.approx(3.3, abs=1e-6)


def test_a_round_trip_that_contradicts_all_others_is_dropped() -> None:
    clock = ClockEstimate()
    for number in range(50):
        feed(clock, 0.02 * number, out=0.001, back=0.001)
    clock.add(sent_s=1.0, received_s=1.0001, board_us=1_500_000)
    clock.add(sent_s=1.1, received_s=1.0, board_us=1_050_000)
    assert clock.outliers == 2
    assert clock.board_us(1.0) == pytest.approx(1e6, abs=5)


def test_an_estimate_that_all_trips_contradict_is_given_up() -> None:
    clock = ClockEstimate()
    for number in range(50):
        feed(clock, 0.02 * number, out=0.001, back=0.001)
    jump_s = 7.0
    for number in range(50, 50 + OUTLIERS_IN_A_ROW):
        at_s = 0.02 * number
        clock.add(
            sent_s=at_s - 0.001,
            received_s=at_s + 0.001,
            board_us=round((at_s + jump_s) * 1e6),
        )
    assert clock.board_us(1.2) == pytest.approx(8.2e6, abs=10)
    assert clock.drift_doubt == MAX_DRIFT


def test_a_wire_without_any_latency_makes_no_outlier_by_rounding() -> None:
    clock = ClockEstimate()
    for number in range(100):
        at_s = 0.1 * number
        clock.add(sent_s=at_s + 1e-12, received_s=at_s, board_us=round(at_s * 1e6))
    assert clock.outliers == 0
    assert clock.board_us(10.0) == pytest.approx(1e7, abs=3)
