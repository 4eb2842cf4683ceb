"""What every board must do: the virtual one, a serial one and the firmware in simavr."""

import pytest

from firmware_bridge.board import BoardLost, Outcome, Reason
from firmware_bridge.compiled_in import HORIZON_TICKS, SHOT_SLOTS
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from tests.contract.acts import shot
from tests.contract.rig import Rig


def test_the_handshake_tells_who_the_board_is(rig: Rig) -> None:
    identity = rig.board.identity
    assert identity is not None
    assert identity.protocol == 1
    assert identity.channels == 8
    assert identity.clock_hz == 16_000_000
    assert identity.reset_cause == "power_on"


def test_no_output_is_active_before_the_host_asks_for_it(unconnected: Rig) -> None:
    unconnected.run_unopened(1_000_000)
    assert not [edge for edge in unconnected.edges if edge.level]


def test_the_position_is_unknown_before_the_first_state(unconnected: Rig) -> None:
    assert unconnected.board.tick_at(0.0) is None


def test_ticks_are_counted_in_both_directions(rig: Rig) -> None:
    rig.turn(300)
    rig.run(100_000)
    assert rig.board.tick_at(rig.now_s) == pytest.approx(300)
    rig.turn(-120)
    rig.run(100_000)
    assert rig.board.tick_at(rig.now_s) == pytest.approx(180)


def test_the_position_follows_a_running_encoder(rig: Rig) -> None:
    rig.turn(200)
    for _ in range(100):
        rig.turn(7)
        tick = rig.board.tick_at(rig.now_s)
        assert tick is not None
        # The encoder has just moved on to `rig.tick` and stayed there for one tick's time.
        assert abs(tick - (rig.tick + 1)) < 1.5


def test_the_bound_on_the_positions_error_contains_the_truth(rig: Rig) -> None:
    rig.turn(50, tick_us=2_000)
    for tick_us in (2_000, 1_000, 600, 300, 600, 1_000):
        for _ in range(20):
            rig.turn(7, tick_us=tick_us)
            reading = rig.board.position_at(rig.now_s)
            assert reading is not None
            # Within the tick that is just ending.
            assert rig.tick - reading.error_ticks <= reading.tick
            assert reading.tick <= rig.tick + 1 + reading.error_ticks


def test_the_bound_contains_the_truth_where_the_belt_turns_back_between_two_states(
    rig: Rig,
) -> None:
    rig.turn(200)
    passed: list[tuple[float, int]] = []
    for ticks in (7, -9, 8, -3, 60, -60, 4, -4, 30) * 3:
        for _ in range(abs(ticks)):
            rig.turn(1 if ticks > 0 else -1, tick_us=700)
            passed.append((rig.now_s - 0.0004, rig.tick))
    rig.run(100_000)
    for at_s, tick in passed:
        reading = rig.board.position_at(at_s)
        assert reading is not None
        assert abs(reading.tick - tick) <= reading.error_ticks < 70


def test_the_position_of_a_moment_that_has_passed_is_known(rig: Rig) -> None:
    rig.turn(500)
    seen_s, seen_tick = rig.now_s, rig.tick + 1
    rig.turn(150)
    tick = rig.board.tick_at(seen_s)
    assert tick is not None
    assert abs(tick - seen_tick) < 1.5


def test_a_shot_opens_at_its_open_tick_and_closes_at_its_close_tick(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 80, channel=3), rig.now_s)
    rig.turn(120)
    assert rig.swings(OUTLET_PINS[3]) == [(50, True), (80, False)]
    report = rig.reports[1]
    assert (report.outcome, report.reason) == (Outcome.FIRED, Reason.NONE)
    assert (report.open_tick, report.close_tick) == (50, 80)


@pytest.mark.parametrize("channel", range(8))
def test_every_channel_drives_its_own_outlet(rig: Rig, channel: int) -> None:
    rig.board.shoot(shot(1, 20, 25, channel=channel), rig.now_s)
    rig.turn(40)
    moved = {edge.pin for edge in rig.edges if edge.pin in OUTLET_PINS}
    assert moved == {OUTLET_PINS[channel]}


