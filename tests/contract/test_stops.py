"""What stops a machine by itself, and what it takes to go on: on every board."""

from dataclasses import dataclass

import pytest

from firmware_bridge.board import Order, Outcome, Reason
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from firmware_bridge.settings import InputFunction
from tests.contract.acts import (
    FIRED,
    Act,
    belt,
    drive,
    ends,
    fall_silent,
    press_start,
    run_and_fall_silent,
    set_machine,
    shot,
    start_belt,
    storm,
)
from tests.contract.rig import Rig


def nothing(rig: Rig) -> None:
    """The cause is over by itself."""


def stand_still(rig: Rig) -> None:
    rig.run(1_100_000)


def block_a_beam(rig: Rig) -> None:
    rig.plant.drive(InputPin.PASSED_BEAM, True)
    rig.turn(70)


def open_the_chain(rig: Rig) -> None:
    rig.plant.drive(InputPin.ESTOP, True)
    rig.run(30_000)


def clear_the_stop(rig: Rig) -> None:
    rig.plant.drive(InputPin.ESTOP, False)
    rig.run(20_000)
    for step in (1, 2):
        rig.board.clear_estop(step, rig.now_s)
        rig.run(20_000)


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A stop that nobody ordered."""

    befall: Act
    mend: Act = nothing
    input_function: InputFunction = InputFunction.NONE
    jam_ticks: int = 0
    reason: Reason
    fault: str


STOPS = {
    "silence": Stop(befall=fall_silent, reason=Reason.SILENCE, fault="silence"),
    "emergency stop": Stop(
        befall=open_the_chain, mend=clear_the_stop, reason=Reason.ESTOP, fault="estop"
    ),
    "dead encoder": Stop(befall=stand_still, reason=Reason.ENCODER, fault="encoder_dead"),
    "encoder storm": Stop(befall=storm, reason=Reason.ENCODER, fault="encoder_storm"),
    "jam at the input": Stop(
        befall=drive(InputPin.AUX, True),
        mend=drive(InputPin.AUX, False),
        input_function=InputFunction.JAM,
        reason=Reason.JAM,
        fault="jam",
    ),
    "jam at a beam": Stop(
        befall=block_a_beam,
        mend=drive(InputPin.PASSED_BEAM, False),
        jam_ticks=50,
        reason=Reason.JAM,
        fault="jam",
    ),
    "open cover": Stop(
        befall=drive(InputPin.AUX, True),
        mend=drive(InputPin.AUX, False),
        input_function=InputFunction.COVER,
        reason=Reason.COVER,
        fault="cover",
    ),
}
FAULTS = sorted(set(STOPS) - {"silence"})


def suffer(rig: Rig, stop: Stop, *, auto_restart: bool = False) -> None:
    """The belt runs, one outlet is open, a shot waits, and the stop comes."""
    set_machine(
        rig,
        input_function=stop.input_function,
        jam_ticks=stop.jam_ticks,
        auto_restart=auto_restart,
    )
    start_belt(rig)
    rig.board.shoot(shot(1, rig.tick + 20, rig.tick + 500), rig.now_s)
    rig.board.shoot(shot(2, rig.tick + 450, rig.tick + 470, channel=1), rig.now_s)
    rig.turn(30)
    assert len(rig.swings(OUTLET_PINS[0])) == 1
    stop.befall(rig)


@pytest.mark.parametrize("name", STOPS)
def test_it_closes_what_is_open_cancels_what_waits_stops_the_belt_and_is_told(
    rig: Rig, name: str
) -> None:
    suffer(rig, STOPS[name])
    assert [level for _, level in rig.swings(OUTLET_PINS[0])] == [True, False]
    assert not belt(rig)
    assert {outcome for outcome, _ in ends(rig).values()} == {Outcome.CANCELLED}
    # Of 100 000 edges a second some are lost, which may look like a turn back before it is a storm.
    others = {Reason.REVERSE} if name == "encoder storm" else set()
    assert ends(rig)[1][1] in {STOPS[name].reason, *others}
    assert ends(rig)[2][1] is STOPS[name].reason
    assert (STOPS[name].fault, True) in rig.faults
    rig.turn(600)
    assert rig.swings(OUTLET_PINS[1]) == []


@pytest.mark.parametrize("name", FAULTS)
def test_no_shot_and_no_pulse_is_taken_while_it_stands(rig: Rig, name: str) -> None:
    suffer(rig, STOPS[name])
    rig.board.shoot(shot(3, rig.tick + 20, rig.tick + 30), rig.now_s)
    rig.board.pulse(2, 50, rig.now_s)
    rig.turn(50)
    assert ends(rig)[3] == (Outcome.REFUSED, STOPS[name].reason)
    assert rig.answers(Order.PULSE) == [STOPS[name].reason]
    assert rig.swings(OUTLET_PINS[2]) == []


@pytest.mark.parametrize("name", STOPS)
def test_a_routine_order_does_not_end_it_and_an_operators_order_does(rig: Rig, name: str) -> None:
    suffer(rig, STOPS[name])
    STOPS[name].mend(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(50_000)
    assert not belt(rig)
    assert rig.waits_for_start
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(50_000)
    assert belt(rig)
    first = round(rig.board.tick_at(rig.now_s) or 0) + 20  # a storm's edges are not all counted
    rig.board.shoot(shot(3, first, first + 10), rig.now_s)
    rig.turn(50)
    assert ends(rig)[3] == FIRED


@pytest.mark.parametrize("name", STOPS)
def test_the_start_button_ends_it(rig: Rig, name: str) -> None:
    suffer(rig, STOPS[name])
    STOPS[name].mend(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(20_000)
    press_start(rig)
    assert belt(rig)
    assert not rig.waits_for_start


@pytest.mark.parametrize("name", FAULTS)
def test_an_automatic_restart_is_not_for_faults(rig: Rig, name: str) -> None:
    suffer(rig, STOPS[name], auto_restart=True)
    STOPS[name].mend(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(100_000)
    assert not belt(rig)
    assert not rig.swings(OutputPin.STACK_LIGHT)[-1][1]
    assert Reason.NONE not in rig.answers(Order.BELT)[1:]


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"open cover"}))
def test_it_stands_though_its_cause_is_gone_until_somebody_starts(rig: Rig, name: str) -> None:
    """But for an emergency stop, which has two steps of its own."""
    suffer(rig, STOPS[name])
    rig.plant.drive(InputPin.AUX, False)
    rig.plant.drive(InputPin.PASSED_BEAM, False)
    rig.plant.drive(InputPin.ESTOP, False)
    rig.turn(100)
    rig.run(300_000)
    assert (STOPS[name].fault, False) not in rig.faults
    assert not belt(rig)


def test_the_start_button_runs_no_belt_that_nobody_ordered_to_run(rig: Rig) -> None:
    press_start(rig)
    press_start(rig)
    rig.run(100_000)
    assert rig.swings(OutputPin.BELT) == []
    assert not rig.waits_for_start


def test_an_automatic_restart_after_a_reset_lights_the_stack_light_first(rig: Rig) -> None:
    set_machine(rig, auto_restart=True)
    start_belt(rig)
    rig.reset("brown_out")
    rig.run(300_000)
    assert not belt(rig)
    lit_before = len(rig.edges)
    rig.board.set_belt(True, rig.now_s)
    rig.run(2_100_000)
    light, motor = rig.edges[lit_before:]
    assert (light.pin, light.level) == (OutputPin.STACK_LIGHT, True)
    assert (motor.pin, motor.level) == (OutputPin.BELT, True)
    assert motor.at_us - light.at_us == pytest.approx(2_000_000, abs=3_000)


def test_a_new_session_over_a_running_belt_stops_it_until_somebody_starts(rig: Rig) -> None:
    start_belt(rig)
    rig.board.shoot(shot(1, rig.tick + 10, rig.tick + 500), rig.now_s)
    rig.turn(20)
    rig.board.close()
    rig.board.open(rig.now_s)
    rig.run(50_000)
    assert not belt(rig)
    assert not rig.swings(OUTLET_PINS[0])[-1][1]
    rig.board.set_belt(True, rig.now_s)
    rig.run(50_000)
    assert rig.answers(Order.BELT)[-1] is Reason.START_NEEDED
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(50_000)
    assert belt(rig)


def test_a_watchdog_reset_is_a_fault_until_somebody_starts(rig: Rig) -> None:
    set_machine(rig, auto_restart=True)
    start_belt(rig)
    rig.reset("watchdog")
    rig.run(300_000)
    assert not belt(rig)
    assert rig.faults == [("watchdog", True)]
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(50_000)
    assert rig.faults == [("watchdog", True), ("watchdog", False)]
    assert belt(rig)


def test_an_order_to_stop_calls_an_automatic_restart_off(rig: Rig) -> None:
    set_machine(rig, auto_restart=True)
    run_and_fall_silent(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(1_000_000)
    rig.board.set_belt(False, rig.now_s)
    rig.run(2_000_000)
    assert not belt(rig)
    assert not rig.swings(OutputPin.STACK_LIGHT)[-1][1]
