"""After which stops nothing on the belt is where it was."""

from __future__ import annotations

import pytest

from sorter.dispatch.stop_watch import StopWatch


def watch() -> StopWatch:
    return StopWatch(trust_stop_s=10.0, mm_per_tick=0.5)


@pytest.mark.parametrize("fault", ["estop", "cover"])
def test_an_emergency_stop_or_an_open_cover_lets_hands_in_until_it_is_cleared(fault: str) -> None:
    stops = watch()
    assert not stops.hands_may_be_in(0.0, 0.0)
    stops.fault(fault, True)
    assert stops.hands_may_be_in(10.0, 0.1)
    assert stops.hands_may_be_in(20.0, 0.2)
    stops.fault(fault, False)
    assert not stops.hands_may_be_in(30.0, 0.3)
    assert stops.stops == 1


def test_a_fault_that_came_and_went_between_two_looks_let_hands_in_all_the_same() -> None:
    stops = watch()
    stops.fault("estop", True)
    stops.fault("estop", False)
    assert stops.hands_may_be_in(10.0, 0.1)
    assert not stops.hands_may_be_in(20.0, 0.2)


def test_a_full_bin_lets_no_hands_onto_the_belt() -> None:
    stops = watch()
    stops.fault("bin_full", True)
    assert not stops.hands_may_be_in(0.0, 0.0)


def test_a_short_stop_is_trusted_and_a_long_one_not() -> None:
    stops = watch()
    assert not stops.hands_may_be_in(100.0, 0.0)
    assert not stops.hands_may_be_in(101.0, 10.0)
    assert stops.hands_may_be_in(101.0, 10.1)
    assert not stops.hands_may_be_in(110.0, 10.2)


def test_a_belt_that_nobody_knows_of_is_no_moving_belt() -> None:
    stops = watch()
    stops.hands_may_be_in(100.0, 0.0)
    assert not stops.hands_may_be_in(None, 9.0)
    assert stops.hands_may_be_in(None, 11.0)


def test_a_belt_that_runs_back_moves() -> None:
    stops = watch()
    assert not any(stops.hands_may_be_in(-10.0 * k, 5.0 * k) for k in range(10))


def test_before_the_first_position_there_is_no_stop() -> None:
    assert not watch().hands_may_be_in(None, 1e6)


def test_a_board_that_is_not_heard_may_have_seen_anything_pressed() -> None:
    stops = watch()
    stops.lost()
    assert stops.hands_may_be_in(0.0, 0.0)
    stops.found()
    assert stops.hands_may_be_in(0.0, 0.1)
    assert not stops.hands_may_be_in(10.0, 0.2)
    assert stops.stops == 1


def test_a_board_that_is_heard_again_is_not_trusted_before_it_has_told_where_the_belt_is() -> None:
    stops = watch()
    stops.lost()
    stops.found()
    assert stops.hands_may_be_in(None, 0.0)
    assert stops.hands_may_be_in(None, 0.1)
    assert stops.hands_may_be_in(2.0**25, 0.2)
    assert not stops.hands_may_be_in(2.0**25 + 10, 0.3)
    assert stops.stops == 1


def test_a_belt_that_waits_for_its_start_button_after_it_has_run_let_hands_in() -> None:
    stops = watch()
    stops.fault("start_needed", True)
    assert not stops.hands_may_be_in(0.0, 0.0)
    stops.fault("start_needed", False)
    stops.hands_may_be_in(100.0, 1.0)
    stops.fault("start_needed", True)
    assert stops.hands_may_be_in(100.0, 1.1)
    stops.fault("start_needed", False)
    assert not stops.hands_may_be_in(110.0, 1.2)
