"""Serial ports that may have a board behind them, told by the numbers of their USB chip."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.board import BoardNotFoundError

_UNO = ("Arduino Uno", "uno")
_NANO = ("Nano or a copy", "nano")

KNOWN_CHIPS: dict[tuple[int, int], tuple[str, str]] = {
    (0x2341, 0x0001): _UNO,
    (0x2341, 0x0043): _UNO,
    (0x2341, 0x0243): _UNO,
    (0x2A03, 0x0001): _UNO,
    (0x2A03, 0x0043): _UNO,
    (0x2A03, 0x0243): _UNO,
    (0x1A86, 0x7523): (f"CH340: {_NANO[0]}", _NANO[1]),
    (0x1A86, 0x5523): (f"CH341: {_NANO[0]}", _NANO[1]),
    (0x1A86, 0x55D4): (f"CH9102: {_NANO[0]}", _NANO[1]),
    (0x0403, 0x6001): (f"FTDI FT232: {_NANO[0]}", _NANO[1]),
    (0x0403, 0x6015): (f"FTDI FT231X: {_NANO[0]}", _NANO[1]),
}
"""What it most likely is, and its name in `flash`, by USB vendor and product id. The udev rule in
`deploy/99-sorter.rules` has the same list."""


class UsbPort(Protocol):
    """What pyserial says about a port."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPort:
    """A port whose USB chip is one that boards have."""

    path: str
    vid: int
    pid: int
    what: str
    """Likely board, for people."""
    flash_as: str
    """Likely key of `flash.BOOTLOADERS`."""
    serial_number: str | None

    @property
    def has_converter(self) -> bool:
        """A bare USB converter: the board behind it may be anything, most often a Nano."""
        return self.flash_as != "uno"


def board_ports(comports: Callable[[], Iterable[UsbPort]] | None = None) -> list[BoardPort]:
    """The ports with a known chip, by path.

    Args:
        comports: lists every port of the machine; pyserial's list unless given.
    """
    found = []
    for port in _all_ports() if comports is None else comports():
        if port.vid is None or port.pid is None or (port.vid, port.pid) not in KNOWN_CHIPS:
            continue
        what, flash_as = KNOWN_CHIPS[port.vid, port.pid]
        found.append(
            BoardPort(
                path=port.device,
                vid=port.vid,
                pid=port.pid,
                what=what,
                flash_as=flash_as,
                serial_number=port.serial_number,
            )
        )
    return sorted(found, key=lambda port: port.path)


def _all_ports() -> Iterable[UsbPort]:
    from serial.tools.list_ports import comports

    return list(comports())


def only_port(ports: list[BoardPort]) -> BoardPort:
    """The one port there is.

    Raises:
        BoardNotFoundError: there is none, or there are several to choose from.
    """
    if not ports:
        raise BoardNotFoundError(
            "no board found at any USB port; plug one in, or name its port with --port"
        )
    if len(ports) > 1:
        paths = ", ".join(port.path for port in ports)
        raise BoardNotFoundError(f"there are several boards ({paths}); choose one with --port")
    return ports[0]
