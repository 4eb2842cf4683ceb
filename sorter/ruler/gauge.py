"""The gauge audit of fruit sizers: standard bodies pass many times, and the readings are judged.

Offset says how far a size reads wrong on average, sharpness how much one body's readings spread:
the two numbers by which sizers are accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sorter.ruler.calibration import CalibrationError
from sorter.ruler.student import student_t

FEWEST_PASSES = 5
"""A spread of fewer readings is a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One reading of a standard body."""

    lane: int
    measured_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All passes of one body in one lane."""

    body_mm: float
    lane: int
    passes: int
    offset_mm: float
    """Mean of the readings less the true size."""
    offset_error_mm: float
    """Half the 95 % interval of the offset."""
    sharpness_mm: float
    """Standard deviation of the readings."""


def audit(bodies_mm: Sequence[float], passes: Sequence[Pass]) -> list[Reading]:
    """Judge the passes; each belongs to the body whose size is nearest to its reading.

    Args:
        bodies_mm: true sizes of the standard bodies, all different.
        passes: of all of them, in any order.

    Returns:
        By body and lane, in order.

    Raises:
        CalibrationError: no bodies, two alike, or one that passed too rarely.
    """
    if not bodies_mm or min(bodies_mm) <= 0 or len(set(bodies_mm)) < len(bodies_mm):
        raise CalibrationError("give the sizes of the standard bodies, each once, in millimetres")
    sizes = np.array(sorted(bodies_mm))
    measured = np.array([one.measured_mm for one in passes])
    lanes = np.array([one.lane for one in passes], int)
    nearest = np.abs(measured[:, None] - sizes).argmin(axis=1) if len(passes) else np.array([], int)
    readings = []
    for number, size in enumerate(sizes.tolist()):
        own = nearest == number
        for lane in sorted(set(lanes[own].tolist())) or [0]:
            values = measured[own & (lanes == lane)]
            if len(values) < FEWEST_PASSES:
                raise CalibrationError(
                    f"the body of {size:g} mm passed {len(values)} times in lane {lane}, and "
                    f"{FEWEST_PASSES} are needed at the least; let it pass more often"
                )
            spread = float(values.std(ddof=1))
            readings.append(
                Reading(
                    body_mm=size,
                    lane=lane,
                    passes=len(values),
                    offset_mm=float(values.mean() - size),
                    offset_error_mm=student_t(len(values) - 1)
                    * spread
                    / float(np.sqrt(len(values))),
                    sharpness_mm=spread,
                )
            )
    return readings
