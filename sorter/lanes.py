"""Where the lanes lie across the belt."""

from __future__ import annotations

import numpy as np

from sorter.config import SorterConfig
from sorter.errors import SorterError
from sorter.ruler.ruler import Ruler


def lane_edges_mm(config: SorterConfig, ruler: Ruler) -> list[float]:
    """Where each lane ends and the next begins, from the upper edge of the image.

    As the config says; otherwise all lanes share what the camera sees of the belt.

    Raises:
        SorterError: an edge lies outside the camera's view.
    """
    along_px, across_px = config.camera.field_px
    middle_px = (along_px - 1) / 2
    ends_px = np.array([[middle_px, -0.5], [middle_px, across_px - 0.5]], np.float32)
    upper_mm, lower_mm = ruler.belt_mm(ends_px)[:, 1].tolist()
    given = config.belt.lane_edges_mm
    if given is not None:
        if given and given[-1] >= lower_mm:
            raise SorterError(
                f"belt.lane_edges_mm has {given[-1]:g}, but the camera sees "
                f"{lower_mm - upper_mm:.0f} mm across the belt; give the edges in millimetres "
                f"from the image's upper edge"
            )
        return given
    edges = np.linspace(upper_mm, lower_mm, config.lanes + 1)[1:-1]
    return [float(edge) for edge in edges]