def test_shots_fire_in_the_order_of_the_belt_whatever_order_they_came_in(rig: Rig) -> None:
    windows = [(400, 410), (100, 110), (250, 260), (120, 130), (390, 395)]
    for number, (first, end) in enumerate(windows, start=1):
        rig.board.shoot(shot(number, first, end), rig.now_s)
    rig.turn(450)
    assert rig.swings(OUTLET_PINS[0]) == [
        (tick, level)
        for first, end in sorted(windows)
        for tick, level in ((first, True), (end, False))
    ]
    assert [rig.reports[n].outcome for n in range(1, 6)] == [Outcome.FIRED] * 5


def test_an_outlet_stays_open_while_two_windows_overlap(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 80), rig.now_s)
    rig.board.shoot(shot(2, 70, 100), rig.now_s)
    rig.turn(120)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (100, False)]
    assert (rig.reports[1].close_tick, rig.reports[2].open_tick) == (80, 70)


def test_a_belt_that_stops_in_front_of_an_outlet_changes_nothing(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 80), rig.now_s)
    rig.turn(49)
    rig.run(3_000_000)
    assert rig.swings(OUTLET_PINS[0]) == []
    rig.turn(40)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (80, False)]


def test_a_late_shot_is_refused_with_its_reason(rig: Rig) -> None:
    rig.turn(100)
    rig.board.shoot(shot(1, 60, 160), rig.now_s)
    rig.turn(100)
    assert rig.swings(OUTLET_PINS[0]) == []
    report = rig.reports[1]
    assert (report.outcome, report.reason) == (Outcome.REFUSED, Reason.LATE)
    assert report.open_tick is None


def test_a_shot_beyond_the_horizon_is_refused_with_its_reason(rig: Rig) -> None:
    first = HORIZON_TICKS + 1_000
    rig.board.shoot(shot(1, first, first + 5), rig.now_s)
    rig.run(50_000)
    assert rig.reports[1].reason is Reason.HORIZON


def test_a_channel_that_the_board_lacks_is_refused_with_its_reason(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 60, channel=8), rig.now_s)
    rig.run(50_000)
    assert rig.reports[1].reason is Reason.CHANNEL


def test_an_id_that_was_handed_over_before_is_an_error(rig: Rig) -> None:
    rig.board.shoot(shot(1, 20, 30), rig.now_s)
    rig.turn(40)
    with pytest.raises(ValueError, match="handed over before"):
        rig.board.shoot(shot(1, 60, 70), rig.now_s)


def test_shots_that_find_no_slot_wait_on_the_host_and_still_fire(rig: Rig) -> None:
    count = 2 * SHOT_SLOTS
    for number in range(count):
        rig.board.shoot(shot(number + 1, 400 + 20 * number, 410 + 20 * number), rig.now_s)
    rig.turn(400 + 20 * count)
    assert len(rig.reports) == count
    assert {report.outcome for report in rig.reports.values()} == {Outcome.FIRED}


def test_more_shots_than_the_host_holds_are_refused_as_full(rig: Rig) -> None:
    for number in range(400):
        rig.board.shoot(shot(number + 1, 1_000 + number, 1_001 + number), rig.now_s)
    rig.run(10_000)
    assert {r.reason for r in rig.reports.values()} == {Reason.FULL}
    assert 0 < len(rig.reports) < 400


