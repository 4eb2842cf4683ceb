"""How large a part of the frame the classifier wants to see."""

from __future__ import annotations

from sorter.config import CameraConfig
from sorter.errors import SorterError
from sorter.preprocess import Preprocess

LARGEST_PHOTO_PX = 8192
"""Side of a photo; a larger one comes of a wrong scale or a wrong bundle and fills the memory."""


class PhotoWindow:
    """Size of the square that is cut around each item."""

    def __init__(self, camera: CameraConfig, preprocess: Preprocess) -> None:
        """Take `window_mm` and `margin` of the photo.

        Raises:
            SorterError: the photos would be absurdly large.
        """
        window_px = (preprocess.window_mm or 0.0) / camera.mm_per_px
        if window_px > LARGEST_PHOTO_PX:
            raise SorterError(
                f"the model wants photos of {preprocess.window_mm:g} mm, which at camera.mm_per_px "
                f"{camera.mm_per_px:g} have {window_px:.0f} pixels a side, more than "
                f"{LARGEST_PHOTO_PX}; mend camera.mm_per_px or train the model again"
            )
        self._fixed_px = None if preprocess.window_mm is None else round(window_px)
        self._margin = preprocess.margin

    def side_px(self, longer_px: float) -> int:
        """Side of the square for an item.

        Args:
            longer_px: the longer side of the item's upright box.
        """
        if self._fixed_px is not None:
            return max(1, self._fixed_px)
        return max(1, round(longer_px * (1 + 2 * self._margin)))
