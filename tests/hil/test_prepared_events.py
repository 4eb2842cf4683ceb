"""What was prepared for the next ticks is done in its place, and never after a stop."""

from pathlib import Path
from random import Random

import pytest

from benchmarks.board.host import BenchHost
from firmware_bridge.board import Outcome, Reason
from firmware_bridge.codes import OUTCOME_CODES, REASON_CODES
from firmware_bridge.messages import Ack, Cancel, Flush
from firmware_bridge.plant import OUTLET_PINS, InputPin, show_tick
from firmware_bridge.simavr import CYCLES_PER_US, Simavr
from firmware_bridge.simavr_probe import ENTRY_CYCLES
from tests.contract.wire import Wire, belt_command, shot_command

pytestmark = pytest.mark.hil

TICK_CYCLES = 3_200
STOPS_WITHIN_CYCLES = 50 * CYCLES_PER_US


@pytest.fixture
def host(built_firmware: Path) -> BenchHost:
    host = BenchHost(sim=Simavr(), random=Random(3), shots=False)
    host.connect()
    host.turn(10)
    return host


def swings(host: BenchHost, channel: int) -> list[tuple[int, bool]]:
    """Ticks at which an outlet moved."""
    return [
        (sum(at <= edge.cycle for at in host.edge_cycles), edge.level)
        for edge in host.edges
        if edge.pin is OUTLET_PINS[channel]
    ]


def fired(host: BenchHost, item_id: int) -> bool:
    return host.reported[item_id].outcome == OUTCOME_CODES[Outcome.FIRED]


def test_a_shot_that_lands_between_prepared_ones_fires_in_its_place(host: BenchHost) -> None:
    first = host.tick + 100
    for number, opens in enumerate((0, 40, 60, 80)):
        host.shoot(number, first + opens, first + opens + 10)
    host.turn(first - host.tick - 50)
    host.shoot(4, first + 5, first + 50)
    host.shoot(5, first - 5, first + 4)
    host.turn(200)
    for channel, (opens, closes) in enumerate(
        ((0, 10), (40, 50), (60, 70), (80, 90), (5, 50), (-5, 4))
    ):
        assert swings(host, channel) == [(first + opens, True), (first + closes, False)]


def test_sixteen_edges_at_sixteen_ticks_in_a_row_are_each_in_time(host: BenchHost) -> None:
    first = host.tick + 100
    for channel in range(8):
        host.shoot(channel, first + 2 * channel, first + 2 * channel + 3)
    host.turn(300)
    delays = host.delays_cycles()
    assert len(delays) == 16
    assert max(delays) + ENTRY_CYCLES <= 20 * CYCLES_PER_US


def test_a_shot_refused_for_its_rest_upsets_none_that_overlaps_it(host: BenchHost) -> None:
    first = host.tick + 100
    host.shoot(0, first, first + 1)
    host.shoot(0, first + 3, first + 60)
    host.shoot(0, first + 40, first + 45)
    host.turn(200)
    assert swings(host, 0) == [
        (first, True),
        (first + 1, False),
        (first + 40, True),
        (first + 45, False),
    ]
    host.questions = False
    host.turn(50)
    assert [fired(host, item_id) for item_id in (1, 2, 3)] == [True, False, True]


@pytest.mark.parametrize("trial", range(40))
def test_nothing_that_was_prepared_opens_after_an_emergency_stop(
    host: BenchHost, trial: int
) -> None:
    first = host.tick + 100
    for channel in range(8):
        host.shoot(channel, first + channel, first + channel + 12)
    host.turn(first - host.tick + 2)
    before = trial * TICK_CYCLES // 40
    pressed = host.sim.cycle + before

    def press_in_time() -> None:
        host.run_to(pressed)
        host.sim.drive(InputPin.ESTOP, True)

    host.on_tick = press_in_time
    host.turn(1)
    host.on_tick = None
    host.turn(40)
    acted = pressed + STOPS_WITHIN_CYCLES
    assert not [edge for edge in host.edges if edge.level and edge.cycle > acted]
    assert host.outlets_open == 0


