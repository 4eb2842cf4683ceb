"""The belt around a board: turns the encoder, obeys the pins, drops fruit into bins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin, PinEdge, Plant, show_tick
from sorter.twin.drive import Drive
from sorter.twin.ejector import Ejector
from sorter.twin.machine import Machine
from sorter.twin.placed import Laid, Produce
from sorter.twin.script import BeltScript

LONGEST_STEP_US = 1_000
"""A standing belt makes no ticks, yet the board may order it to run at any time."""
TAKE_ON_MM = 1000.0
"""Fruit is laid on this far before the reference line, well out of the camera's sight."""
BACKLASH_MM = 0.01
"""An encoder's edges lie this much further back when the belt runs back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A fruit left the belt."""

    produce: Produce
    bin: str
    at_us: int


class Belt:
    """Steps a board from encoder edge to encoder edge and watches its outlets."""

    def __init__(
        self,
        machine: Machine,
        load: Iterator[Laid],
        plant: Plant,
        script: BeltScript | None = None,
    ) -> None:
        """Put the load in front of a standing belt.

        Args:
            machine: where things really are.
            load: in belt order, first come first; taken as the belt needs it.
            plant: the board's electrical side, powered and not yet advanced.
            script: what happens to the belt.
        """
        self.machine = machine
        self._load = load
        self._plant = plant
        self._script = script or BeltScript()
        self._drive = Drive(machine.speed_mm_per_s, self._script)
        self._ejectors = {
            OUTLET_PINS[outlet.channel]: Ejector(outlet) for outlet in machine.outlets
        }
        self._swept_mm = 0.0
        self._all_loaded = False
        self._shaded = False
        self.on_belt: list[Laid] = []
        """What is in sight or on its way to a bin, first come first."""
        self.ticks = 0
        """Where the encoder is."""
        self.falls: list[Fall] = []
        """In order of time."""
        self._pressed: tuple[bool, bool] | None = None
        self._touch(0.0)
        self._take_on()

    @property
    def now_us(self) -> int:
        """The plant's time."""
        return self._plant.now_us

    @property
    def travel_mm(self) -> float:
        """How far the belt has run."""
        return self._drive.travel_mm(self._plant.now_us)

    @property
    def encoder_mm(self) -> float:
        """How far the drive has run, which the encoder counts."""
        return self._drive.motion.position_mm(self._plant.now_us)

    @property
    def speed_mm_per_s(self) -> float:
        """Of the drive; negative when it runs back."""
        return self._drive.motion.speed_mm_per_s(self._plant.now_us)

    def at_mm(self, tick: float) -> float:
        """How far the belt itself has run when the encoder is at a tick."""
        return self._drive.belt_mm(tick * self.machine.mm_per_tick)

    def remaining(self) -> list[Laid]:
        """What has not fallen, whether it lies on the belt or was never laid on; ends the load."""
        self._all_loaded = True
        return [*self.on_belt, *self._load]

    def run(self, until_us: int) -> None:
        """Let belt and board run up to a time."""
        while (now_us := self._plant.now_us) < until_us:
            self._drive.follow_script(now_us)
            self._touch(now_us / 1e6)
            step_us = min(until_us, now_us + LONGEST_STEP_US)
            for due_us in (*self._edges_us(now_us), *self._ejectors_us()):
                if due_us is not None:
                    step_us = min(step_us, due_us)
            step_us = max(step_us, now_us)
            for edge in self._plant.advance(step_us):
                self._obey(edge)
            for ejector in self._ejectors.values():
                due = ejector.next_us()
                if due is not None and due <= step_us:
                    self._sweep(step_us)
                    ejector.follow(step_us)
            self._sweep(step_us)
            self._shade_beam()
            self._turn_encoder()
            self._take_on()

    def _touch(self, now_s: float) -> None:
        """What people press: the chain of the emergency stop is high when open, the button low."""
        # On changes alone: others may press them, too.
        pressed = self._script.presses_estop(now_s), self._script.presses_start(now_s)
        estop, start = pressed
        if self._pressed is None or estop != self._pressed[0]:
            self._plant.drive(InputPin.ESTOP, estop)
        if self._pressed is None or start != self._pressed[1]:
            self._plant.drive(InputPin.BUTTON, not start)
        self._pressed = pressed

    def _ejectors_us(self) -> list[int]:
        due = (ejector.next_us() for ejector in self._ejectors.values())
        return [max(at_us, self._plant.now_us + 1) for at_us in due if at_us is not None]

    def _edges_us(self, now_us: int) -> tuple[int | None, int | None]:
        """When the encoder's next edge forward and the next one back are due, if ever."""
        motion, pitch_mm = self._drive.motion, self.machine.mm_per_tick
        return (
            motion.reaches_us((self.ticks + 1) * pitch_mm, now_us),
            motion.falls_to_us(self.ticks * pitch_mm - BACKLASH_MM, now_us),
        )

    def _turn_encoder(self) -> None:
        # An order that came during the step may have slowed the belt: the tick is then not due yet.
        now_us = self._plant.now_us
        forward_us, back_us = self._edges_us(now_us)
        if forward_us is not None and forward_us <= now_us:
            self.ticks += 1
        elif back_us is not None and back_us <= now_us:
            self.ticks -= 1
        else:
            return
        show_tick(self._plant, self.ticks)

    def _obey(self, edge: PinEdge) -> None:
        self._sweep(edge.at_us)
        if edge.pin is OutputPin.BELT:
            self._drive.switch(edge.level, edge.at_us)
        elif edge.pin in self._ejectors:
            self._ejectors[edge.pin].switch(edge.level, edge.at_us)
            self._ejectors[edge.pin].follow(edge.at_us)

    def _sweep(self, at_us: int) -> None:
        """Let every fruit fall that has met an open outlet or the belt's end by now."""
        from_mm, to_mm = self._swept_mm, self._drive.travel_mm(at_us)
        self._swept_mm = to_mm
        for ejector in self._ejectors.values():
            if not ejector.open:
                continue
            for laid in self.on_belt[:]:
                if laid.produce.at_mm > max(from_mm, to_mm):
                    # It has not even come to the reference line, and outlets lie behind that.
                    break
                if ejector.pushes(laid, from_mm, to_mm, at_us):
                    self._fall(laid, ejector.outlet.name, at_us)
        while self.on_belt:
            first = self.on_belt[0]
            if first.produce.at_mm + self.machine.length_mm > to_mm:
                break
            self._fall(first, self.machine.end, at_us)

    def _shade_beam(self) -> None:
        machine = self.machine
        if machine.beam_mm is None:
            return
        here_mm = self._swept_mm - machine.beam_mm
        shaded = any(
            laid.produce.lane == machine.beam_lane
            and abs(laid.produce.at_mm - here_mm) <= laid.produce.along_mm / 2
            for laid in self.on_belt
        )
        if shaded != self._shaded:
            self._shaded = shaded
            self._plant.drive(InputPin.PASSED_BEAM, shaded)

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
