"""A board reduced to its pins: drives what a script says, notes what it is driven with."""

from __future__ import annotations

from firmware_bridge.plant import InputPin, OutputPin, PinEdge


class ScriptedPlant:
    """Output edges come at fixed times."""

    def __init__(self, *script: tuple[int, OutputPin, bool]) -> None:
        self._script = [PinEdge(at_us=at, pin=pin, level=level) for at, pin, level in script]
        self.now_us = 0
        self.levels: dict[InputPin, bool] = {}
        self.driven: list[tuple[int, InputPin, bool]] = []

    def drive(self, pin: InputPin, level: bool) -> None:
        if self.levels.get(pin, False) != level or pin not in self.levels:
            self.driven.append((self.now_us, pin, level))
        self.levels[pin] = level

    def advance(self, until_us: int) -> list[PinEdge]:
        assert until_us >= self.now_us
        due = [edge for edge in self._script if self.now_us < edge.at_us <= until_us]
        self.now_us = until_us
        return due
