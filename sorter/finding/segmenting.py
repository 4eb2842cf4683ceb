"""Items as everything that does not look like belt."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.config import BeltConfig, CameraConfig
from sorter.errors import SorterError
from sorter.finding.background import Background
from sorter.finding.cutout import cut
from sorter.frame import Frame, Pixels
from sorter.item import Sighting, Span
from sorter.preprocess import Preprocess
from sorter.ruler.ruler import Ruler

SHRINK = 2
"""Items are found on an image of half the size: a tenth of the time, a few tenths of a mm lost."""
CONTRAST = 24
"""Grey levels by which an item differs from the belt; well above sensor noise (about 3)."""
LARGEST_PHOTO_PX = 8192
"""Side of a photo; a larger one comes of a wrong scale or a wrong bundle and fills the memory."""
SMALLEST_MM2 = 150.0
"""A disc of 14 mm; anything smaller is dirt."""


class SegmentingFinder:
    """Segments the items of one camera by their difference to the empty belt."""

    blind = False

    def __init__(
        self, camera: CameraConfig, belt: BeltConfig, preprocess: Preprocess, ruler: Ruler
    ) -> None:
        """Take the geometry and the way the classifier wants its photos.

        Args:
            camera: scale and reference line.
            belt: the length of a tick.
            preprocess: `window_mm` and `margin` of the photo.
            ruler: says where pixels lie on the belt.

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
        self._mm_per_px = camera.mm_per_px
        self._ruler = ruler
        self._mm_per_tick = belt.mm_per_tick
        self._preprocess = preprocess
        self._background = Background()

    def find(self, frame: Frame) -> list[Sighting]:
        """See `Finder.find`."""
        height, width = frame.pixels.shape[:2]
        small = np.asarray(
            cv2.resize(
                frame.pixels,
                (max(1, width // SHRINK), max(1, height // SHRINK)),
                interpolation=cv2.INTER_AREA,
            ),
            np.uint8,
        )
        mask = self._covered(small)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        mm_per_small_px = self._mm_per_px * width / small.shape[1]
        found = [
            label
            for label in range(1, count)
            if stats[label, cv2.CC_STAT_AREA] * mm_per_small_px**2 >= SMALLEST_MM2
        ]
        self._background.learn(small, cv2.dilate(mask, np.ones((9, 9), np.uint8)))
        found.sort(key=lambda label: int(stats[label, cv2.CC_STAT_LEFT]))
        return [self._sighting(frame, labels, label, stats[label]) for label in found]

    def _covered(self, small: Pixels) -> NDArray[np.uint8]:
        difference = self._background.difference(small)
        _, mask = cv2.threshold(difference, CONTRAST, 255, cv2.THRESH_BINARY)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        return np.asarray(
            cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8
        )

    def _sighting(
        self,
        frame: Frame,
        labels: NDArray[np.int32],
        label: int,
        stats: NDArray[np.int32],
    ) -> Sighting:
        left, top, box_w, box_h = (int(value) for value in stats[:4])
        rows, columns = labels.shape
        body = (labels[top : top + box_h, left : left + box_w] == label).astype(np.uint8)
        contours, _ = cv2.findContours(body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        contour = max(contours, key=len)[:, 0].astype(np.float32) + (left, top)
        scale = np.float32(frame.pixels.shape[1] / columns)
        outline_px = np.asarray((contour + 0.5) * scale - 0.5, np.float32)
        corners_px = np.array([[left, top], [left + box_w, top + box_h]], np.float32) * scale - 0.5
        corners_mm = self._ruler.belt_mm(corners_px.astype(np.float32))
        (behind_mm, upper_mm), (ahead_mm, lower_mm) = corners_mm.tolist()
        belt_mm = frame.tick * self._mm_per_tick
        return Sighting(
            along=Span(low_mm=behind_mm - belt_mm, high_mm=ahead_mm - belt_mm),
            across=Span(low_mm=upper_mm, high_mm=lower_mm),
            from_reference_mm=(ahead_mm + behind_mm) / 2,
            outline_px=outline_px,
            complete=left > 0 and top > 0 and left + box_w < columns and top + box_h < rows,
            measurer=partial(self._ruler.measure, outline_px, frame.pixels),
            cutter=self._cutter(frame.pixels, labels, label, (left, top, box_w, box_h)),
        )

    def _cutter(
        self,
        pixels: Pixels,
        labels: NDArray[np.int32],
        label: int,
        box: tuple[int, int, int, int],
    ) -> Callable[[], Pixels]:
        scale = pixels.shape[1] / labels.shape[1]
        left, top, box_w, box_h = box
        if self._preprocess.window_mm is None:
            side_px = round(max(box_w, box_h) * scale * (1 + 2 * self._preprocess.margin))
        else:
            side_px = round(self._preprocess.window_mm / self._mm_per_px)
        return partial(
            _cut_item,
            pixels,
            labels,
            label,
            ((left + box_w / 2) * scale, (top + box_h / 2) * scale),
            side_px,
            self._background,
        )


def _cut_item(
    pixels: Pixels,
    labels: NDArray[np.int32],
    label: int,
    centre_px: tuple[float, float],
    side_px: int,
    background: Background,
) -> Pixels:
    others = np.where((labels != 0) & (labels != label), np.uint8(255), np.uint8(0))
    return cut(pixels, centre_px=centre_px, side_px=side_px, others=others, belt=background.pixels)
