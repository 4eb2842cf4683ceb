"""The pin table of docs/wiring.md is the pins of the firmware."""

import re
from pathlib import Path

from firmware_bridge.uno_pins import UNO_PINS

PAGE = (Path(__file__).parents[3] / "docs" / "wiring.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([AD]\d+) \| ([BCD])(\d) \| (\w+) \|", PAGE, re.MULTILINE)


def arduino_name(port: str, bit: int) -> str:
    return {"D": f"D{bit}", "B": f"D{8 + bit}", "C": f"A{bit}"}[port]


def test_the_page_has_every_pin_at_its_place() -> None:
    assert {name: (port, int(bit)) for _, port, bit, name in ROWS} == {
        pin.value: place for pin, place in UNO_PINS.items()
    }


def test_the_arduinos_names_of_the_pins_fit_the_ports() -> None:
    assert all(name == arduino_name(port, int(bit)) for name, port, bit, _ in ROWS)
