"""A belt drive that ramps up and down."""

from __future__ import annotations

import math


class Motion:
    """Where the belt is at any time, with a constant acceleration towards the ordered speed."""

    def __init__(self, *, acceleration_mm_per_s2: float) -> None:
        self._acceleration = acceleration_mm_per_s2
        self._since_us = 0
        self._start_mm = 0.0
        self._start_speed = 0.0
        self._ordered_speed = 0.0

    def order(self, speed_mm_per_s: float, now_us: int) -> None:
        """Aim at a speed (0 or forward) from now on."""
        position_mm, speed = self.position_mm(now_us), self.speed_mm_per_s(now_us)
        self._start_mm, self._start_speed = position_mm, speed
        self._since_us = now_us
        self._ordered_speed = speed_mm_per_s

    def speed_mm_per_s(self, now_us: int) -> float:
        """Speed at a time since the last order."""
        passed_s = min((now_us - self._since_us) / 1e6, self._ramp_s)
        return self._start_speed + self._slope * passed_s

    def position_mm(self, now_us: int) -> float:
        """Travel at a time since the last order."""
        passed_s = (now_us - self._since_us) / 1e6
        ramp_s = min(passed_s, self._ramp_s)
        ramped_mm = self._start_speed * ramp_s + self._slope * ramp_s**2 / 2
        return self._start_mm + ramped_mm + self._ordered_speed * (passed_s - ramp_s)

    def reaches_us(self, position_mm: float) -> int | None:
        """First whole microsecond at which the travel is at least `position_mm`; None if never."""
        way_mm = position_mm - self._start_mm
        if way_mm <= 0:
            return self._since_us
        ramp_mm = (self._start_speed + self._ordered_speed) / 2 * self._ramp_s
        if way_mm <= ramp_mm:
            # The root of v t + a t²/2 = way in the form that survives a = 0.
            root = math.sqrt(max(0.0, self._start_speed**2 + 2 * self._slope * way_mm))
            passed_s = 2 * way_mm / (self._start_speed + root)
        elif self._ordered_speed > 0:
            passed_s = self._ramp_s + (way_mm - ramp_mm) / self._ordered_speed
        else:
            return None
        return self._since_us + math.ceil(passed_s * 1e6)

    @property
    def _ramp_s(self) -> float:
        return abs(self._ordered_speed - self._start_speed) / self._acceleration

    @property
    def _slope(self) -> float:
        return math.copysign(self._acceleration, self._ordered_speed - self._start_speed)
