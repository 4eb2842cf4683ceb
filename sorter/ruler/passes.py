"""One length measured several times over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sorter.ruler.calibration import CalibrationError
from sorter.ruler.student import student_t

FEWEST_TICKS = 100.0
"""A way is counted in whole ticks: over fewer than these one of them is a per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaged:
    """What some passes say together."""

    mean: float
    spread: float
    """Standard deviation of a single pass; 0 with one pass alone, which cannot tell."""
    error: float
    """Half the 95 % interval of the mean; 0 with one pass alone."""
    passes: int


def averaged(values: Sequence[float]) -> Averaged:
    """Join the passes.

    Raises:
        CalibrationError: there are none.
    """
    count = len(values)
    if count == 0:
        raise CalibrationError("not one pass was whole; try it again")
    spread = float(np.std(values, ddof=1)) if count > 1 else 0.0
    error = student_t(count - 1) * spread / count**0.5 if count > 1 else 0.0
    return Averaged(mean=float(np.mean(values)), spread=spread, error=error, passes=count)


def mm_per_tick(distance_mm: float, from_tick: float, to_tick: float) -> float:
    """Length of a tick, from a distance that the belt has run.

    Raises:
        CalibrationError: the ticks are too few, or went backwards.
    """
    ticks = to_tick - from_tick
    if ticks < FEWEST_TICKS:
        raise CalibrationError(
            f"the belt ran {distance_mm:g} mm and the board counted {ticks:.0f} ticks, at least "
            f"{FEWEST_TICKS:.0f} are needed; take a longer way, and where they count backwards "
            f"swap the encoder's two wires"
        )
    return distance_mm / ticks
