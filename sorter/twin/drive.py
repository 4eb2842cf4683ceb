"""The belt's motor under a script, and the belt that may slip on it."""

from __future__ import annotations

from sorter.twin.motion import Motion
from sorter.twin.script import (
    ACCELERATION_MM_PER_S2,
    SLIP_SHARE,
    SLOW_SHARE,
    BeltScript,
    Reverse,
    Slip,
    Slow,
)


class Drive:
    """The motor runs when the board lets it; the script says how fast and which way."""

    def __init__(self, speed_mm_per_s: float, script: BeltScript) -> None:
        self.motion = Motion(acceleration_mm_per_s2=ACCELERATION_MM_PER_S2)
        """Of the drive and its encoder."""
        self._speed = speed_mm_per_s
        self._on = False
        self._share = 1.0
        self._waiting = [step for step in script.steps if isinstance(step, Slow | Reverse | Slip)]
        self._slow_until_us: int | None = None
        self._back_to_mm: float | None = None
        self._slips: list[tuple[float, float]] = []

    def switch(self, on: bool, now_us: int) -> None:
        """The board's order."""
        self._on = on
        self._order(now_us)

    def follow_script(self, now_us: int) -> None:
        """Do what is due; call it at least every millisecond."""
        while self._waiting and self._waiting[0].at_s * 1e6 <= now_us:
            self._begin(now_us)
        if self._slow_until_us is not None and now_us >= self._slow_until_us:
            self._slow_until_us = None
            self._go_on(now_us)
        if self._back_to_mm is not None and self.motion.position_mm(now_us) <= self._back_to_mm:
            self._back_to_mm = None
            self._go_on(now_us)

    def travel_mm(self, now_us: int) -> float:
        """How far the belt itself has run."""
        return self.belt_mm(self.motion.position_mm(now_us))

    def belt_mm(self, drive_mm: float) -> float:
        """How far the belt has run by the way of its drive, which is what the encoder counts."""
        return drive_mm - sum(
            min(max(0.0, (drive_mm - start_mm) * SLIP_SHARE), most_mm)
            for start_mm, most_mm in self._slips
        )

    def _begin(self, now_us: int) -> None:
        step = self._waiting.pop(0)
        if isinstance(step, Slip):
            self._slips.append((self.motion.position_mm(now_us), step.mm))
        elif isinstance(step, Slow):
            self._share = step.share
            self._slow_until_us = now_us + round(step.for_s * 1e6)
            self._order(now_us)
        else:
            speed = self.motion.speed_mm_per_s(now_us)
            stands_at_mm = self.motion.position_mm(now_us) + speed**2 / 2 / ACCELERATION_MM_PER_S2
            back_speed = self._speed * SLOW_SHARE
            brake_mm = min(back_speed**2 / 2 / ACCELERATION_MM_PER_S2, step.mm / 2)
            self._share = -SLOW_SHARE
            self._back_to_mm = stands_at_mm - step.mm + brake_mm
            self._order(now_us)

    def _go_on(self, now_us: int) -> None:
        self._share = 1.0
        self._order(now_us)

    def _order(self, now_us: int) -> None:
        self.motion.order(self._speed * self._share if self._on else 0.0, now_us)
