"""One camera frame and where the belt was when it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Height × width × 3, BGR, 0 … 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What a camera delivers: pixels and the time of their exposure."""

    pixels: Pixels
    time_s: float
    """Monotonic time of the middle of the exposure, in seconds."""
    index: int
    """Counts every frame that the camera took, delivered or skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A capture tied to the belt."""

    pixels: Pixels
    time_s: float
    tick: float
    """Belt position at `time_s`, in unwrapped encoder ticks."""
    index: int
    speed_mm_per_s: float = 0.0
    """Of the belt at `time_s`, negative while it runs back; the pipeline fills it in."""
