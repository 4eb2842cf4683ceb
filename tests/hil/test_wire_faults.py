"""Frames that are damaged on their way, and a cable that is late or pulled."""

from pathlib import Path

import pytest

from firmware_bridge.board import BoardConnected, BoardLost, Outcome, Reason
from tests.hil.faults import FAULTS, WIRE_FAULTS
from tests.hil.machine import Machine

pytestmark = pytest.mark.hil


@pytest.fixture
def machine(built_firmware: Path) -> Machine:
    machine = Machine(7)
    machine.start()
    return machine


def finish(machine: Machine) -> None:
    """Until every shot has ended; then the judge's verdict."""
    machine.shot_every_us = 0
    ended = machine.run_until(lambda: all(c.report for c in machine.commanded.values()))
    assert ended, [c for c in machine.commanded.values() if c.report is None]
    assert machine.outside == []
    assert machine.wrong_reports() == []
    assert max(len(c.rises) for c in machine.commanded.values()) == 1


@pytest.mark.parametrize("name", WIRE_FAULTS)
def test_damaged_frames_are_sent_again_and_every_shot_fires_once(
    machine: Machine, name: str
) -> None:
    for _ in range(40):
        FAULTS[name](machine)
    hits = machine.wire.out.hits + machine.wire.back.hits
    assert hits >= 40
    assert machine.board.link.counters.frame_errors + machine.board.link.retries > 0
    finish(machine)
    reports = [c.report for c in machine.commanded.values() if c.report]
    fired = [report for report in reports if report.outcome is Outcome.FIRED]
    assert len(fired) >= 0.9 * len(reports)
    assert {report.reason for report in reports} <= {Reason.NONE, Reason.LATE}


@pytest.mark.parametrize(
    ("out_us", "back_us"),
    [
        ((1_000, 1_000), (1_000, 1_000)),
        ((16_000, 16_000), (1_000, 1_000)),
        ((1_000, 1_000), (16_000, 16_000)),
        ((1_000, 16_000), (1_000, 16_000)),
        ((1_000, 3_000), (8_000, 16_000)),
    ],
)
def test_the_clocks_error_bound_contains_the_truth_at_any_usb_latency(
    machine: Machine, out_us: tuple[int, int], back_us: tuple[int, int]
) -> None:
    machine.wire.out.latency_us = out_us
    machine.wire.back.latency_us = back_us
    machine.run(5_000_000)
    clock = machine.board.link.position.clock
    assert machine.clock_errors == 0
    assert clock.error_s(machine.now_s) <= (out_us[1] + back_us[1]) / 2e6 + 0.001
    finish(machine)


def test_a_cable_that_is_pulled_and_put_back_costs_the_shots_on_the_board_and_no_more(
    machine: Machine,
) -> None:
    machine.run(500_000)
    armed = [c.shot.item_id for c in machine.armed]
    assert armed
    machine.wire.unplug()
    machine.run(200_000)
    machine.wire.plugged = True
    assert machine.run_until(lambda: machine.connections == 2)
    assert len([e for e in machine.events if isinstance(e, BoardLost)]) == 1
    machine.run(500_000)
    finish(machine)
    lost = [machine.commanded[item_id].report for item_id in armed]
    assert {report.reason for report in lost if report} <= {Reason.LINK_LOST, Reason.NONE}
    assert machine.commanded[len(machine.commanded)].rises


def test_a_cable_pulled_for_a_moment_that_no_byte_needed_is_noticed_all_the_same(
    machine: Machine,
) -> None:
    machine.run(300_000)
    machine.wire.unplug()
    machine.run(2_000)
    machine.wire.plugged = True
    machine.run(1_500_000)
    connected = [event for event in machine.events if isinstance(event, BoardConnected)]
    assert len(connected) == 2
    finish(machine)


def test_a_host_that_freezes_for_less_than_the_silence_limit_loses_no_shot(
    machine: Machine,
) -> None:
    machine.run(300_000)
    on_board = machine.armed
    machine.frozen = True
    machine.run(400_000)
    machine.frozen = False
    machine.run(300_000)
    finish(machine)
    assert len(on_board) > 5
    assert {c.report.outcome for c in on_board if c.report} == {Outcome.FIRED}


def test_a_host_that_freezes_for_longer_finds_its_shots_cancelled_and_the_belt_at_rest(
    machine: Machine,
) -> None:
    machine.run(300_000)
    machine.operator = False
    machine.shoot(1_200, 20)
    machine.shoot(200, 900)
    machine.run(400_000)
    machine.frozen = True
    machine.run(800_000)
    machine.frozen = False
    assert not machine.belt_on
    assert not machine.any_open
    machine.run(100_000)
    reports = [c.report for c in machine.commanded.values() if c.report]
    assert Reason.SILENCE in {report.reason for report in reports}
    machine.operator = True
    assert machine.run_until(lambda: machine.ready)
    finish(machine)


def test_more_shots_than_the_board_has_slots_for_wait_on_the_host_and_fire(
    machine: Machine,
) -> None:
    machine.shot_every_us = 0
    assert all(machine.shoot(200 + 12 * number, 6) for number in range(80))
    finish(machine)
    assert {len(c.rises) for c in machine.commanded.values()} == {1}
