"""Which pin of the ATmega328P is what: the Python side of `firmware/src/avr/pins.h`."""

from __future__ import annotations

from firmware_bridge.plant import InputPin, OutputPin

PORTS = "BCD"

UNO_PINS: dict[InputPin | OutputPin, tuple[str, int]] = {
    InputPin.ENCODER_A: ("D", 2),
    InputPin.ENCODER_B: ("D", 3),
    OutputPin.OUTLET_0: ("D", 4),
    OutputPin.OUTLET_1: ("D", 5),
    OutputPin.OUTLET_2: ("D", 6),
    OutputPin.OUTLET_3: ("D", 7),
    OutputPin.OUTLET_4: ("C", 0),
    OutputPin.OUTLET_5: ("C", 1),
    OutputPin.OUTLET_6: ("C", 2),
    OutputPin.OUTLET_7: ("C", 3),
    InputPin.ENTRY_BEAM: ("B", 0),
    OutputPin.STACK_LIGHT: ("B", 1),
    OutputPin.BELT: ("B", 2),
    InputPin.PASSED_BEAM: ("B", 3),
    InputPin.BUTTON: ("B", 4),
    OutputPin.STATUS_LED: ("B", 5),
    InputPin.ESTOP: ("C", 4),
    InputPin.AUX: ("C", 5),
}
"""Port letter and bit by pin."""


def pin_number(pin: InputPin | OutputPin) -> int:
    """Bits counted through the ports B, C, D: 0 … 23."""
    port, bit = UNO_PINS[pin]
    return PORTS.index(port) * 8 + bit