def test_the_belt_runs_and_stops_on_command(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(50_000)
    rig.board.set_belt(False, rig.now_s)
    rig.run(50_000)
    assert [level for _, level in rig.swings(OutputPin.BELT)] == [True, False]


def test_host_silence_closes_the_outlets_stops_the_belt_and_cancels_the_shots(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.board.shoot(shot(1, 30, 5_000), rig.now_s)
    rig.board.shoot(shot(2, 4_000, 5_000, channel=1), rig.now_s)
    rig.turn(40)
    rig.alive = False
    rig.run(600_000)
    assert [level for _, level in rig.swings(OUTLET_PINS[0])] == [True, False]
    assert [level for _, level in rig.swings(OutputPin.BELT)] == [True, False]
    opened, pending = rig.reports[1], rig.reports[2]
    assert (opened.outcome, opened.reason) == (Outcome.CANCELLED, Reason.SILENCE)
    assert opened.open_tick == 30
    assert (pending.outcome, pending.reason) == (Outcome.CANCELLED, Reason.SILENCE)
    assert pending.open_tick is None
    assert ("silence", True) in rig.faults


def test_the_belt_stays_stopped_after_a_silence_until_it_is_commanded_again(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(50_000)
    rig.alive = False
    rig.run(600_000)
    rig.alive = True
    rig.run(200_000)
    assert [level for _, level in rig.swings(OutputPin.BELT)] == [True, False]
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(50_000)
    assert rig.swings(OutputPin.BELT)[-1][1]


def test_the_outlets_close_within_three_milliseconds_of_the_silence_limit(rig: Rig) -> None:
    rig.board.shoot(shot(1, 30, 5_000), rig.now_s)
    rig.turn(40)
    rig.alive = False
    quiet_us = rig.plant.now_us
    rig.run(600_000)
    closed = [e.at_us for e in rig.edges if e.pin is OUTLET_PINS[0] and not e.level]
    # The last heartbeat may have waited up to one poll (20 ms) before the silence began.
    assert 470_000 <= closed[0] - quiet_us <= 523_000


def test_a_flush_cancels_what_is_pending_and_closes_what_is_open(rig: Rig) -> None:
    rig.board.shoot(shot(1, 30, 500), rig.now_s)
    rig.board.shoot(shot(2, 300, 310), rig.now_s)
    rig.turn(60)
    rig.board.flush(rig.now_s)
    rig.run(50_000)
    assert [level for _, level in rig.swings(OUTLET_PINS[0])] == [True, False]
    assert rig.reports[1].reason is rig.reports[2].reason is Reason.FLUSH
    rig.turn(300)
    assert len(rig.swings(OUTLET_PINS[0])) == 2


def test_a_shot_given_right_after_a_flush_still_fires(rig: Rig) -> None:
    rig.board.shoot(shot(1, 200, 210), rig.now_s)
    rig.board.flush(rig.now_s)
    rig.board.shoot(shot(2, 230, 240), rig.now_s)
    rig.turn(300)
    assert rig.reports[1].reason is Reason.FLUSH
    assert rig.reports[2].outcome is Outcome.FIRED
    assert rig.swings(OUTLET_PINS[0]) == [(230, True), (240, False)]


def test_an_open_outlet_closes_at_the_first_reverse_tick_and_does_not_reopen(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 100), rig.now_s)
    rig.turn(60)
    rig.turn(-1)
    rig.turn(100)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (59, False)]
    assert (rig.reports[1].outcome, rig.reports[1].reason) == (Outcome.CANCELLED, Reason.REVERSE)


def test_a_fired_shot_never_reopens_however_the_belt_goes_to_and_fro_over_its_window(
    rig: Rig,
) -> None:
    rig.board.shoot(shot(1, 50, 80), rig.now_s)
    rig.turn(100)
    for _ in range(2):
        rig.turn(-90)
        rig.turn(100)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (80, False)]


def test_a_belt_that_turns_back_in_front_of_a_window_fires_it_when_it_gets_there(
    rig: Rig,
) -> None:
    rig.board.shoot(shot(1, 50, 80), rig.now_s)
    rig.turn(45)
    rig.turn(-30)
    rig.turn(100)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (80, False)]
    assert rig.reports[1].outcome is Outcome.FIRED


