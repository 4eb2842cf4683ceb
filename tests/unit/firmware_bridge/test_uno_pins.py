import re
from pathlib import Path

import firmware_bridge
from firmware_bridge.plant import InputPin, OutputPin
from firmware_bridge.uno_pins import UNO_PINS, pin_number

PINS_H = Path(firmware_bridge.__file__).parent / "firmware" / "src" / "avr" / "pins.h"


def test_the_firmware_has_the_same_pins() -> None:
    rows = re.findall(r"#define PIN_(\w+) ([BCD]), (\d)$", PINS_H.read_text(), re.MULTILINE)
    in_c = {name.lower(): (port, int(bit)) for name, port, bit in rows}
    assert in_c == {pin.value: place for pin, place in UNO_PINS.items()}


def test_every_pin_has_a_place_of_its_own() -> None:
    assert set(UNO_PINS) == {*InputPin, *OutputPin}
    assert len({pin_number(pin) for pin in UNO_PINS}) == len(UNO_PINS)


def test_nothing_but_the_led_is_on_d13_and_nothing_on_the_serial_pins() -> None:
    places = {place: pin for pin, place in UNO_PINS.items()}
    assert places[("B", 5)] is OutputPin.STATUS_LED
    assert ("D", 0) not in places
    assert ("D", 1) not in places
