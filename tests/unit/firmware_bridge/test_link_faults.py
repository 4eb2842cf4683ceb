"""What the host side makes of resets, lost boards, foreign boards and a bad wire."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.board import (
    BoardConnected,
    BoardLost,
    BoardNotFoundError,
    BoardProtocolError,
    BoardSilentError,
    Outcome,
    Reason,
    Shot,
)
from firmware_bridge.framing import encode
from firmware_bridge.linked_board import LinkedBoard
from firmware_bridge.messages import Report
from firmware_bridge.plant import OUTLET_PINS, InputPin, PinEdge
from firmware_bridge.position import REBOOT_GAP_TICKS
from firmware_bridge.simulated_board import PlantTransport
from firmware_bridge.transport import Arrival, TransportLostError
from firmware_bridge.virtual_board import VirtualBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.wired_plant import WireFrame
from tests.contract.rig import Rig


def shot(item_id: int, first: int, end: int, *, channel: int = 0) -> Shot:
    return Shot(item_id=item_id, channel=channel, open_tick=first, close_tick=end)


def connected() -> tuple[Rig, VirtualFirmware]:
    board = VirtualBoard()
    rig = Rig(board=board, plant=board)
    rig.connect()
    return rig, board.firmware


def losses(rig: Rig) -> list[str]:
    return [event.why for event in rig.events if isinstance(event, BoardLost)]


class FaultyPlant:
    """A virtual firmware whose wire flips, drops and doubles bytes."""

    def __init__(self, random: Random, rate: float) -> None:
        self.firmware = VirtualFirmware()
        self._random = random
        self.rate = rate

    @property
    def now_us(self) -> int:
        return self.firmware.now_us

    def drive(self, pin: InputPin, level: bool) -> None:
        self.firmware.drive(pin, level)

    def advance(self, until_us: int) -> list[PinEdge]:
        return self.firmware.advance(until_us)

    def send(self, data: bytes) -> None:
        self.firmware.send(self._spoil(data))

    def take(self) -> list[WireFrame]:
        return [
            WireFrame(at_us=frame.at_us, data=self._spoil(frame.data))
            for frame in self.firmware.take()
        ]

    def _spoil(self, data: bytes) -> bytes:
        spoiled = bytearray()
        for byte in data:
            kind = self._random.random() / self.rate if self.rate else 9.0
            if kind < 1.0:
                spoiled.append(byte ^ 1 << self._random.randrange(8))
            elif kind < 2.0:
                continue
            elif kind < 3.0:
                spoiled += bytes((byte, byte))
            else:
                spoiled.append(byte)
        return bytes(spoiled)


class DeafPlant(FaultyPlant):
    """A wire that can be cut, either way."""

    def __init__(self) -> None:
        super().__init__(Random(0), 0.0)
        self.to_board = self.to_host = True

    def send(self, data: bytes) -> None:
        if self.to_board:
            super().send(data)

    def take(self) -> list[WireFrame]:
        frames = super().take()
        return frames if self.to_host else []


def faulty_rig(plant: FaultyPlant) -> Rig:
    nonce = iter(range(1, 10_000))
    board = LinkedBoard(
        lambda: PlantTransport(plant), name="the test board", nonces=lambda: next(nonce)
    )
    return Rig(board=board, plant=plant)


@given(st.integers(0, 2**32), st.sampled_from((0.001, 0.005, 0.02)))
@settings(max_examples=25, deadline=None)
def test_over_a_bad_wire_every_shot_ends_once_and_none_fires_twice_or_elsewhere(
    seed: int, rate: float
) -> None:
    random = Random(seed)
    plant = FaultyPlant(random, 0.0)
    rig = faulty_rig(plant)
    rig.connect()
    plant.rate = rate
    windows: dict[int, tuple[int, int, int]] = {}
    for item in range(1, 25):
        first = rig.tick + random.randrange(40, 120)
        end = first + random.randrange(5, 15)
        channel = item % 8
        windows[item] = (channel, first, end)
        rig.board.shoot(shot(item, first, end, channel=channel), rig.now_s)
        rig.turn(random.randrange(10, 40), tick_us=2_000)
    plant.rate = 0.0
    rig.turn(200, tick_us=2_000)
    rig.run(500_000)
    reports = rig.reports
    assert set(reports) == set(windows)
    for channel in range(8):
        # Shots of one channel are eight items apart here: their windows never touch.
        opened = [tick for tick, level in rig.swings(OUTLET_PINS[channel]) if level]
        allowed = {first for c, first, _ in windows.values() if c == channel}
        assert len(opened) == len(set(opened))
        assert set(opened) <= allowed
    for item, report in reports.items():
        channel, first, _ = windows[item]
        fired = (first, True) in rig.swings(OUTLET_PINS[channel])
        if report.outcome is Outcome.FIRED:
            assert fired
        elif report.outcome is Outcome.REFUSED:
            assert not fired


def test_a_reset_is_noticed_at_once_and_every_shot_ends() -> None:
    rig, firmware = connected()
    rig.board.shoot(shot(1, 50, 500), rig.now_s)
    rig.board.shoot(shot(2, 100_000, 100_010), rig.now_s)
    rig.turn(100)
    firmware.reset("brown_out")
    rig.run(10_000)
    assert losses(rig) == ["the virtual board was reset (cause: brown out)"]
    assert (rig.reports[1].outcome, rig.reports[1].reason) == (Outcome.UNKNOWN, Reason.RESET)
    assert (rig.reports[2].outcome, rig.reports[2].reason) == (Outcome.CANCELLED, Reason.RESET)


def test_a_reset_is_noticed_even_when_its_own_message_is_lost() -> None:
    plant = DeafPlant()
    rig = faulty_rig(plant)
    rig.connect()
    plant.to_host = False
    plant.firmware.reset()
    rig.run(5_000)
    plant.to_host = True
    rig.run(60_000)
    assert losses(rig) == ["the test board was reset (cause: external)"]


def test_after_a_reset_ticks_go_on_above_all_earlier_ones() -> None:
    rig, firmware = connected()
    rig.turn(500)
    firmware.reset()
    rig.run(300_000)
    tick = rig.board.tick_at(rig.now_s)
    assert tick is not None
    assert tick >= 500 + REBOOT_GAP_TICKS


def test_a_window_from_before_a_reset_is_refused_after_it() -> None:
    rig, firmware = connected()
    rig.turn(20)
    firmware.reset()
    rig.run(300_000)
    rig.board.shoot(shot(1, 60, 80), rig.now_s)
    rig.turn(100)
    assert rig.reports[1].reason is Reason.RESET
    assert rig.swings(OUTLET_PINS[0]) == []


def test_shots_fire_again_after_a_reset() -> None:
    rig, firmware = connected()
    rig.turn(20)
    firmware.reset()
    rig.run(300_000)
    tick = rig.board.tick_at(rig.now_s)
    assert tick is not None
    rig.board.shoot(shot(1, int(tick) + 30, int(tick) + 40), rig.now_s)
    rig.turn(50)
    assert rig.reports[1].outcome is Outcome.FIRED
    assert rig.reports[1].open_tick == int(tick) + 30


def test_a_board_that_falls_silent_is_lost_and_found_again() -> None:
    plant = DeafPlant()
    rig = faulty_rig(plant)
    rig.connect()
    rig.board.shoot(shot(1, 50, 60), rig.now_s)
    rig.turn(20)
    plant.to_host = plant.to_board = False
    rig.run(1_200_000)
    assert losses(rig) == ["the test board has not answered for 1 s"]
    assert (rig.reports[1].outcome, rig.reports[1].reason) == (Outcome.UNKNOWN, Reason.LINK_LOST)
    assert rig.board.identity is None
    assert rig.board.tick_at(rig.now_s) is None
    plant.to_host = plant.to_board = True
    rig.run(500_000)
    assert sum(isinstance(event, BoardConnected) for event in rig.events) == 2
    assert rig.board.tick_at(rig.now_s) == pytest.approx(20)


def test_a_host_that_paused_does_not_take_its_own_silence_for_the_boards() -> None:
    rig, _ = connected()
    rig.run_unopened(3_000_000)
    rig.run(100_000)
    assert losses(rig) == []
    assert rig.faults == [("silence", True), ("silence", False)]


def test_a_shot_ended_as_unknown_does_not_fire_after_the_link_is_back() -> None:
    plant = DeafPlant()
    rig = faulty_rig(plant)
    rig.connect()
    rig.board.shoot(shot(1, 50, 60), rig.now_s)
    rig.turn(20)
    plant.to_host = False
    rig.run(1_200_000)
    plant.to_host = True
    rig.run(500_000)
    rig.turn(100)
    assert rig.reports[1].outcome is Outcome.UNKNOWN
    assert rig.swings(OUTLET_PINS[0]) == []


def test_a_shot_that_was_never_sent_is_cancelled_when_the_link_is_lost() -> None:
    plant = DeafPlant()
    rig = faulty_rig(plant)
    rig.connect()
    plant.to_host = plant.to_board = False
    for number in range(1, 11):
        rig.board.shoot(shot(number, 50 + number, 60 + number), rig.now_s)
    rig.run(1_200_000)
    outcomes = [rig.reports[number].outcome for number in range(1, 11)]
    # Three commands may be under way at once; the others never left the host.
    assert outcomes == [Outcome.UNKNOWN] * 3 + [Outcome.CANCELLED] * 7


def test_a_number_is_not_given_again_while_its_command_is_unanswered() -> None:
    plant = DeafPlant()
    rig = faulty_rig(plant)
    rig.connect()
    plant.to_board = False
    rig.board.shoot(shot(1, 100, 110), rig.now_s)
    rig.run(5_000)
    stale = encode(
        Report(
            item_id=9, items=1, channel=0, outcome=0, reason=0, opened=0, open_tick=0, close_tick=0
        ),
        1,
    )
    rig.board.link.receive(stale * 254, rig.now_s)
    for number in range(2, 5):
        rig.board.shoot(shot(number, 100 + 20 * number, 110 + 20 * number), rig.now_s)
    rig.run(5_000)
    plant.to_board = True
    rig.run(100_000)
    rig.turn(300)
    assert [rig.reports[n].outcome for n in range(1, 5)] == [Outcome.FIRED] * 4


def test_a_board_of_another_protocol_version_is_refused_naming_both() -> None:
    board = VirtualBoard(VirtualFirmware(protocol=2))
    rig = Rig(board=board, plant=board)
    with pytest.raises(BoardProtocolError, match=r"version 2 and this program version 1; flash"):
        rig.connect()


def test_a_board_that_never_answers_is_an_error_that_says_what_to_do() -> None:
    plant = DeafPlant()
    plant.to_host = False
    rig = faulty_rig(plant)
    rig.board.open(rig.now_s)
    rig.run(4_900_000)
    with pytest.raises(BoardSilentError, match=r"no answer from the test board in 5 s; flash"):
        rig.run(200_000)


class Pluggable:
    """A transport that comes and goes with its cable."""

    def __init__(self, plant: FaultyPlant) -> None:
        self._inner = PlantTransport(plant)
        self.plugged = True

    def connect(self) -> "Pluggable":
        if not self.plugged:
            raise BoardNotFoundError("nothing there")
        return self

    def write(self, data: bytes) -> None:
        if not self.plugged:
            raise TransportLostError("the cable is out")
        self._inner.write(data)

    def read(self, now_s: float) -> list[Arrival]:
        if not self.plugged:
            raise TransportLostError("the cable is out")
        return self._inner.read(now_s)

    def close(self) -> None:
        self._inner.close()


def test_an_unplugged_board_is_lost_at_once_and_comes_back_when_plugged_in() -> None:
    plant = FaultyPlant(Random(0), 0.0)
    cable = Pluggable(plant)
    nonces = iter(range(1, 100))
    board = LinkedBoard(cable.connect, name="the test board", nonces=lambda: next(nonces))
    rig = Rig(board=board, plant=plant)
    rig.connect()
    cable.plugged = False
    rig.run(2_000_000)
    assert losses(rig) == ["the cable is out"]
    cable.plugged = True
    rig.run(6_000_000)
    assert sum(isinstance(event, BoardConnected) for event in rig.events) == 2


def test_opening_an_open_board_is_an_error() -> None:
    rig, _ = connected()
    with pytest.raises(Exception, match="is open already"):
        rig.board.open(rig.now_s)


@pytest.mark.parametrize("start", [2**31 - 30, 2**32 - 30])
def test_shots_fire_across_the_wrap_of_the_tick_count(start: int) -> None:
    board = VirtualBoard(VirtualFirmware(start_tick=start, start_us=2**32 - 150_000))
    rig = Rig(board=board, plant=board)
    rig.connect()
    rig.board.shoot(shot(1, start + 20, start + 60), rig.now_s)
    rig.turn(100)
    rig.run(100_000)
    assert rig.swings(OUTLET_PINS[0]) == [(20, True), (60, False)]
    assert (rig.reports[1].open_tick, rig.reports[1].close_tick) == (start + 20, start + 60)
    assert rig.board.tick_at(rig.now_s) == pytest.approx(start + 100)
