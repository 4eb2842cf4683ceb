"""A board and the plant around it in one object: the base of the virtual and the simavr board."""

from __future__ import annotations

import itertools

from firmware_bridge.linked_board import LinkedBoard
from firmware_bridge.plant import InputPin, PinEdge
from firmware_bridge.transport import Arrival
from firmware_bridge.wired_plant import WiredPlant


class PlantTransport:
    """The wire of a simulated board as a transport."""

    def __init__(self, plant: WiredPlant) -> None:
        self._plant = plant

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._plant.send(data)

    def read(self, now_s: float) -> list[Arrival]:
        """What has come in, stamped by its age on the plant's own time."""
        now_us = self._plant.now_us
        return [
            Arrival(data=frame.data, at_s=now_s - (now_us - frame.at_us) / 1e6)
            for frame in self._plant.take()
        ]

    def close(self) -> None:
        """Nothing to let go of."""


class SimulatedBoard(LinkedBoard):
    """`Board` and `Plant` at once. Bytes move on the plant's time; `now_s` may be any clock.

    Args:
        plant: the board and its wire.
        name: what the board is called in sentences for the user.
        virtual_ticks_per_s: as in `LinkedBoard`.
    """

    def __init__(self, plant: WiredPlant, *, name: str, virtual_ticks_per_s: float = 0.0) -> None:
        super().__init__(
            lambda: PlantTransport(plant),
            name=name,
            nonces=itertools.count(1).__next__,
            virtual_ticks_per_s=virtual_ticks_per_s,
        )
        self._plant = plant

    @property
    def now_us(self) -> int:
        """Plant time in microseconds since the board was powered."""
        return self._plant.now_us

    def drive(self, pin: InputPin, level: bool) -> None:
        """Set an input pin now."""
        self._plant.drive(pin, level)

    def advance(self, until_us: int) -> list[PinEdge]:
        """Run the board up to `until_us` and return the output edges since the last call.

        Raises:
            ValueError: `until_us` lies in the past.
        """
        return self._plant.advance(until_us)