@pytest.fixture
def wire(built_firmware: Path) -> Wire:
    return armed_wire(built_firmware)


def armed_wire(built_firmware: Path) -> Wire:
    """A board that will open outlet 0 at tick 3 and stands at tick 2."""
    wire = Wire(Simavr(built_firmware))
    wire.greet()
    wire.ask(belt_command("run_by_operator"))
    wire.ask(shot_command(1, 3, 5))
    wire.ask(shot_command(2, 4, 9, channel=1))
    wire.turn(2)
    return wire


@pytest.mark.parametrize("before_us", range(300, 700, 10))
def test_a_cancelled_shot_does_not_open_even_when_its_tick_comes_at_that_moment(
    wire: Wire, before_us: int
) -> None:
    wire.send(Cancel(item_id=1))
    wire.wait(before_us)
    wire.turn(10)
    refused = wire.last(Ack).status != REASON_CODES[Reason.NONE]
    assert wire.rises(OUTLET_PINS[0]) == refused
    assert wire.reported()[1].opened == refused
    assert wire.rises(OUTLET_PINS[1]) == 1


def test_a_cancellation_that_meets_an_opening_is_never_told_to_be_in_time(
    built_firmware: Path,
) -> None:
    """Cycle by cycle over the moment at which the board takes the item out of its shot."""
    for before in range(7_950, 8_080):
        wire = armed_wire(built_firmware)
        wire.send(Cancel(item_id=1))
        wire.wait(0)
        sim = wire.plant
        assert isinstance(sim, Simavr)
        sim.run_to(sim.cycle + before)
        wire.turn(10)
        refused = wire.last(Ack).status != REASON_CODES[Reason.NONE]
        assert wire.rises(OUTLET_PINS[0]) == wire.reported()[1].opened == refused, before


def test_a_shot_for_a_tick_that_comes_while_it_is_being_planned_is_told_as_it_fired(
    built_firmware: Path,
) -> None:
    """Another outlet is prepared for that very tick already."""
    ends = set()
    for before in range(20_000, 40_000, 101):
        wire = armed_wire(built_firmware)
        wire.send(shot_command(3, 3, 6, channel=2))
        sim = wire.plant
        assert isinstance(sim, Simavr)
        sim.run_to(sim.cycle + before)
        wire.turn(10)
        taken = wire.last(Ack).status == REASON_CODES[Reason.NONE]
        opened = 3 in wire.reported() and bool(wire.reported()[3].opened)
        assert wire.rises(OUTLET_PINS[2]) == opened == taken, before
        ends.add(taken)
    assert ends == {False, True}


@pytest.mark.parametrize("before_us", range(100, 500, 10))
def test_nothing_opens_after_a_flush_and_what_was_open_is_reported(
    wire: Wire, before_us: int
) -> None:
    wire.send(Flush())
    wire.wait(before_us)
    wire.turn(10)
    assert [report.reason for report in wire.reported().values()] == [
        REASON_CODES[Reason.FLUSH]
    ] * 2
    for item_id in (1, 2):
        assert wire.rises(OUTLET_PINS[item_id - 1]) == wire.reported()[item_id].opened
    assert not wire.state().outlets


@pytest.mark.parametrize("after_us", range(0, 200, 5))
def test_a_belt_that_turns_back_closes_at_its_first_tick_and_opens_nothing_meanwhile(
    wire: Wire, after_us: int
) -> None:
    wire.turn(1)
    show_tick(wire.plant, 4)
    wire.wait(after_us)
    show_tick(wire.plant, 3)
    wire.wait(1_000)
    wire.tick = 3
    wire.turn(-3)
    wire.turn(20)
    reports = wire.reported()
    assert [wire.rises(OUTLET_PINS[k]) for k in (0, 1)] == [1, reports[2].opened]
    assert reports[1].reason == REASON_CODES[Reason.REVERSE]
