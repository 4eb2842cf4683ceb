"""A lens worked out once for all frames: from any part of the image to the belt, cheaply.

The rays are kept at the centres of square blocks of pixels and interpolated between them. With the
strongest lens that is of use the second derivative of the distortion is some 3e-4 px/px², so over a
block of 8 pixels the interpolation is off by 8² / 8 × 3e-4 = 0.0024 px.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.twin.optics import Optics

BLOCK_PX = 8
SUPERSAMPLE = 2
"""A flat picture is rendered this much finer and averaged down."""

Field = NDArray[np.float32]


class Patch:
    """A rectangle of whole blocks of the image, with a margin of one block around it."""

    __slots__ = ("_lens", "blocks", "height", "left", "rows", "slopes", "top", "width")

    def __init__(self, lens: LensMap, left: int, top: int, right: int, bottom: int) -> None:
        """Cover the pixels `left` … `right` by `top` … `bottom`, grown to whole blocks."""
        x0, y0 = left // BLOCK_PX, top // BLOCK_PX
        x1, y1 = -(-right // BLOCK_PX), -(-bottom // BLOCK_PX)
        self.left, self.top = x0 * BLOCK_PX, y0 * BLOCK_PX
        self.width = min(lens.optics.width, x1 * BLOCK_PX) - self.left
        self.height = min(lens.optics.height, y1 * BLOCK_PX) - self.top
        self.blocks = (y1 - y0, x1 - x0)
        self.slopes = lens.slopes[y0 : y1 + 2, x0 : x1 + 2]
        """(blocks + 2) × (blocks + 2) × 2."""
        self.rows = lens.rows[y0 : y1 + 2]
        """Image row of each line of `slopes`."""
        self._lens = lens

    def fine(self, coarse: Field) -> Field:
        """Interpolate a value that is known at the block centres to every pixel of the patch."""
        size = ((self.blocks[1] + 2) * BLOCK_PX, (self.blocks[0] + 2) * BLOCK_PX)
        full = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(
            full[BLOCK_PX : BLOCK_PX + self.height, BLOCK_PX : BLOCK_PX + self.width], np.float32
        )


class LensMap:
    """Rays of one camera."""

    def __init__(self, optics: Optics) -> None:
        self.optics = optics
        columns = -(-optics.width // BLOCK_PX) + 2
        rows = -(-optics.height // BLOCK_PX) + 2
        x = (np.arange(columns) - 0.5) * BLOCK_PX - 0.5
        y = (np.arange(rows) - 0.5) * BLOCK_PX - 0.5
        points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        self.slopes: Field = optics.slopes(points).reshape(rows, columns, 2).astype(np.float32)
        self.rows: Field = y.astype(np.float32)
        self.whole = Patch(self, 0, 0, optics.width, optics.height)

    def patch(self, left: float, top: float, right: float, bottom: float) -> Patch | None:
        """The part of the image that holds a rectangle; None where they are apart."""
        x0, y0 = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
        x1 = min(self.optics.width, int(np.ceil(right)) + 1)
        y1 = min(self.optics.height, int(np.ceil(bottom)) + 1)
        return Patch(self, x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def belt(self, patch: Patch, height_mm: float = 0.0, speed_mm_per_s: float = 0.0) -> Field:
        """Belt point of each block centre on the plane at a height, coarse, × 2.

        A running belt has moved on, or not yet come, by the time that a row is read: what a ray
        meets there lies that much further up or down the belt than when the middle row is read.
        """
        way = self.optics.height_mm - height_mm
        points: Field = patch.slopes * np.float32(way) + np.asarray(self.optics.over_mm, np.float32)
        if speed_mm_per_s and self.optics.readout_s:
            delay = self.optics.row_delay_s(patch.rows.astype(np.float64))
            points[:, :, 0] -= (speed_mm_per_s * delay).astype(np.float32)[:, None]
        return points


def render_flat(
    optics: Optics,
    picture: Pixels,
    *,
    mm_per_px: float,
    along_mm: float = 0.0,
    across_mm: float = 0.0,
    turn_deg: float = 0.0,
    height_mm: float = 0.0,
    speed_mm_per_s: float = 0.0,
    ground: tuple[int, int, int] = (190, 190, 190),
) -> Pixels:
    """What the camera sees of a flat picture that lies on the belt: a ruler mat, a ChArUco board.

    Args:
        optics: the camera.
        picture: height × width × 3 or height × width, uint8.
        mm_per_px: its scale.
        along_mm: where its middle lies, from the reference line.
        across_mm: likewise across.
        turn_deg: how it is turned about its middle, clockwise in the image.
        height_mm: of its surface over the belt.
        speed_mm_per_s: of the belt that carries it, which a rolling shutter shears.
        ground: blue, green, red of the belt around it.

    Returns:
        height × width × 3, uint8, BGR.

    Example:
        >>> from sorter.config import CameraConfig
        >>> optics = Optics.over(CameraConfig(width=640, height=480, mm_per_px=0.5))
        >>> board = np.zeros((100, 100, 3), np.uint8)
        >>> render_flat(optics, board, mm_per_px=1.0, across_mm=120).shape
        (480, 640, 3)
    """
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    scale_px = optics.height_mm / optics.focal_px / SUPERSAMPLE
    shrink = min(1.0, mm_per_px / scale_px)
    if shrink < 1:
        size = (round(picture.shape[1] * shrink), round(picture.shape[0] * shrink))
        source = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        source = picture
    lens = LensMap(optics)
    belt = lens.belt(lens.whole, height_mm, speed_mm_per_s)
    away = belt - np.array([along_mm, across_mm], np.float32)
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    x = away[:, :, 0] * cos + away[:, :, 1] * sin
    y = away[:, :, 1] * cos - away[:, :, 0] * sin
    used = np.array(source.shape[1::-1])
    scale = used / (np.array(picture.shape[1::-1]) * mm_per_px)
    at = np.dstack([x, y]) * scale + (used - 1) / 2
    seen = cv2.remap(
        source,
        _finer(lens.whole, at.astype(np.float32)),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=ground,
    )
    size = (optics.width, optics.height)
    return np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), np.uint8)


def _finer(patch: Patch, coarse: Field) -> Field:
    block = BLOCK_PX * SUPERSAMPLE
    size = (coarse.shape[1] * block, coarse.shape[0] * block)
    full = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(
        full[block : block + patch.height * SUPERSAMPLE, block : block + patch.width * SUPERSAMPLE],
        np.float32,
    )
