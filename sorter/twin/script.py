"""What happens to the belt during a run: stops, slow stretches, reversals, slip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from sorter.errors import SorterError

SLOW_SHARE = 1 / 3
"""Speed of a slowed belt, and of one that runs back, by the belt's own."""
ACCELERATION_MM_PER_S2 = 1500.0
SLIP_SHARE = 0.2
"""Share of its drive's way by which a slipping belt stays behind."""
LOOK_S, PRESS_S = 0.5, 0.2
"""From the release of the emergency stop to the start button and from its first press to its
second one, and how long it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The operator stops the belt and starts it again."""

    at_s: float
    for_s: float

    def lasts_s(self, speed_mm_per_s: float) -> float:
        """Until the belt is wanted again."""
        return self.for_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """The drive runs at a share of its speed."""

    at_s: float
    for_s: float
    share: float = SLOW_SHARE

    def lasts_s(self, speed_mm_per_s: float) -> float:
        """Until it speeds up again."""
        return self.for_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """The drive stops, runs back and goes on."""

    at_s: float
    mm: float
    """Way back from where it came to stand."""

    def lasts_s(self, speed_mm_per_s: float) -> float:
        """Until it runs forward at full speed, of a belt of this speed."""
        back_mm_per_s = SLOW_SHARE * speed_mm_per_s
        ramps_s = 2 * (speed_mm_per_s + back_mm_per_s) / ACCELERATION_MM_PER_S2
        return ramps_s + self.mm / back_mm_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """The belt stays behind its drive and the encoder on it."""

    at_s: float
    mm: float
    """How far it has fallen back when it is over."""

    def lasts_s(self, speed_mm_per_s: float) -> float:
        """Until it holds again, on a belt of this speed."""
        return self.mm / SLIP_SHARE / speed_mm_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Estop:
    """Somebody presses the emergency stop, lets go, and presses the start button twice.

    The first press clears the stop, the second one lets the belt run.
    """

    at_s: float
    for_s: float

    def lasts_s(self, speed_mm_per_s: float) -> float:
        """Until the button is released for the second time."""
        return self.for_s + 2 * LOOK_S + PRESS_S


Step = Stop | Slow | Reverse | Slip | Estop


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltScript:
    """Steps in order of time; `check` tells whether one is over before the next begins.

    Example:
        >>> BeltScript.parse("stop@3:2,reverse@8:100").steps[1]
        Reverse(at_s=8.0, mm=100.0)
    """

    steps: tuple[Step, ...] = ()

    @classmethod
    def parse(cls, text: str) -> BeltScript:
        """Read `stop@3:2` (at 3 s for 2 s), `slow`, `estop`, `reverse@3:100` (mm) and `slip@3:5`.

        Raises:
            SorterError: the text is something else.
        """
        steps: list[Step] = []
        for part in filter(None, text.split(",")):
            found = re.fullmatch(r"\s*(stop|slow|reverse|slip|estop)@([\d.]+):([\d.]+)\s*", part)
            try:
                assert found is not None
                at_s, much = float(found[2]), float(found[3])
            except (AssertionError, ValueError):
                raise SorterError(
                    f"'{part.strip()}' is no step of a belt script; write for example "
                    f"stop@3:2 (at 3 s for 2 s), slow@3:2, estop@3:2, reverse@3:100 (mm), slip@3:5"
                ) from None
            if found[1] == "stop":
                steps.append(Stop(at_s=at_s, for_s=much))
            elif found[1] == "slow":
                steps.append(Slow(at_s=at_s, for_s=much))
            elif found[1] == "estop":
                steps.append(Estop(at_s=at_s, for_s=much))
            elif found[1] == "reverse":
                steps.append(Reverse(at_s=at_s, mm=much))
            else:
                steps.append(Slip(at_s=at_s, mm=much))
        return cls(steps=tuple(sorted(steps, key=lambda step: step.at_s)))

    def check(self, speed_mm_per_s: float) -> None:
        """See that one step is over before the next begins, on a belt of this speed.

        Raises:
            SorterError: it is not.
        """
        for step, following in pairwise(self.steps):
            over_s = step.at_s + step.lasts_s(speed_mm_per_s)
            if following.at_s < over_s:
                name, next_name = (type(one).__name__.lower() for one in (step, following))
                raise SorterError(
                    f"--script: {next_name}@{following.at_s:g} begins before {name}@{step.at_s:g} "
                    f"is over at {over_s:.1f} s; let one step end before the next begins"
                )

    def check_begun(self, run_s: float) -> None:
        """See that a run was long enough for every step to begin.

        Raises:
            SorterError: it was not.
        """
        for step in self.steps:
            if step.at_s >= run_s:
                name = type(step).__name__.lower()
                raise SorterError(
                    f"--script: {name}@{step.at_s:g} never came, for the run was over after "
                    f"{run_s:.1f} s; let it come earlier, or take more --items"
                )

    def holds_belt(self, time_s: float) -> bool:
        """Whether somebody keeps the belt standing at a time and will let it run again."""
        return not self.wants_belt(time_s) or any(
            isinstance(step, Estop) and step.at_s <= time_s < step.at_s + step.lasts_s(0.0)
            for step in self.steps
        )

    def wants_belt(self, time_s: float) -> bool:
        """Whether the operator lets the belt run at a time."""
        return not any(
            isinstance(step, Stop) and step.at_s <= time_s < step.at_s + step.for_s
            for step in self.steps
        )

    def presses_estop(self, time_s: float) -> bool:
        """Whether the emergency stop is pressed at a time."""
        return any(
            isinstance(step, Estop) and step.at_s <= time_s < step.at_s + step.for_s
            for step in self.steps
        )

    def presses_start(self, time_s: float) -> bool:
        """Whether the start button is pressed at a time."""
        since_s = (
            time_s - (step.at_s + step.for_s) for step in self.steps if isinstance(step, Estop)
        )
        return any(
            press * LOOK_S <= after_s < press * LOOK_S + PRESS_S
            for after_s in since_s
            for press in (1, 2)
        )
