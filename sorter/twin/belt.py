"""The belt around a board: turns the encoder, obeys the pins, drops fruit into bins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin, PinEdge, Plant, show_tick
from sorter.twin.load import Laid, Produce
from sorter.twin.machine import Machine, TrueOutlet
from sorter.twin.motion import Motion

ACCELERATION_MM_PER_S2 = 1500.0
LONGEST_STEP_US = 1_000
"""A standing belt makes no ticks, yet the board may order it to run at any time."""
TAKE_ON_MM = 1000.0
"""Fruit is laid on this far before the reference line, well out of the camera's sight."""
"""Levels of A and B at the four ticks of a cycle; A leads while the belt runs forward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A fruit left the belt."""

    produce: Produce
    bin: str
    at_us: int


class Belt:
    """Steps a board from encoder edge to encoder edge and watches its outlets."""

    def __init__(self, machine: Machine, load: Iterator[Laid], plant: Plant) -> None:
        """Put the load in front of a standing belt.

        Args:
            machine: where things really are.
            load: in belt order, first come first; taken as the belt needs it.
            plant: the board's electrical side, powered and not yet advanced.
        """
        self.machine = machine
        self._load = load
        self._plant = plant
        self._motion = Motion(acceleration_mm_per_s2=ACCELERATION_MM_PER_S2)
        self._by_pin = {OUTLET_PINS[outlet.channel]: outlet for outlet in machine.outlets}
        self._open: dict[OutputPin, TrueOutlet] = {}
        self._swept_mm = 0.0
        self._all_loaded = False
        self.on_belt: list[Laid] = []
        """What is in sight or on its way to a bin, first come first."""
        self.ticks = 0
        """Encoder edges so far."""
        self.falls: list[Fall] = []
        """In order of time."""
        # Normally closed: low means that nobody presses it.
        plant.drive(InputPin.ESTOP, False)
        self._take_on()

    @property
    def now_us(self) -> int:
        """The plant's time."""
        return self._plant.now_us

    @property
    def travel_mm(self) -> float:
        """How far the belt has run."""
        return self._motion.position_mm(self._plant.now_us)

    def remaining(self) -> list[Laid]:
        """What has not fallen, whether it lies on the belt or was never laid on; ends the load."""
        self._all_loaded = True
        return [*self.on_belt, *self._load]

    def run(self, until_us: int) -> None:
        """Let belt and board run up to a time."""
        while self._plant.now_us < until_us:
            tick_us = self._motion.reaches_us((self.ticks + 1) * self.machine.mm_per_tick)
            step_us = min(until_us, self._plant.now_us + LONGEST_STEP_US)
            if tick_us is not None:
                step_us = min(step_us, tick_us)
            for edge in self._plant.advance(step_us):
                self._obey(edge)
            self._sweep(self._plant.now_us)
            self._turn_encoder()
            self._take_on()

    def _turn_encoder(self) -> None:
        # An order that came during the step may have slowed the belt: the tick is then not due yet.
        due_us = self._motion.reaches_us((self.ticks + 1) * self.machine.mm_per_tick)
        if due_us is None or due_us > self._plant.now_us:
            return
        self.ticks += 1
        show_tick(self._plant, self.ticks)

    def _obey(self, edge: PinEdge) -> None:
        self._sweep(edge.at_us)
        if edge.pin is OutputPin.BELT:
            self._motion.order(self.machine.speed_mm_per_s if edge.level else 0.0, edge.at_us)
        elif edge.pin in self._by_pin:
            if edge.level:
                self._open[edge.pin] = self._by_pin[edge.pin]
            else:
                self._open.pop(edge.pin, None)

    def _sweep(self, at_us: int) -> None:
        """Let every fruit fall that met an open outlet, or the belt's end, since the last sweep."""
        from_mm, to_mm = self._swept_mm, self._motion.position_mm(at_us)
        self._swept_mm = to_mm
        for outlet in self._open.values():
            for laid in self.on_belt[:]:
                item = laid.produce
                head_mm = item.at_mm + outlet.at_mm - item.along_mm / 2
                if head_mm > to_mm:
                    break
                if head_mm + item.along_mm >= from_mm:
                    self._fall(laid, outlet.name, at_us)
        while self.on_belt:
            first = self.on_belt[0]
            if first.produce.at_mm + self.machine.length_mm > to_mm:
                break
            self._fall(first, self.machine.end, at_us)

    def _fall(self, laid: Laid, bin_name: str, at_us: int) -> None:
        self.on_belt.remove(laid)
        self.falls.append(Fall(produce=laid.produce, bin=bin_name, at_us=at_us))

    def _take_on(self) -> None:
        while not self._all_loaded and (
            not self.on_belt or self.on_belt[-1].produce.at_mm < self._swept_mm + TAKE_ON_MM
        ):
            following = next(self._load, None)
            if following is None:
                self._all_loaded = True
            else:
                self.on_belt.append(following)
