"""A picture of one item that can be laid on the belt anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """An item with its shadow, seen from above under even light."""

    colour: Pixels
    """Height × width × 3: the item's own light, already weighted by its coverage."""
    passing: Pixels
    """Height × width × 3: share of the belt's light that is seen through it, 255 is all."""
    centre_px: tuple[int, int]
    """Column and row of the middle of the body's bounding box (shadow left out)."""
    along_mm: float
    """Extent of the body along the belt."""
    across_mm: float
    """Extent of the body across the belt."""

    def lay(self, scene: Pixels, column: int, row: int) -> None:
        """Draw it into a scene with its centre at a pixel; parts outside are left out."""
        height, width = self.colour.shape[:2]
        left, top = column - self.centre_px[0], row - self.centre_px[1]
        x0, x1 = max(0, left), min(scene.shape[1], left + width)
        y0, y1 = max(0, top), min(scene.shape[0], top + height)
        if x0 >= x1 or y0 >= y1:
            return
        ground = scene[y0:y1, x0:x1]
        part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        lit = cv2.multiply(ground, self.passing[part], scale=1 / 255)
        scene[y0:y1, x0:x1] = cv2.add(lit, self.colour[part])


def assemble(
    colour: NDArray[np.float32],
    body: NDArray[np.float32],
    shadow: NDArray[np.float32],
    mm_per_px: float,
) -> Sprite:
    """Make a sprite of a drawing.

    Args:
        colour: height × width × 3, reflectance 0 … 1, weighted by `body`.
        body: coverage 0 … 1.
        shadow: darkness that it throws on the belt, 0 … 1.
        mm_per_px: scale of the drawing.
    """
    columns = np.flatnonzero(body.max(axis=0) >= 0.5)
    rows = np.flatnonzero(body.max(axis=1) >= 0.5)
    passing = (1 - body) * (1 - shadow) * 255
    return Sprite(
        colour=np.clip(colour * 255, 0, 255).astype(np.uint8),
        passing=np.repeat(np.rint(passing).astype(np.uint8)[:, :, None], 3, axis=2),
        centre_px=(
            int(columns[0] + columns[-1] + 1) // 2,
            int(rows[0] + rows[-1] + 1) // 2,
        ),
        along_mm=float(columns[-1] - columns[0] + 1) * mm_per_px,
        across_mm=float(rows[-1] - rows[0] + 1) * mm_per_px,
    )
