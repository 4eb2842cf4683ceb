import termios
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import serial

from firmware_bridge.board import (
    BoardConnected,
    BoardLost,
    BoardNotFoundError,
    Outcome,
    Reason,
)
from firmware_bridge.plant import OUTLET_PINS
from firmware_bridge.serial_board import SerialBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.virtual_port import VirtualPort
from tests.contract.acts import shot
from tests.contract.rig import Rig, nothing


@pytest.fixture
def port() -> Iterator[VirtualPort]:
    port = VirtualPort(VirtualFirmware())
    yield port
    port.unplug()


def test_a_port_that_does_not_exist_is_named_with_what_to_do() -> None:
    with pytest.raises(BoardNotFoundError) as error:
        SerialBoard("/dev/no-such-port").open(0.0)
    assert "/dev/no-such-port does not exist" in str(error.value)
    assert "sorter board list" in str(error.value)


def test_a_file_that_is_no_port_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no port")
    with pytest.raises(BoardNotFoundError, match="cannot be opened"):
        SerialBoard(str(file)).open(0.0)


def test_a_port_in_use_is_refused(port: VirtualPort) -> None:
    first = SerialBoard(port.path)
    first.open(0.0)
    with pytest.raises(BoardNotFoundError, match="in use by another program"):
        SerialBoard(port.path).open(0.0)
    first.close()


def test_closing_the_port_will_not_pull_dtr(port: VirtualPort) -> None:
    board = SerialBoard(port.path)
    board.open(0.0)
    with Path(port.path).open("rb", buffering=0) as tty:
        control_modes = termios.tcgetattr(tty.fileno())[2]
    board.close()
    assert not control_modes & termios.HUPCL


def test_an_unplugged_port_loses_the_board() -> None:
    firmware = VirtualFirmware()
    port = VirtualPort(firmware)
    rig = Rig(board=SerialBoard(port.path, threaded=False), plant=firmware, pump=port.pump)
    rig.connect()
    port.unplug()
    rig.pump = nothing
    rig.run(5_000)
    rig.board.close()
    lost = [event for event in rig.events if isinstance(event, BoardLost)]
    assert len(lost) == 1
    assert port.path in lost[0].why


class Cable:
    """A name such as /dev/sorter-mcu that stays, before ports that come and go."""

    def __init__(self, folder: Path, firmware: VirtualFirmware) -> None:
        self.path = folder / "sorter-mcu"
        self.firmware = firmware
        self._port: VirtualPort | None = None
        self.plug()

    def plug(self) -> None:
        self._port = VirtualPort(self.firmware)
        self.path.symlink_to(self._port.path)

    def unplug(self) -> None:
        assert self._port is not None
        self._port.unplug()
        self._port = None
        self.path.unlink()

    def pump(self) -> None:
        if self._port is not None:
            self._port.pump()


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(tmp_path, VirtualFirmware())
    yield cable
    if cable.path.is_symlink():
        cable.unplug()


@pytest.fixture
def plugged(cable: Cable) -> Iterator[Rig]:
    board = SerialBoard(str(cable.path), threaded=False)
    rig = Rig(board=board, plant=cable.firmware, pump=cable.pump)
    rig.connect()
    yield rig
    board.close()


def test_a_port_that_is_plugged_in_again_is_found_under_its_name_and_goes_on(
    plugged: Rig, cable: Cable
) -> None:
    rig = plugged
    rig.board.shoot(shot(1, 30, 200), rig.now_s)
    rig.board.shoot(shot(2, 100_000, 100_010), rig.now_s)
    rig.turn(50)
    cable.unplug()
    rig.run(700_000)
    assert rig.board.identity is None
    assert (rig.reports[1].outcome, rig.reports[1].reason) == (Outcome.UNKNOWN, Reason.LINK_LOST)
    assert (rig.reports[2].outcome, rig.reports[2].reason) == (Outcome.CANCELLED, Reason.LINK_LOST)
    cable.plug()
    rig.run(1_500_000)
    assert [
        type(event) for event in rig.events if isinstance(event, BoardConnected | BoardLost)
    ] == [
        BoardConnected,
        BoardLost,
        BoardConnected,
    ]
    rig.board.shoot(shot(3, rig.tick + 30, rig.tick + 40), rig.now_s)
    rig.turn(200)
    assert rig.reports[3].outcome is Outcome.FIRED
    # The first opening was cut short by silence; nothing that may have fired was sent again.
    assert [level for _, level in rig.swings(OUTLET_PINS[0])] == [True, False] * 2


def test_a_port_that_stays_away_is_looked_for_ever_more_rarely(
    plugged: Rig, cable: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = plugged
    tries_s: list[float] = []

    def look(*arguments: object, **options: object) -> None:
        tries_s.append(rig.now_s)
        raise serial.SerialException(2, "no such port")

    cable.unplug()
    rig.run(2_000)
    monkeypatch.setattr(serial, "Serial", look)
    rig.run(20_000_000)
    waits_s = [later - earlier for earlier, later in pairwise(tries_s)]
    assert waits_s == pytest.approx([1, 2, 4, 5, 5], abs=0.01)
