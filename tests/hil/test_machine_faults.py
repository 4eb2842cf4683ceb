"""What befalls the board and the belt: hangs, resets, an encoder that errs, a belt that sticks."""

from pathlib import Path

import pytest

from firmware_bridge.board import BoardLost, Outcome, Reason
from firmware_bridge.plant import OutputPin
from tests.hil.faults import brown_out, glitch_encoder, press_estop, stop_belt
from tests.hil.machine import OVERFLOW_US, Machine
from tests.hil.test_wire_faults import finish

pytestmark = pytest.mark.hil

EXTERNAL = 0x02


@pytest.fixture
def machine(built_firmware: Path) -> Machine:
    machine = Machine(11)
    machine.start()
    machine.run(400_000)
    return machine


def losses(machine: Machine) -> list[str]:
    return [event.why for event in machine.events if isinstance(event, BoardLost)]


@pytest.mark.parametrize("interrupts", [True, False])
def test_a_main_loop_that_hangs_is_reset_within_135_ms_and_its_shots_are_on_record(
    machine: Machine, interrupts: bool
) -> None:
    machine.run_until(lambda: machine.any_open)
    machine.hang(interrupts=interrupts)
    before = len(machine.edges)
    machine.run(140_000)
    off = [edge for edge, _ in machine.edges[before:] if not edge.level]
    assert OutputPin.BELT in {edge.pin for edge in off}
    assert max(edge.cycle for edge in off) <= (machine.hung_us + 135_000) * 16
    assert not machine.any_open
    assert machine.run_until(lambda: machine.ready)
    assert losses(machine) == ["the board was reset (cause: watchdog)"]
    machine.run(500_000)
    finish(machine)


def test_a_brown_out_over_scrambled_memory_starts_the_board_anew(machine: Machine) -> None:
    identity = machine.board.identity
    assert identity is not None
    for _ in range(5):
        brown_out(machine)
        machine.run(20_000)
        assert machine.run_until(lambda: machine.ready)
        machine.run(200_000)
    assert losses(machine) == ["the board was reset (cause: brown out)"] * 5
    assert machine.board.identity is not None
    assert machine.board.identity.boot_nonce == identity.boot_nonce + 5
    finish(machine)


def test_a_reset_by_the_cable_is_noticed_and_no_shot_from_before_it_fires(
    machine: Machine,
) -> None:
    machine.shoot(100, 200)
    machine.run_until(lambda: machine.any_open)
    machine.sim.restart(EXTERNAL)
    machine.run(20_000)
    assert machine.run_until(lambda: machine.ready)
    machine.run(1_000_000)
    finish(machine)
    outcomes = {c.report.outcome for c in machine.commanded.values() if c.report and c.boot == 0}
    assert outcomes <= {Outcome.FIRED, Outcome.UNKNOWN, Outcome.CANCELLED}
    assert Outcome.UNKNOWN in outcomes


def test_short_pulses_on_the_encoder_move_no_count(machine: Machine) -> None:
    for _ in range(30):
        glitch_encoder(machine)
        machine.run(1_000)
        assert machine.miscounted() == 0
    finish(machine)


def test_a_belt_that_turns_back_closes_what_is_open_and_opens_it_never_again(
    machine: Machine,
) -> None:
    machine.shot_every_us = 0
    machine.run(600_000)
    machine.shoot(200, 100, channel=5)
    shot = machine.commanded[len(machine.commanded)]
    machine.run_until(lambda: bool(shot.rises))
    machine.run(20 * machine.tick_us)
    machine.direction = -1
    machine.run(60 * machine.tick_us)
    machine.direction = 1
    machine.run(300 * machine.tick_us)
    assert (len(shot.rises), len(shot.falls)) == (1, 1)
    assert shot.falls[0] - shot.rises[0] < 30
    assert shot.report is not None
    assert shot.report.reason is Reason.REVERSE
    finish(machine)


def test_a_belt_that_sticks_for_a_while_makes_no_shot_late(machine: Machine) -> None:
    machine.stalled = True
    machine.run(300_000)
    machine.stalled = False
    machine.run(300_000)
    finish(machine)
    assert {c.report.outcome for c in machine.commanded.values() if c.report} == {Outcome.FIRED}


def test_a_belt_that_sticks_for_long_goes_on_when_somebody_has_it_run_again(
    machine: Machine,
) -> None:
    for _ in range(6):
        stop_belt(machine)
        assert machine.run_until(lambda: machine.ready)
        machine.run(200_000)
    finish(machine)


def test_an_emergency_stop_in_the_middle_of_a_shot_cancels_it_and_all_others(
    machine: Machine,
) -> None:
    for _ in range(10):
        assert machine.run_until(lambda: machine.ready and machine.any_open)
        press_estop(machine)
    assert machine.run_until(lambda: machine.ready)
    machine.run(300_000)
    finish(machine)
    reasons = [c.report.reason for c in machine.commanded.values() if c.report]
    assert reasons.count(Reason.ESTOP) >= 10


def test_shots_are_armed_and_fire_across_the_wraps_of_ticks_and_of_microseconds(
    built_firmware: Path,
) -> None:
    machine = Machine(3, start_tick=-700, start_overflows=2**17 - 20)
    machine.start()
    assert machine.board_tick > 2**31
    machine.run(20 * OVERFLOW_US)
    assert machine.armed
    machine.run(400_000)
    assert machine.board_tick < 2**31
    finish(machine)
    assert machine.miscounted() == 0
    assert machine.clock_errors == 0
    assert {c.report.outcome for c in machine.commanded.values() if c.report} == {Outcome.FIRED}


def test_inputs_keep_their_levels_through_a_reset(machine: Machine) -> None:
    assert machine.board.status is not None
    before = machine.board.status.inputs
    machine.sim.reset()
    machine.run(10_000)
    assert machine.run_until(lambda: machine.ready)
    machine.run(50_000)
    assert machine.board.status.inputs == before == {"button"}
