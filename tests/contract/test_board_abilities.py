"""What every board can do beyond single shots: groups, beams, settings, pulses, ways to restart."""

from dataclasses import replace

import pytest

from firmware_bridge.board import Order, Outcome, Reason
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from firmware_bridge.settings import InputFunction, OutletKind
from tests.contract.acts import (
    FIRED,
    SAVED_US,
    belt,
    ends,
    press_start,
    run_and_fall_silent,
    set_machine,
    set_outlet,
    settings,
    shot,
)
from tests.contract.rig import Rig

# --- shots for several items ------------------------------------------------------------------


def test_items_that_share_a_window_open_the_outlet_once_and_end_in_a_report_each(
    rig: Rig,
) -> None:
    rig.board.shoot(shot(1, 50, 80, 2, 3, 4), rig.now_s)
    rig.turn(120)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (80, False)]
    assert ends(rig) == {1: FIRED, 2: FIRED, 3: FIRED, 4: FIRED}
    assert {report.open_tick for report in rig.reports.values()} == {50}


def test_an_item_is_taken_out_of_its_shot_and_the_others_still_fire(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 80, 2), rig.now_s)
    rig.turn(20)
    rig.board.cancel(1, rig.now_s)
    rig.turn(100)
    assert rig.swings(OUTLET_PINS[0]) == [(50, True), (80, False)]
    assert ends(rig) == {1: (Outcome.CANCELLED, Reason.CANCEL), 2: FIRED}


def test_a_shot_without_any_item_left_does_not_fire(rig: Rig) -> None:
    rig.board.shoot(shot(1, 50, 80, 2), rig.now_s)
    rig.turn(10)
    rig.board.cancel(1, rig.now_s)
    rig.board.cancel(2, rig.now_s)
    rig.turn(100)
    assert rig.swings(OUTLET_PINS[0]) == []
    assert set(ends(rig).values()) == {(Outcome.CANCELLED, Reason.CANCEL)}
    assert rig.board.status is not None
    assert rig.board.status.free_slots == rig.board.identity.slots  # type: ignore[union-attr]


def test_an_item_whose_outlet_is_open_cannot_be_taken_out_any_more(rig: Rig) -> None:
    rig.board.shoot(shot(1, 30, 80), rig.now_s)
    rig.turn(50)
    rig.board.cancel(1, rig.now_s)
    rig.turn(60)
    assert ends(rig) == {1: FIRED}


def test_a_shot_that_breaks_the_outlets_minimum_cycle_is_refused(rig: Rig) -> None:
    set_outlet(rig, 0, min_cycle_ms=100)
    rig.board.shoot(shot(1, 100, 110), rig.now_s)
    rig.turn(115)
    rig.board.shoot(shot(2, 130, 140), rig.now_s)
    rig.board.shoot(shot(3, 300, 310), rig.now_s)
    rig.turn(250)
    assert ends(rig)[1] == ends(rig)[3] == FIRED
    outcome, reason = ends(rig)[2]
    assert outcome is not Outcome.FIRED
    assert reason is Reason.MIN_CYCLE
    assert (130, True) not in rig.swings(OUTLET_PINS[0])


# --- beams ------------------------------------------------------------------------------------


def test_beam_edges_come_once_each_with_their_tick_and_time(rig: Rig) -> None:
    rig.turn(40)
    times_s: list[float] = []
    for level in (True, False, True, False):
        rig.plant.drive(InputPin.PASSED_BEAM, level)
        times_s.append(rig.now_s)
        rig.turn(20)
    rig.run(50_000)
    beams = rig.beams
    assert [(edge.beam, edge.blocked) for edge in beams] == [
        ("passed", True),
        ("passed", False),
    ] * 2
    # Each beam edge comes with an encoder edge at the same instant, which a board may take first.
    assert [edge.tick - at for edge, at in zip(beams, (40, 60, 80, 100), strict=True)] in (
        [0] * 4,
        [1] * 4,
    )
    for edge, at_s in zip(beams, times_s, strict=True):
        assert edge.time_s is not None
        # The passed beam is read every millisecond; only the entry beam has input capture.
        assert abs(edge.time_s - at_s) <= edge.error_s + 0.001


