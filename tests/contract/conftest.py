from collections.abc import Callable, Iterator

import pytest

from firmware_bridge.serial_board import SerialBoard
from firmware_bridge.simavr import Simavr
from firmware_bridge.simavr_board import SimavrBoard
from firmware_bridge.virtual_board import VirtualBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.virtual_port import VirtualPort
from tests.contract.rig import Rig
from tests.contract.wire import Wire
from tests.hil.build import built_firmware

__all__ = ["built_firmware"]

MCUSR = {"unknown": 0, "power_on": 1, "external": 2, "brown_out": 4, "watchdog": 8}
SIMAVR = pytest.param("simavr", marks=pytest.mark.hil)


def restart(simavr: Simavr) -> Callable[[str], None]:
    """Resets the processor for a cause."""
    return lambda cause: simavr.restart(MCUSR[cause])


def serial_rig(virtual_ticks_per_s: float) -> Iterator[Rig]:
    firmware = VirtualFirmware()
    port = VirtualPort(firmware)
    board = SerialBoard(port.path, threaded=False, virtual_ticks_per_s=virtual_ticks_per_s)
    yield Rig(board=board, plant=firmware, reset=firmware.reset, pump=port.pump)
    board.close()
    port.unplug()


def powered(request: pytest.FixtureRequest, virtual_ticks_per_s: float = 0.0) -> Iterator[Rig]:
    if request.param == "serial":
        yield from serial_rig(virtual_ticks_per_s)
        return
    if request.param == "simavr":
        request.getfixturevalue("built_firmware")
        simavr = SimavrBoard(virtual_ticks_per_s=virtual_ticks_per_s)
        yield Rig(board=simavr, plant=simavr, reset=restart(simavr.simavr))
        return
    virtual = VirtualBoard(virtual_ticks_per_s=virtual_ticks_per_s)
    yield Rig(board=virtual, plant=virtual, reset=virtual.firmware.reset)


@pytest.fixture(params=["virtual", "serial", SIMAVR])
def unconnected(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A board that is powered and not opened."""
    yield from powered(request)


@pytest.fixture
def rig(unconnected: Rig) -> Rig:
    """A board after the handshake."""
    unconnected.connect()
    return unconnected


@pytest.fixture(params=["virtual", "serial", SIMAVR])
def rig_without_encoder(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A board after the handshake, at a machine that has no encoder: 600 ticks a second."""
    for rig in powered(request, virtual_ticks_per_s=600.0):
        rig.connect()
        yield rig


@pytest.fixture(params=["virtual", SIMAVR])
def wire(request: pytest.FixtureRequest) -> Wire:
    """A powered board with a bare wire."""
    if request.param == "simavr":
        request.getfixturevalue("built_firmware")
        simavr = Simavr()
        return Wire(simavr, restart(simavr))
    firmware = VirtualFirmware()
    return Wire(firmware, firmware.reset)
