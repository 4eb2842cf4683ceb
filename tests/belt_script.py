"""A belt that does what belts do on a bad day."""

from __future__ import annotations


def belt_script(*, stop_at_mm: float, step_mm: float) -> list[float]:
    """Run, stop, go back by 100 mm, stop, go on at a third of the speed, then at full speed."""
    way = [k * step_mm for k in range(int(stop_at_mm / step_mm))]
    way += [way[-1]] * 10
    way += [way[-1] - k * step_mm / 2 for k in range(1, int(200 / step_mm) + 1)]
    way += [way[-1]] * 10
    way += [way[-1] + k * step_mm / 3 for k in range(1, int(900 / step_mm))]
    while way[-1] < 2200:
        way.append(way[-1] + step_mm)
    return way
