"""What the board does by itself when the machine around it fails."""

from pathlib import Path
from random import Random

import pytest

from benchmarks.board.host import BenchHost
from firmware_bridge.board import BoardLost, Outcome, Reason
from firmware_bridge.plant import OUTLET_PINS, InputPin, show_tick
from firmware_bridge.simavr import CYCLES_PER_US, Simavr
from tests.hil.machine import Machine
from tests.hil.test_wire_faults import finish

pytestmark = pytest.mark.hil

WATCHDOG_FLAG = 0x08


@pytest.fixture
def machine(built_firmware: Path) -> Machine:
    machine = Machine(21)
    machine.start()
    machine.run(400_000)
    return machine


def storm(machine: Machine, duration_us: int, edge_us: int = 10) -> None:
    """Edges on the encoder every 10 µs, forward, with nobody at the host."""
    until_us = machine.now_us + duration_us
    turn = machine.tick
    while machine.now_us < until_us:
        turn += 1
        show_tick(machine.sim, turn)
        machine.advance(machine.now_us + edge_us)


def test_an_encoder_storm_of_100_khz_stops_the_machine_and_raises_a_fault(
    machine: Machine,
) -> None:
    machine.shoot(150, 400)
    machine.run_until(lambda: machine.any_open)
    machine.operator = False
    storm(machine, 30_000)
    assert not machine.any_open
    assert not machine.belt_on
    machine.run(100_000)
    assert "encoder_storm" in machine.faults
    assert not [event for event in machine.events if isinstance(event, BoardLost)]


@pytest.mark.parametrize("before_us", [0, 40, 100, 170, 250, 310])
def test_the_emergency_stop_acts_within_50_microseconds_in_an_encoder_storm(
    machine: Machine, before_us: int
) -> None:
    machine.shoot(150, 400)
    machine.run_until(lambda: machine.any_open)
    storm(machine, before_us)
    machine.sim.drive(InputPin.ESTOP, True)
    pressed = machine.sim.cycle
    storm(machine, 500)
    assert not machine.belt_on
    off = [
        edge.cycle
        for edge, _ in machine.edges
        if edge.pin in OUTLET_PINS and not edge.level and edge.cycle >= pressed
    ]
    assert off
    assert max(off) - pressed <= 50 * CYCLES_PER_US


def test_silence_stops_the_machine_in_an_encoder_storm(machine: Machine) -> None:
    machine.run_until(lambda: machine.any_open)
    storm(machine, 600_000, edge_us=100)
    assert not machine.any_open
    assert not machine.belt_on
    assert machine.sim.resets == 0


def test_a_dead_encoder_closes_the_outlets_cancels_the_shots_and_stops_the_belt(
    machine: Machine,
) -> None:
    machine.shoot(150, 400)
    machine.run_until(lambda: machine.any_open)
    machine.operator = False
    machine.stalled = True
    pending = machine.armed
    machine.run(1_200_000)
    assert not machine.any_open
    assert not machine.belt_on
    assert "encoder_dead" in machine.faults
    ended = {c.report.reason for c in pending if c.report}
    assert Reason.ENCODER in ended
    assert {c.report.outcome for c in pending if c.report} <= {Outcome.CANCELLED, Outcome.FIRED}
    machine.stalled = False
    machine.operator = True
    assert machine.run_until(lambda: machine.ready)
    machine.run(300_000)
    finish(machine)


def test_the_cause_of_a_reset_survives_a_bootloader_that_clears_it(machine: Machine) -> None:
    machine.sim.restart(WATCHDOG_FLAG, optiboot=True)
    machine.run(50_000)
    assert machine.run_until(lambda: machine.ready)
    lost = [event.why for event in machine.events if isinstance(event, BoardLost)]
    assert lost == ["the board was reset (cause: watchdog)"]


def test_after_a_stop_that_nobody_ordered_the_belt_waits_for_a_person(machine: Machine) -> None:
    machine.operator = False
    machine.frozen = True
    machine.run(700_000)
    machine.frozen = False
    machine.run(100_000)
    machine.board.set_belt(True, machine.now_s)
    machine.run(200_000)
    assert not machine.belt_on
    machine.board.set_belt(True, machine.now_s, by_operator=True)
    machine.run(200_000)
    assert machine.belt_on


def test_a_wire_full_of_questions_does_not_starve_the_watchdog(built_firmware: Path) -> None:
    host = BenchHost(sim=Simavr(), random=Random(1), shots=False)
    host.connect()
    host.turn(5_000)
    assert host.sim.resets == 0
    assert host.states[-1].flags & 1