def test_the_entry_beam_is_told_from_the_passed_beam(rig: Rig) -> None:
    rig.plant.drive(InputPin.ENTRY_BEAM, True)
    rig.run(50_000)
    assert [(edge.beam, edge.blocked) for edge in rig.beams] == [("entry", True)]


def test_beams_in_a_burst_are_told_or_counted_as_missed(rig: Rig) -> None:
    for number in range(40):
        rig.plant.drive(InputPin.ENTRY_BEAM, number % 2 == 0)
        rig.run(2_000)
    rig.run(100_000)
    assert len(rig.beams) + rig.board.link.beam_edges_missed == 40


# --- settings ---------------------------------------------------------------------------------


def test_settings_are_kept_as_they_were_written(rig: Rig) -> None:
    before = settings(rig)
    assert len(before.outlets) == 8
    outlet = replace(
        before.outlets[5], kind=OutletKind.SOLENOID, duty_percent=20, max_on_ms=300, min_cycle_ms=60
    )
    machine = replace(
        before.machine, silence_ms=250, jam_ticks=400, input_function=InputFunction.BIN_FULL
    )
    rig.board.write_settings(outlet, rig.now_s)
    rig.run(SAVED_US)
    rig.board.write_settings(machine, rig.now_s)
    rig.run(SAVED_US)
    assert rig.answers(Order.WRITE_SETTINGS) == [Reason.NONE, Reason.NONE]
    after = settings(rig)
    assert after.machine == machine
    assert after.outlets[5] == outlet
    assert after.outlets[4] == before.outlets[4]


def test_settings_cannot_be_laxer_than_what_is_compiled_in(rig: Rig) -> None:
    before = settings(rig)
    rig.board.write_settings(replace(before.outlets[0], max_on_ms=60_000), rig.now_s)
    rig.run(SAVED_US)
    rig.board.write_settings(replace(before.machine, silence_ms=5_000), rig.now_s)
    rig.run(SAVED_US)
    assert rig.answers(Order.WRITE_SETTINGS) == [Reason.SETTINGS, Reason.SETTINGS]
    assert settings(rig) == before


def test_a_shorter_silence_is_obeyed(rig: Rig) -> None:
    set_machine(rig, silence_ms=200)
    rig.board.shoot(shot(1, 30, 5_000), rig.now_s)
    rig.turn(40)
    rig.alive = False
    quiet_us = rig.plant.now_us
    rig.run(400_000)
    closed = [e.at_us for e in rig.edges if e.pin is OUTLET_PINS[0] and not e.level]
    # The last heartbeat may have waited up to one poll (20 ms) before the silence began.
    assert 175_000 <= closed[0] - quiet_us <= 225_000


def test_an_outlet_that_is_switched_off_takes_no_shot(rig: Rig) -> None:
    set_outlet(rig, 2, kind=OutletKind.OFF)
    rig.board.shoot(shot(1, 50, 80, channel=2), rig.now_s)
    rig.turn(100)
    assert ends(rig) == {1: (Outcome.REFUSED, Reason.SETTINGS)}
    assert rig.swings(OUTLET_PINS[2]) == []


# --- by hand ----------------------------------------------------------------------------------


def test_a_pulse_opens_an_outlet_by_time_while_the_belt_stands(rig: Rig) -> None:
    rig.board.pulse(6, 80, rig.now_s)
    rig.run(200_000)
    opened, closed = [edge.at_us for edge in rig.edges if edge.pin is OUTLET_PINS[6]]
    assert 78_000 <= closed - opened <= 82_000
    assert rig.answers(Order.PULSE) == [Reason.NONE]


