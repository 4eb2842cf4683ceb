"""The electrical side of a board: edges in, pins out."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol


class InputPin(enum.Enum):
    """A pin that the machine drives and the board reads."""

    ENCODER_A = "encoder_a"
    """Quadrature with `ENCODER_B`: forward is A rising before B, and each edge is one tick."""
    ENCODER_B = "encoder_b"
    ESTOP = "estop"
    """Normally closed: low while the chain is closed, high (pull-up) when pressed or cut."""
    ENTRY_BEAM = "entry_beam"
    """High while interrupted (pull-up), so that a cut wire reads as a blocked beam."""
    PASSED_BEAM = "passed_beam"
    """Like `ENTRY_BEAM`."""
    BUTTON = "button"
    """Start and reset: low while pressed (pull-up)."""
    AUX = "aux"
    """The configurable input: high (pull-up) while a bin is full, a cover open, a jam seen."""


IDLE_LEVELS: dict[InputPin, bool] = {
    InputPin.ENCODER_A: False,
    InputPin.ENCODER_B: False,
    InputPin.ESTOP: False,
    InputPin.ENTRY_BEAM: False,
    InputPin.PASSED_BEAM: False,
    InputPin.BUTTON: True,
    InputPin.AUX: False,
}
"""A machine at rest: beams free, chain and cover closed, nothing pressed."""


class OutputPin(enum.Enum):
    """A pin that the board drives and the machine obeys. High is active."""

    OUTLET_0 = "outlet_0"
    OUTLET_1 = "outlet_1"
    OUTLET_2 = "outlet_2"
    OUTLET_3 = "outlet_3"
    OUTLET_4 = "outlet_4"
    OUTLET_5 = "outlet_5"
    OUTLET_6 = "outlet_6"
    OUTLET_7 = "outlet_7"
    BELT = "belt"
    STACK_LIGHT = "stack_light"
    STATUS_LED = "status_led"


OUTLET_PINS: tuple[OutputPin, ...] = tuple(OutputPin(f"outlet_{k}") for k in range(8))
"""Outlet pins by channel number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinEdge:
    """An output pin changed its level."""

    at_us: int
    """Plant time of the change, in microseconds since the board was powered."""
    pin: OutputPin
    level: bool


class Plant(Protocol):
    """What a belt model needs of a simulated board.

    The belt model owns the time: it drives inputs at the present instant and lets the board run up
    to a later one. Nothing happens between two calls.
    """

    @property
    def now_us(self) -> int:
        """Plant time in microseconds since the board was powered."""
        ...

    def drive(self, pin: InputPin, level: bool) -> None:
        """Set an input pin now. Setting a pin to the level that it has is no edge."""
        ...

    def advance(self, until_us: int) -> list[PinEdge]:
        """Run the board up to `until_us` and return the output edges since the last call, in order.

        Raises:
            ValueError: `until_us` lies in the past.
        """
        ...


_QUADRATURE = ((False, False), (True, False), (True, True), (False, True))


def encoder_levels(tick: int) -> tuple[bool, bool]:
    """Levels of the encoder's pins A and B while the belt is at a tick."""
    return _QUADRATURE[tick % len(_QUADRATURE)]


def show_tick(plant: Plant, tick: int) -> None:
    """Set the encoder's pins to their levels at a tick; from one tick to the next one pin moves."""
    a, b = encoder_levels(tick)
    plant.drive(InputPin.ENCODER_A, a)
    plant.drive(InputPin.ENCODER_B, b)