def test_an_outlet_that_is_open_for_two_windows_closes_for_both_at_a_reverse_tick(
    rig: Rig,
) -> None:
    rig.board.shoot(shot(1, 50, 90), rig.now_s)
    rig.board.shoot(shot(2, 55, 95), rig.now_s)
    rig.board.shoot(shot(3, 52, 70, channel=1), rig.now_s)
    rig.turn(60)
    rig.turn(-1)
    rig.turn(60)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (59, False)]
    assert rig.swings(OUTLET_PINS[1]) == [(52, True), (59, False)]
    assert {report.reason for report in rig.reports.values()} == {Reason.REVERSE}


def test_the_on_time_ceiling_closes_an_outlet_over_a_standing_belt(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 100), rig.now_s)
    rig.turn(60)
    rig.run(2_500_000)
    opened, closed = [edge.at_us for edge in rig.edges if edge.pin is OUTLET_PINS[0]]
    assert 1_998_000 <= closed - opened <= 2_000_100
    assert (rig.reports[1].outcome, rig.reports[1].reason) == (Outcome.FIRED, Reason.ON_TIME)


def test_the_emergency_stop_closes_and_stops_everything_and_latches(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.board.shoot(shot(1, 50, 500), rig.now_s)
    rig.turn(60)
    rig.plant.drive(InputPin.ESTOP, True)
    pressed_us = rig.plant.now_us
    rig.run(50_000)
    closed = [e.at_us for e in rig.edges if e.pin is OUTLET_PINS[0] and not e.level]
    assert closed[0] - pressed_us <= 50
    assert rig.reports[1].reason is Reason.ESTOP
    rig.plant.drive(InputPin.ESTOP, False)
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.board.shoot(shot(2, 100, 110), rig.now_s)
    rig.turn(100)
    assert rig.reports[2].reason is Reason.ESTOP
    assert not rig.swings(OutputPin.BELT)[-1][1]
    assert ("estop", True) in rig.faults


def test_closing_the_chain_and_pressing_the_button_clears_the_emergency_stop(rig: Rig) -> None:
    rig.plant.drive(InputPin.ESTOP, True)
    rig.run(50_000)
    rig.plant.drive(InputPin.BUTTON, False)
    rig.run(50_000)
    rig.plant.drive(InputPin.BUTTON, True)
    rig.plant.drive(InputPin.ESTOP, False)
    rig.run(50_000)
    assert rig.faults == [("estop", True)]
    rig.plant.drive(InputPin.BUTTON, False)
    rig.run(50_000)
    assert rig.faults == [("estop", True), ("estop", False)]
    rig.board.shoot(shot(1, 20, 30), rig.now_s)
    rig.turn(50)
    assert rig.reports[1].outcome is Outcome.FIRED


def test_a_shot_before_the_handshake_is_refused_as_not_ready(unconnected: Rig) -> None:
    unconnected.board.open(unconnected.now_s)
    unconnected.board.shoot(shot(1, 20, 30), unconnected.now_s)
    unconnected.service()
    assert unconnected.reports[1].reason is Reason.NOT_READY


def test_a_board_that_was_closed_and_opened_again_connects_again(rig: Rig) -> None:
    rig.board.close()
    rig.run_unopened(700_000)
    rig.board.open(rig.now_s)
    rig.run(100_000)
    assert rig.board.identity is not None
    assert not [event for event in rig.events if isinstance(event, BoardLost)]
    rig.board.shoot(shot(1, 20, 30), rig.now_s)
    rig.turn(50)
    assert rig.reports[1].outcome is Outcome.FIRED


def test_a_shot_that_closing_left_unended_is_reported_after_the_next_opening(rig: Rig) -> None:
    rig.board.shoot(shot(1, 200, 210), rig.now_s)
    rig.turn(20)
    rig.board.close()
    rig.run_unopened(700_000)
    rig.board.open(rig.now_s)
    rig.run(100_000)
    assert (rig.reports[1].outcome, rig.reports[1].reason) == (Outcome.UNKNOWN, Reason.LINK_LOST)
    rig.turn(250)
    assert rig.swings(OUTLET_PINS[0]) == []
