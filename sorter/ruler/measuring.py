"""An item's measures with their uncertainty, whichever the camera's calibration is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.item import Measures
from sorter.ruler.body import Body
from sorter.ruler.colour import mean_lab

EDGE_SD_PX = 0.4
"""Standard error of where an outline lies, in pixels of the full frame: the outline is found on an
image of half the size, and soft shadows shift it."""


def with_uncertainty(
    body: Body,
    outline_px: NDArray[np.floating],
    pixels: Pixels,
    *,
    mm_per_px: float,
    scale_error: float,
) -> Measures:
    """Complete a body's measures.

    The edge counts once at either end of a length; for the bend at both ends of the chord, half
    each, and at its middle. The scale counts in proportion.

    Args:
        body: as measured.
        outline_px: n × 2, in the frame.
        pixels: the frame.
        mm_per_px: scale at the item.
        scale_error: standard uncertainty of the scale, as part of it.
    """
    edge_mm = EDGE_SD_PX * mm_per_px
    return Measures(
        length_mm=body.length_mm,
        width_mm=body.width_mm,
        bend_mm=body.bend_mm,
        area_mm2=body.area_mm2,
        volume_mm3=body.volume_mm3,
        lab=mean_lab(outline_px, pixels),
        length_sd_mm=float(np.hypot(np.sqrt(2) * edge_mm, scale_error * body.length_mm)),
        width_sd_mm=float(np.hypot(np.sqrt(2) * edge_mm, scale_error * body.width_mm)),
        bend_sd_mm=float(np.hypot(np.sqrt(1.5) * edge_mm, scale_error * body.bend_mm)),
    )
