"""The shipped firmware in simavr: what only its cycles, its memory and its resets can show."""

from pathlib import Path
from random import Random

import pytest

from firmware_bridge.board import BoardLost, Outcome, Reason, Shot
from firmware_bridge.messages import Identity, Report
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin, show_tick
from firmware_bridge.simavr import Simavr
from firmware_bridge.simavr_board import SimavrBoard
from tests.contract.rig import Rig
from tests.contract.wire import Wire, shot_command
from tests.hil.symbols import address_of, tick_address, u32

pytestmark = pytest.mark.hil

TIMSK2 = 0x70
"""Address of the mask that keeps the safety timer's interrupt on."""


@pytest.fixture
def board(built_firmware: Path) -> SimavrBoard:
    return SimavrBoard(built_firmware)


@pytest.fixture
def rig(board: SimavrBoard) -> Rig:
    rig = Rig(board=board, plant=board)
    rig.connect()
    return rig


def shot(item_id: int, first: int, end: int, *, channel: int = 0) -> Shot:
    return Shot(item_id=item_id, channel=channel, open_tick=first, close_tick=end)


def test_ticks_are_counted_without_loss_at_5_khz_while_the_link_is_busy(rig: Rig) -> None:
    for item in range(1, 200):
        rig.board.shoot(shot(item, rig.tick + 100, rig.tick + 110, channel=item % 8), rig.now_s)
        rig.turn(50, tick_us=200)
    rig.run(100_000)
    assert rig.board.tick_at(rig.now_s) == pytest.approx(rig.tick)
    assert {report.outcome for report in rig.reports.values()} == {Outcome.FIRED}


def test_the_same_run_gives_the_same_edges(built_firmware: Path) -> None:
    def edges() -> list[tuple[int, str, bool]]:
        board = SimavrBoard(built_firmware)
        rig = Rig(board=board, plant=board)
        rig.connect()
        for item in range(1, 30):
            rig.board.shoot(shot(item, rig.tick + 50, rig.tick + 70, channel=item % 8), rig.now_s)
            rig.turn(13, tick_us=777)
        return [(edge.at_us, edge.pin.value, edge.level) for edge in rig.edges]

    assert edges() == edges()


def test_a_hung_timer_lets_the_watchdog_bring_the_pins_to_safety(
    rig: Rig, board: SimavrBoard
) -> None:
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.board.shoot(shot(1, 30, 5_000), rig.now_s)
    rig.turn(40)
    board.simavr.poke(TIMSK2, b"\0")
    hung_us = board.now_us
    rig.run(200_000)
    for pin in (OUTLET_PINS[0], OutputPin.BELT):
        off = [edge.at_us for edge in rig.edges if edge.pin is pin and not edge.level]
        assert off[0] - hung_us <= 135_000
    assert [event.why for event in rig.events if isinstance(event, BoardLost)] == [
        "the board in simavr was reset (cause: watchdog)"
    ]
    assert (rig.reports[1].outcome, rig.reports[1].reason) == (Outcome.UNKNOWN, Reason.RESET)
    assert board.identity is not None
    assert board.identity.boot_nonce == 2


def test_a_reset_in_the_middle_of_a_shot_closes_the_outlet_and_fires_it_never_again(
    rig: Rig, board: SimavrBoard
) -> None:
    rig.board.shoot(shot(1, 30, 60), rig.now_s)
    rig.turn(40)
    board.simavr.reset()
    rig.run(300_000)
    rig.turn(100)
    assert [level for _, level in rig.swings(OUTLET_PINS[0])] == [True, False]
    assert rig.reports[1].outcome is Outcome.UNKNOWN


def test_shots_fire_across_the_wrap_of_the_tick_count(rig: Rig, board: SimavrBoard) -> None:
    rig.turn(7)
    address = tick_address()
    assert board.simavr.peek(address, 4) == u32(7)
    board.simavr.poke(address, u32(2**32 - 50))
    wire = _take_over(board)
    for number in range(5):
        first = 2**32 - 40 + 20 * number
        wire.ask(shot_command(number + 1, first, first + 10, session=77))
    wire.tick = rig.tick
    wire.turn(150)
    reports = wire.reported()
    assert [reports[n].open_tick for n in range(1, 6)] == [
        (2**32 - 40 + 20 * n) % 2**32 for n in range(5)
    ]
    assert wire.rises(OUTLET_PINS[0]) == 5


def test_silence_is_measured_across_the_wrap_of_the_microseconds(
    rig: Rig, board: SimavrBoard
) -> None:
    # An overflow is 32 768 µs; the clock wraps 260 ms from here, in the middle of the silence.
    board.simavr.poke(address_of("overflows"), u32(2**17 - 8))
    rig.run(40_000)
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.run(40_000)
    rig.alive = False
    quiet_us = board.now_us
    rig.run(600_000)
    stopped = [e.at_us for e in rig.edges if e.pin is OutputPin.BELT and not e.level]
    assert 470_000 <= stopped[0] - quiet_us <= 523_000
    rig.alive = True
    rig.turn(100)
    rig.run(100_000)
    assert rig.board.tick_at(rig.now_s) == pytest.approx(100)


def test_noise_on_the_wire_neither_opens_an_outlet_nor_stops_the_board(
    built_firmware: Path,
) -> None:
    wire = Wire(Simavr(built_firmware))
    wire.greet()
    random = Random(1)
    for _ in range(40):
        wire.plant.send(random.randbytes(400))
        wire.wait(30_000)
    wire.plant.send(b"\0")
    wire.wait(20_000)
    assert wire.state().frame_errors > 20
    assert not [edge for edge in wire.edges if edge.pin in OUTLET_PINS]
    assert len(wire.all(Identity)) == 0


def test_the_emergency_stop_acts_within_50_microseconds_of_its_edge_with_every_outlet_open(
    rig: Rig,
) -> None:
    for channel in range(8):
        rig.board.shoot(shot(channel + 1, 50, 500, channel=channel), rig.now_s)
    for number in range(20):
        rig.board.shoot(shot(100 + number, 400 + number, 500), rig.now_s)
    rig.turn(60)
    pressed_us = rig.plant.now_us
    rig.plant.drive(InputPin.ESTOP, True)
    rig.run(50_000)
    closed = [e.at_us for e in rig.edges if e.pin in OUTLET_PINS and not e.level]
    assert len(closed) == 8
    assert max(closed) - pressed_us <= 50
    assert {report.reason for report in rig.reports.values()} == {Reason.ESTOP}


def test_an_encoder_at_20_khz_does_not_keep_the_silence_rule_from_acting(rig: Rig) -> None:
    rig.board.shoot(shot(1, 100, 90_000), rig.now_s)
    rig.run(20_000)
    for _ in range(30_000):
        rig.tick += 1
        show_tick(rig.plant, rig.tick)
        rig.run_unopened(50)
    opened, closed = [e.at_us for e in rig.edges if e.pin is OUTLET_PINS[0]]
    assert closed - opened <= 503_000
    rig.run(50_000)
    assert rig.reports[1].reason is Reason.SILENCE


def _take_over(board: SimavrBoard) -> Wire:
    """Leave the link aside and speak to the firmware directly, in a session of its own."""
    wire = Wire(board.simavr)
    wire.greet(session=77)
    assert not wire.all(Report)
    return wire
