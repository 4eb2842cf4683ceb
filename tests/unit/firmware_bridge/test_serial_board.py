import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.board import BoardLost, BoardNotFoundError
from firmware_bridge.serial_board import SerialBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.virtual_port import VirtualPort
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
