"""What a board watches over a machine, guard by guard: on every board."""

from firmware_bridge.board import Order, Reason
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from firmware_bridge.settings import InputFunction
from tests.contract.acts import (
    FIRED,
    belt,
    drive,
    ends,
    fall_silent,
    set_machine,
    shot,
    start_belt,
    storm,
)
from tests.contract.rig import Rig


def test_a_dead_encoder_closes_its_outlets_by_time(rig: Rig) -> None:
    set_machine(rig, encoder_dead_ms=300)
    start_belt(rig)
    rig.board.shoot(shot(1, rig.tick + 20, rig.tick + 500), rig.now_s)
    rig.turn(30)
    stood_us = rig.plant.now_us
    rig.run(400_000)
    closed = [edge.at_us for edge in rig.edges if edge.pin is OUTLET_PINS[0] and not edge.level]
    # The last tick came a millisecond before the belt stood.
    assert 297_000 <= closed[0] - stood_us <= 302_000


def test_a_belt_that_nobody_ordered_to_run_may_stand_for_ever(rig: Rig) -> None:
    rig.turn(20)
    rig.run(3_000_000)
    assert rig.faults == []


def test_a_storm_is_noticed_within_two_milliseconds(rig: Rig) -> None:
    start_belt(rig)
    began_us = rig.plant.now_us
    storm(rig)
    stopped = [edge.at_us for edge in rig.edges if edge.pin is OutputPin.BELT and not edge.level]
    assert stopped[0] - began_us <= 2_000


def test_the_fastest_belt_is_no_storm(rig: Rig) -> None:
    start_belt(rig)
    rig.turn(2_000, tick_us=200)
    assert rig.faults == []
    assert belt(rig)


def test_an_item_in_the_beam_for_less_than_the_limit_is_no_jam(rig: Rig) -> None:
    set_machine(rig, jam_ticks=50)
    start_belt(rig)
    for _ in range(4):
        rig.plant.drive(InputPin.ENTRY_BEAM, True)
        rig.turn(48)
        rig.plant.drive(InputPin.ENTRY_BEAM, False)
        rig.turn(5)
    assert rig.faults == []
    rig.plant.drive(InputPin.ENTRY_BEAM, True)
    rig.turn(54)
    assert rig.faults == [("jam", True)]


def test_a_blocked_beam_over_a_standing_belt_is_no_jam(rig: Rig) -> None:
    set_machine(rig, jam_ticks=50)
    rig.plant.drive(InputPin.ENTRY_BEAM, True)
    rig.turn(200)
    assert rig.faults == []


def test_without_a_limit_no_blocked_beam_is_a_jam(rig: Rig) -> None:
    start_belt(rig)
    rig.plant.drive(InputPin.ENTRY_BEAM, True)
    rig.turn(3_000)
    assert rig.faults == []


def test_a_beam_that_the_machine_does_not_have_neither_jams_nor_tells(rig: Rig) -> None:
    set_machine(rig, jam_ticks=50, entry_beam=False)
    start_belt(rig)
    rig.plant.drive(InputPin.ENTRY_BEAM, True)
    rig.turn(200)
    assert rig.faults == []
    assert rig.beams == []


def test_a_full_bin_is_told_and_stops_nothing(rig: Rig) -> None:
    set_machine(rig, input_function=InputFunction.BIN_FULL)
    start_belt(rig)
    rig.board.shoot(shot(1, rig.tick + 60, rig.tick + 70), rig.now_s)
    rig.plant.drive(InputPin.AUX, True)
    rig.turn(100)
    assert rig.faults == [("bin_full", True)]
    assert ends(rig) == {1: FIRED}
    assert belt(rig)
    rig.plant.drive(InputPin.AUX, False)
    rig.turn(40)
    assert rig.faults == [("bin_full", True), ("bin_full", False)]


def test_a_cover_that_opens_over_a_standing_belt_needs_nobody_after_it_has_closed(
    rig: Rig,
) -> None:
    set_machine(rig, input_function=InputFunction.COVER)
    start_belt(rig)
    rig.board.set_belt(False, rig.now_s)
    rig.run(50_000)
    drive(InputPin.AUX, True)(rig)
    rig.board.set_belt(True, rig.now_s)
    rig.run(30_000)
    assert rig.answers(Order.BELT)[-1] is Reason.COVER
    drive(InputPin.AUX, False)(rig)
    assert rig.faults == [("cover", True), ("cover", False)]
    rig.board.set_belt(True, rig.now_s)
    rig.run(30_000)
    assert belt(rig)


def test_a_short_spike_at_the_free_input_is_nothing(rig: Rig) -> None:
    set_machine(rig, input_function=InputFunction.COVER)
    start_belt(rig)
    for _ in range(5):
        rig.plant.drive(InputPin.AUX, True)
        rig.turn(15)
        rig.plant.drive(InputPin.AUX, False)
        rig.turn(5)
    assert rig.faults == []
    assert belt(rig)


def test_an_input_without_a_function_is_only_shown(rig: Rig) -> None:
    start_belt(rig)
    rig.plant.drive(InputPin.AUX, True)
    rig.turn(200)
    assert rig.faults == []
    assert rig.board.status is not None
    assert "aux" in rig.board.status.inputs


def test_the_status_led_is_lit_while_the_host_is_heard(rig: Rig) -> None:
    fall_silent(rig)
    assert [level for _, level in rig.swings(OutputPin.STATUS_LED)] == [True, False, True]
