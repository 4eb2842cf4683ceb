"""A belt drive that ramps up and down, forward and back."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """A ramp from one speed to another and the steady run after it; never changes direction."""

    since_us: int
    start_mm: float
    from_speed: float
    to_speed: float
    acceleration: float

    @property
    def ramp_s(self) -> float:
        return abs(self.to_speed - self.from_speed) / self.acceleration

    @property
    def slope(self) -> float:
        return math.copysign(self.acceleration, self.to_speed - self.from_speed)

    def speed(self, now_us: float) -> float:
        passed_s = min((now_us - self.since_us) / 1e6, self.ramp_s)
        return self.from_speed + self.slope * passed_s

    def position(self, now_us: float) -> float:
        passed_s = (now_us - self.since_us) / 1e6
        ramp_s = min(passed_s, self.ramp_s)
        ramped_mm = self.from_speed * ramp_s + self.slope * ramp_s**2 / 2
        return self.start_mm + ramped_mm + self.to_speed * (passed_s - ramp_s)

    def reaches_s(self, position_mm: float, direction: int) -> float | None:
        """Seconds until the position is reached in a direction (1 forward, -1 back), if ever."""
        if (self.from_speed + self.to_speed) * direction <= 0:
            return None
        way_mm = (position_mm - self.start_mm) * direction
        if way_mm <= 0:
            return 0.0
        first, last = self.from_speed * direction, self.to_speed * direction
        ramp_mm = (first + last) / 2 * self.ramp_s
        if way_mm <= ramp_mm:
            # The root of v t + a t²/2 = way in the form that survives a = 0.
            root = math.sqrt(max(0.0, first**2 + 2 * self.slope * direction * way_mm))
            return 2 * way_mm / (first + root)
        if last > 0:
            return self.ramp_s + (way_mm - ramp_mm) / last
        return None


class Motion:
    """Where the belt is at any time, with a constant acceleration towards the ordered speed."""

    def __init__(self, *, acceleration_mm_per_s2: float) -> None:
        self._acceleration = acceleration_mm_per_s2
        self._legs = [self._leg(0, 0.0, 0.0, 0.0)]

    def order(self, speed_mm_per_s: float, now_us: int) -> None:
        """Aim at a speed from now on; a negative one runs the belt back."""
        position_mm, speed = self.position_mm(now_us), self.speed_mm_per_s(now_us)
        if speed * speed_mm_per_s >= 0:
            self._legs = [self._leg(now_us, position_mm, speed, speed_mm_per_s)]
            return
        halt = self._leg(now_us, position_mm, speed, 0.0)
        turn_us = now_us + math.ceil(halt.ramp_s * 1e6)
        self._legs = [halt, self._leg(turn_us, halt.position(turn_us), 0.0, speed_mm_per_s)]

    def speed_mm_per_s(self, now_us: int) -> float:
        """Speed at a time since the last order."""
        return self._at(now_us).speed(now_us)

    def position_mm(self, now_us: int) -> float:
        """Travel at a time since the last order."""
        return self._at(now_us).position(now_us)

    def reaches_us(self, position_mm: float, now_us: int | None = None) -> int | None:
        """First whole microsecond at which the travel is at least `position_mm`; None if never.

        Args:
            position_mm: not passed yet.
            now_us: present time; that of the last order unless given.
        """
        return self._passes_us(position_mm, 1, now_us)

    def falls_to_us(self, position_mm: float, now_us: int | None = None) -> int | None:
        """First whole microsecond at which the travel is at most `position_mm`; None if never."""
        return self._passes_us(position_mm, -1, now_us)

    def _passes_us(self, position_mm: float, direction: int, now_us: int | None) -> int | None:
        now_us = self._legs[0].since_us if now_us is None else now_us
        current = self._legs.index(self._at(now_us))
        for leg in self._legs[current:]:
            passed_s = leg.reaches_s(position_mm, direction)
            if passed_s is not None:
                return leg.since_us + math.ceil(passed_s * 1e6)
        return None

    def _at(self, now_us: int) -> _Leg:
        return next((leg for leg in reversed(self._legs) if leg.since_us <= now_us), self._legs[0])

    def _leg(self, since_us: int, start_mm: float, from_speed: float, to_speed: float) -> _Leg:
        return _Leg(
            since_us=since_us,
            start_mm=start_mm,
            from_speed=from_speed,
            to_speed=to_speed,
            acceleration=self._acceleration,
        )
