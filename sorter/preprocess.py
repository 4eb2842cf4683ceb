"""From a photo to the classifier's input: the only preprocessing there is, for both sides."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sorter.frame import Pixels

HALVED_FROM = 4
"""So many times smaller, and a photo is halved on the way."""


def resized(photo: Pixels, width: int, height: int) -> Pixels:
    """A photo at another size; by area where it gets smaller.

    OpenCV averages few pixels many times faster than areas with broken edges, so a large photo is
    halved first. Its edges change by a few levels by that, all else by about a rounding.
    """
    rows, columns = photo.shape[:2]
    if rows >= HALVED_FROM * height and columns >= HALVED_FROM * width:
        # The mean of four pixels; of an odd side, of what lies around each middle.
        half = cv2.resize(photo, (columns // 2, rows // 2), interpolation=cv2.INTER_LINEAR)
        photo = np.asarray(half, np.uint8)
    way = cv2.INTER_AREA if max(width, height) < max(photo.shape[:2]) else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(photo, (width, height), interpolation=way), np.uint8)


class Preprocess(BaseModel):
    """How a photo becomes an input; travels in the bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    size_px: int = Field(ge=16, le=512)
    """Side of the square input."""
    colour_order: Literal["RGB", "BGR"] = "RGB"
    pad_level: int = Field(default=114, ge=0, le=255)
    """Grey level of the bars that keep the aspect ratio."""
    mean: float = 0.0
    std: float = Field(default=255.0, gt=0)
    """The network sees `(level - mean) / std`."""
    window_mm: float | None = Field(default=None, gt=0)
    """Side of the square cut around each item on the belt, where size is part of the grade.

    None: the cut follows the item's own outline with `margin`, so size is not visible.
    """
    margin: float = Field(default=0.15, ge=0, le=1)

    def __call__(self, photo: Pixels) -> Pixels:
        """Letterbox a photo to the input size.

        Args:
            photo: height × width × 3, uint8, BGR.

        Returns:
            size_px × size_px × 3, uint8, in `colour_order`.
        """
        size = self.size_px
        height, width = photo.shape[:2]
        scale = size / max(height, width)
        inner_h = max(1, min(size, round(height * scale)))
        inner_w = max(1, min(size, round(width * scale)))
        if (inner_h, inner_w) != (height, width):
            photo = resized(photo, inner_w, inner_h)
        if (inner_h, inner_w) != (size, size):
            canvas = np.full((size, size, 3), self.pad_level, np.uint8)
            top, left = (size - inner_h) // 2, (size - inner_w) // 2
            canvas[top : top + inner_h, left : left + inner_w] = photo
            photo = canvas
        if self.colour_order == "RGB":
            photo = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
        return np.ascontiguousarray(photo)

    def quantized(self, scale: float, zero_point: int) -> NDArray[np.int8]:
        """The int8 input value of each of the 256 grey levels, for an int8 model's input scale."""
        real = (np.arange(256, dtype=np.float64) - self.mean) / self.std
        levels: NDArray[np.int8] = np.clip(np.rint(real / scale) + zero_point, -128, 127).astype(
            np.int8
        )
        return levels
