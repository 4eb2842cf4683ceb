from collections.abc import Iterator

import pytest

from firmware_bridge.serial_board import SerialBoard
from firmware_bridge.simavr import Simavr
from firmware_bridge.simavr_board import SimavrBoard
from firmware_bridge.virtual_board import VirtualBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.virtual_port import VirtualPort
from firmware_bridge.wired_plant import WiredPlant
from tests.contract.rig import Rig
from tests.contract.wire import Wire
from tests.hil.build import built_firmware

__all__ = ["built_firmware"]

SIMAVR = pytest.param("simavr", marks=pytest.mark.hil)


def serial_rig() -> Iterator[Rig]:
    firmware = VirtualFirmware()
    port = VirtualPort(firmware)
    board = SerialBoard(port.path, threaded=False)
    yield Rig(board=board, plant=firmware, pump=port.pump)
    board.close()
    port.unplug()


@pytest.fixture(params=["virtual", "serial", SIMAVR])
def unconnected(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A board that is powered and not opened."""
    if request.param == "serial":
        yield from serial_rig()
        return
    if request.param == "simavr":
        request.getfixturevalue("built_firmware")
    board = SimavrBoard() if request.param == "simavr" else VirtualBoard()
    yield Rig(board=board, plant=board)


@pytest.fixture
def rig(unconnected: Rig) -> Rig:
    """A board after the handshake."""
    unconnected.connect()
    return unconnected


@pytest.fixture(params=["virtual", SIMAVR])
def wire(request: pytest.FixtureRequest) -> Wire:
    """A powered board with a bare wire."""
    plant: WiredPlant
    if request.param == "simavr":
        request.getfixturevalue("built_firmware")
        plant = Simavr()
    else:
        plant = VirtualFirmware()
    return Wire(plant)