def test_no_pulse_while_the_belt_runs(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.turn(20)
    rig.board.pulse(6, 80, rig.now_s)
    rig.turn(50)
    assert rig.answers(Order.PULSE) == [Reason.BUSY]
    assert rig.swings(OUTLET_PINS[6]) == []


# --- ways to restart --------------------------------------------------------------------------


def test_after_power_up_a_routine_order_does_not_run_the_belt(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s)
    rig.run(50_000)
    assert rig.answers(Order.BELT) == [Reason.START_NEEDED]
    assert not belt(rig)
    assert rig.waits_for_start


def test_the_start_button_runs_the_belt_that_was_ordered_to_run(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s)
    rig.run(50_000)
    press_start(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(50_000)
    assert belt(rig)
    assert not rig.waits_for_start


def test_after_an_ordered_stop_a_routine_order_is_enough(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.turn(20)
    rig.board.set_belt(False, rig.now_s)
    rig.run(50_000)
    assert not belt(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.turn(20)
    assert belt(rig)


def test_after_a_silence_only_a_person_runs_the_belt_again(rig: Rig) -> None:
    run_and_fall_silent(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(50_000)
    assert rig.answers(Order.BELT)[-1] is Reason.START_NEEDED
    assert not belt(rig)
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.turn(20)
    assert belt(rig)


def test_an_automatic_restart_is_opted_in_and_lights_the_stack_light_first(rig: Rig) -> None:
    set_machine(rig, auto_restart=True)
    run_and_fall_silent(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(1_000_000)
    assert not belt(rig)
    assert rig.swings(OutputPin.STACK_LIGHT)[-1][1]
    rig.run(1_100_000)
    assert belt(rig)


def test_two_orders_clear_an_emergency_stop_and_the_belt_still_waits_for_a_person(
    rig: Rig,
) -> None:
    rig.plant.drive(InputPin.ESTOP, True)
    rig.run(50_000)
    rig.board.clear_estop(1, rig.now_s)
    rig.run(20_000)
    rig.plant.drive(InputPin.ESTOP, False)
    rig.run(20_000)
    rig.board.clear_estop(2, rig.now_s)
    rig.run(20_000)
    assert rig.answers(Order.CLEAR_ESTOP) == [Reason.ESTOP, Reason.ESTOP]
    assert rig.faults == [("estop", True)]
    rig.board.clear_estop(1, rig.now_s)
    rig.run(20_000)
    rig.board.clear_estop(2, rig.now_s)
    rig.run(50_000)
    assert rig.answers(Order.CLEAR_ESTOP)[2:] == [Reason.NONE, Reason.NONE]
    assert rig.faults == [("estop", True), ("estop", False)]
    rig.board.set_belt(True, rig.now_s)
    rig.run(50_000)
    assert rig.answers(Order.BELT) == [Reason.START_NEEDED]


# --- encoder ----------------------------------------------------------------------------------


def test_a_dead_encoder_stops_everything_and_is_told(rig: Rig) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.board.shoot(shot(1, 30, 500), rig.now_s)
    rig.board.shoot(shot(2, 300, 310, channel=1), rig.now_s)
    rig.turn(60)
    rig.run(1_200_000)
    assert ("encoder_dead", True) in rig.faults
    assert not belt(rig)
    assert not rig.swings(OUTLET_PINS[0])[-1][1]
    assert ends(rig) == dict.fromkeys((1, 2), (Outcome.CANCELLED, Reason.ENCODER))


def test_a_belt_without_an_encoder_moves_by_the_boards_own_ticks(rig_without_encoder: Rig) -> None:
    rig = rig_without_encoder
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(500_000)
    tick = rig.board.tick_at(rig.now_s)
    assert tick == pytest.approx(300, abs=15)
    first = int(tick) + 60
    rig.board.shoot(shot(1, first, first + 30), rig.now_s)
    rig.run(300_000)
    assert ends(rig) == {1: FIRED}
    opened, closed = [edge.at_us for edge in rig.edges if edge.pin is OUTLET_PINS[0]]
    assert closed - opened == pytest.approx(50_000, abs=2_000)
