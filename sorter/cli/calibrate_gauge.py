"""`sorter calibrate --gauge`: standard bodies that passed, read from the records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sorter.record_rows import ItemRecord
from sorter.ruler.calibration import CalibrationError
from sorter.ruler.gauge import Pass, Reading, audit
from sorter.verdict import Why

UNMEASURED = frozenset({Why.CUT_OFF, Why.DOUBLE, Why.VANISHED, Why.BLIND})
"""Whose outline is not that of one whole body. What the model makes of a gauge does not matter."""

FOREIGN_SHARE = 0.2
"""What reads so much longer or shorter than every body is none of them."""


def sizes_mm(text: str) -> list[float]:
    """The sizes in `100,150,200`.

    Raises:
        CalibrationError: they are none.
    """
    try:
        sizes = [float(size) for size in text.split(",")]
    except ValueError:
        sizes = [math.nan]
    if not all(map(math.isfinite, sizes)):
        raise CalibrationError(
            f"--gauge {text!r}: give the bodies' sizes in mm, as in --gauge 100,150,200"
        )
    return sizes


def gauge(items: Iterable[ItemRecord], bodies_mm: Sequence[float]) -> tuple[list[Reading], int]:
    """Judge the items of a lot as passes of standard bodies, by their length.

    Returns:
        Readings by size and lane; and how many items were left out: not whole, or no such body.

    Raises:
        CalibrationError: see `audit`.
    """
    passes, left_out = [], 0
    for item in items:
        nearest_mm = min(bodies_mm, key=lambda size: abs(size - item.length_mm), default=0.0)
        foreign = abs(item.length_mm - nearest_mm) > FOREIGN_SHARE * nearest_mm
        if item.reason in UNMEASURED or foreign:
            left_out += 1
        else:
            passes.append(Pass(lane=item.lane, measured_mm=item.length_mm))
    return audit(bodies_mm, passes), left_out


def told(readings: Sequence[Reading], left_out: int) -> dict[str, Any]:
    """Ready for JSON."""
    return {"readings": [asdict(reading) for reading in readings], "left_out": left_out}


def lines(readings: Sequence[Reading], left_out: int) -> list[str]:
    """For people."""
    text = [f"{'body':>10}  lane  passes  {'offset':>18}  sharpness"]
    text += [
        f"{one.body_mm:>7g} mm  {one.lane:>4}  {one.passes:>6}  "
        f"{one.offset_mm:+8.2f} ± {one.offset_error_mm:.2f} mm  {one.sharpness_mm:6.2f} mm"
        for one in readings
    ]
    if left_out:
        text.append(f"{left_out} items were left out: cut off, doubled, lost, or unlike every body")
    return text
