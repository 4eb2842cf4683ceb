"""A picture of one item that can be laid on the belt anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What a lens has to know of a body: the outline of spheres swept along a middle line."""

    height_mm: float
    """Of the middle line over the belt: half the thickness."""
    aside_mm: NDArray[np.float32]
    """Rows × columns × 2: way from the middle line to each point, along and across the belt.

    Coarse: one entry for a square of `step_px` pixels of the sprite, at its middle."""
    step_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """An item with its shadow, seen from far above under even light."""

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
    mm_per_px: float
    relief: Relief
    coat: Pixels
    """Height × width × 4: `colour` and one channel of `passing`, to be warped at once."""

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
    relief: Relief,
) -> Sprite:
    """Make a sprite of a drawing.

    Args:
        colour: height × width × 3, reflectance 0 … 1, weighted by `body`.
        body: coverage 0 … 1.
        shadow: darkness that it throws on the belt, 0 … 1.
        mm_per_px: scale of the drawing.
        relief: of the body.
    """
    columns = np.flatnonzero(body.max(axis=0) >= 0.5)
    rows = np.flatnonzero(body.max(axis=1) >= 0.5)
    passing = np.rint((1 - body) * (1 - shadow) * 255).astype(np.uint8)
    own = np.clip(colour * 255, 0, 255).astype(np.uint8)
    return Sprite(
        colour=own,
        passing=np.repeat(passing[:, :, None], 3, axis=2),
        coat=np.asarray(cv2.merge([*cv2.split(own), passing]), np.uint8),
        centre_px=(
            int(columns[0] + columns[-1] + 1) // 2,
            int(rows[0] + rows[-1] + 1) // 2,
        ),
        along_mm=float(columns[-1] - columns[0] + 1) * mm_per_px,
        across_mm=float(rows[-1] - rows[0] + 1) * mm_per_px,
        mm_per_px=mm_per_px,
        relief=relief,
    )
