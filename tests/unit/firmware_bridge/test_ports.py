import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_bridge.board import BoardNotFoundError
from firmware_bridge.flash import BOOTLOADERS
from firmware_bridge.ports import KNOWN_CHIPS, board_ports, only_port

RULES = Path(__file__).parents[3] / "deploy" / "99-sorter.rules"


@dataclass(frozen=True, kw_only=True)
class Port:
    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None = None


UNO = Port(device="/dev/ttyACM0", vid=0x2341, pid=0x0043, serial_number="7543")
NANO = Port(device="/dev/ttyUSB0", vid=0x1A86, pid=0x7523)


def test_boards_are_told_from_other_ports_by_their_usb_chip() -> None:
    modem = Port(device="/dev/ttyUSB9", vid=0x12D1, pid=0x1001)
    builtin = Port(device="/dev/ttyS0", vid=None, pid=None)
    found = board_ports(lambda: [NANO, modem, builtin, UNO])
    assert [port.path for port in found] == ["/dev/ttyACM0", "/dev/ttyUSB0"]
    assert found[0].what == "Arduino Uno"
    assert found[0].serial_number == "7543"
    assert "CH340" in found[1].what
    assert found[1].has_converter and not found[0].has_converter


def test_every_known_chip_has_a_bootloader_and_a_udev_rule() -> None:
    rules = RULES.read_text(encoding="utf-8").lower()
    named = [
        (vendor, product)
        for vendors, products in re.findall(
            r'attrs\{idvendor\}=="([^"]+)", attrs\{idproduct\}=="([^"]+)"', rules
        )
        for vendor in vendors.split("|")
        for product in products.split("|")
    ]
    assert {(f"{vid:04x}", f"{pid:04x}") for vid, pid in KNOWN_CHIPS} == set(named)
    assert {flash_as for _, flash_as in KNOWN_CHIPS.values()} <= set(BOOTLOADERS)


def test_one_port_is_taken_without_asking() -> None:
    assert only_port(board_ports(lambda: [UNO])).path == "/dev/ttyACM0"


def test_no_port_and_several_ports_are_errors_that_say_what_to_do() -> None:
    with pytest.raises(BoardNotFoundError, match="no board found at any USB port; plug one in"):
        only_port([])
    with pytest.raises(BoardNotFoundError, match=r"ttyACM0, /dev/ttyUSB0\); choose one with"):
        only_port(board_ports(lambda: [NANO, UNO]))
