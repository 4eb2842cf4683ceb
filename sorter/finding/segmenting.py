"""Items as everything that does not look like belt."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.config import BeltConfig, CameraConfig
from sorter.finding.background import ONE, Background
from sorter.finding.cutout import Box, cut
from sorter.finding.notches import thickness_px
from sorter.finding.outline import outlines_px, refine
from sorter.finding.photo_window import PhotoWindow
from sorter.finding.splitting import Part, looks_like_one, split
from sorter.frame import Frame, Pixels
from sorter.item import Measures, Sighting, Span
from sorter.preprocess import Preprocess
from sorter.ruler.ruler import Ruler

SHRINK = 2
"""Items are found on an image of half the size: a fraction of the time, little is lost."""
DARKEST_SHADOW = 0.6
"""Of the belt's brightness. What is as dark as that and of the belt's colour is shadow, or wet."""
BRIGHT = 0.2
"""By so much an item is brighter than a belt of its own colour; less may be a band of light, from a
lamp that flickers while the rows of the image are exposed one after the other."""
GLOSS = 0.5
"""Of an item's least difference in colour that is enough in a gap between parts of it: gloss pales
the colour of dark fruit until it is hardly another than the belt's."""
GLOSS_OF_COLOUR = 0.35
"""And of the fruit's colour beside it: at the edge of vivid fruit a pixel of belt with a little of
the fruit in it would have enough."""
SMALLEST_MM2 = 150.0
"""A disc of 14 mm; anything smaller is dirt."""
LARGEST_SHARE = 0.35
"""Of the image: no item, nor a heap of them, is so large, and none reaches from one end of the view
to the other. It is a change of the light that has yet to be understood."""
EDGE_PX = 3
"""An outline so close to the edge of the image may go on beyond it: the middle of a bent fruit that
enters tips first is only a line at first, and taken for noise."""
LIGHT_PX = 8
"""Distance of the pixels that tell the belt's light."""
BRUSH = np.ones((9, 9), np.uint8)
"""By this items are widened before the belt around them is learnt; gaps that are narrower may be
gloss."""

Plane = NDArray[np.uint8]
Floats = NDArray[np.float32]


class SegmentingFinder:
    """Segments the items of one camera by their ratio to the empty belt."""

    def __init__(
        self, camera: CameraConfig, belt: BeltConfig, preprocess: Preprocess, ruler: Ruler
    ) -> None:
        """Take the geometry and the way the classifier wants its photos.

        Args:
            camera: its nominal scale.
            belt: the length of a tick.
            preprocess: `window_mm` and `margin` of the photo.
            ruler: says where pixels lie on the belt.

        Raises:
            SorterError: the photos would be absurdly large.
        """
        self._window = PhotoWindow(camera, preprocess)
        self._smallest_px = SMALLEST_MM2 / (camera.mm_per_px * SHRINK) ** 2
        self._mm_per_px = camera.mm_per_px
        self._ruler = ruler
        self._mm_per_tick = belt.mm_per_tick
        self._background = Background()
        self._small: Pixels | None = None
        """The last frame at its half size. A new image for each would take half as long again."""
        self._tick: float | None = None
        self._giant = False
        self._blind = False

    @property
    def blind(self) -> bool:
        """See `Finder.blind`."""
        return self._blind

    @property
    def light(self) -> tuple[float, float, float] | None:
        """See `Finder.light`."""
        if self._blind or self._tick is None:
            return None
        some = slice(LIGHT_PX // 2, None, LIGHT_PX)
        belt = self._background.belt(some, some, self._background.gain)
        blue, green, red = belt.mean(axis=(0, 1)).tolist()
        return blue, green, red

    def find(self, frame: Frame) -> list[Sighting]:
        """See `Finder.find`."""
        height, width = frame.pixels.shape[:2]
        size = (max(1, width // SHRINK), max(1, height // SHRINK))
        small = self._small = np.asarray(
            cv2.resize(frame.pixels, size, self._small, interpolation=cv2.INTER_AREA), np.uint8
        )
        moved_mm = 0.0 if self._tick is None else (frame.tick - self._tick) * self._mm_per_tick
        self._tick = frame.tick
        even = self._background.see(small, anew=self._giant)
        self._blind = even is None
        if even is None:
            return []
        high, low = self._background.compare(even)
        mask, around = self._mask(high, low)
        parts, self._giant = self._parts(mask)
        self._background.learn(small, high, around, moved_mm)
        self._blind = self._giant
        if self._blind:
            return []
        # The same fruit is to look alike to the classifier in every band.
        lit = replace(frame, pixels=self._background.even(frame.pixels))
        return self._sightings(lit, parts, small)

    def _mask(self, high: Plane, low: Plane) -> tuple[Plane, Plane]:
        """What is item; and that with the belt around it."""
        contrast = self._background.contrast
        darkest = min(DARKEST_SHADOW, 1 - contrast)
        colour = cv2.subtract(high, low)
        _, mask = cv2.threshold(colour, ONE * contrast, 255, cv2.THRESH_BINARY)
        brightest = 1 + max(BRIGHT, contrast)
        _, other = cv2.threshold(high, ONE * brightest, 255, cv2.THRESH_BINARY)
        cv2.bitwise_or(mask, other, dst=mask)
        cv2.threshold(high, ONE * darkest, 255, cv2.THRESH_BINARY_INV, dst=other)
        cv2.bitwise_or(mask, other, dst=mask)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        # What gloss adds lies within the gaps that this brush closes, so that it holds after, too.
        around = cv2.dilate(mask, BRUSH)
        cv2.bitwise_or(mask, self._gloss(colour, around), dst=mask)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        return np.asarray(mask, np.uint8), np.asarray(around, np.uint8)

    def _gloss(self, colour: Plane, around: Plane) -> Plane:
        """Narrow gaps between parts of an item that have a little of its colour."""
        pale = cv2.convertScaleAbs(colour, alpha=GLOSS_OF_COLOUR)
        # In place: fresh pages of memory for each plane would take twice the time.
        cv2.dilate(pale, BRUSH, dst=pale)
        cv2.max(pale, ONE * self._background.contrast * GLOSS, dst=pale)
        cv2.compare(colour, pale, cv2.CMP_GT, dst=pale)
        return np.asarray(cv2.bitwise_and(cv2.erode(around, BRUSH), pale, dst=pale), np.uint8)

    def _parts(self, mask: Plane) -> tuple[list[Part], bool]:
        """The items' outlines; and whether something is too large to be one."""
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        parts: list[Part] = []
        for contour in contours:
            if len(contour) ** 2 < self._smallest_px:
                continue
            if cv2.contourArea(contour) > LARGEST_SHARE * mask.size:
                return [], True
            if looks_like_one(contour):
                found = [Part(contour=contour, touching=False)]
            else:
                found = split(mask, contour)
            if any(cv2.boundingRect(part.contour)[2] == mask.shape[1] for part in found):
                return [], True
            parts += found
        return [part for part in parts if self._large_enough(part)], False

    def _large_enough(self, part: Part) -> bool:
        # The contour runs through the middles of the outermost pixels.
        area = cv2.contourArea(part.contour) + len(part.contour) / 2 + 1
        return bool(area >= self._smallest_px)

    def _sightings(self, frame: Frame, parts: list[Part], small: Pixels) -> list[Sighting]:
        if not parts:
            return []
        small_h, small_w = small.shape[:2]
        boxes = np.array([cv2.boundingRect(part.contour) for part in parts], np.float32)
        order = np.argsort(boxes[:, 0], kind="stable")
        boxes, parts = boxes[order], [parts[k] for k in order.tolist()]
        low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
        size = np.array([small_w, small_h], np.float32)
        inside = np.concatenate([low >= EDGE_PX, high <= size - EDGE_PX], axis=1)
        complete: list[bool] = np.asarray(inside.all(axis=1)).tolist()
        scale = frame.pixels.shape[1] / small_w
        low_px, high_px = low * scale - 0.5, high * scale - 0.5
        contours = [part.contour for part in parts]
        heights_mm = np.array([thickness_px(contour) for contour in contours])
        heights_mm *= self._mm_per_px * scale / 2
        along_mm, across_mm = self._extents_mm(low_px, high_px, heights_mm, frame.speed_mm_per_s)
        belt_mm = frame.tick * self._mm_per_tick
        outlines = outlines_px(contours, scale)
        belt = partial(_belt, self._background, self._background.gain, scale)
        boxes_px = np.concatenate([low_px, high_px], axis=1)
        photo = partial(cut, frame.pixels, outlines=outlines, boxes_px=boxes_px, belt=belt)
        longer_px = (high_px - low_px).max(axis=1).tolist()
        centres_px = ((low_px + high_px + 1) / 2).tolist()
        sightings = []
        for k, part in enumerate(parts):
            (behind, ahead), (upper, lower) = along_mm[k], across_mm[k]
            side_px = self._window.side_px(longer_px[k])
            sightings.append(
                Sighting(
                    along=Span(low_mm=behind - belt_mm, high_mm=ahead - belt_mm),
                    across=Span(low_mm=upper, high_mm=lower),
                    from_reference_mm=(ahead + behind) / 2,
                    complete=complete[k],
                    touching=part.touching,
                    outline_px=outlines[k],
                    measurer=partial(
                        _measure, self._ruler, outlines[k], frame.pixels, frame.speed_mm_per_s
                    ),
                    cutter=partial(photo, own=k, centre_px=centres_px[k], side_px=side_px),
                )
            )
        return sightings

    def _extents_mm(
        self,
        low_px: Floats,
        high_px: Floats,
        heights_mm: NDArray[np.float64],
        speed_mm_per_s: float,
    ) -> tuple[list[list[float]], list[list[float]]]:
        """Ends of each item along and across the belt, from the sides of its upright box."""
        middle_px = (low_px + high_px) / 2
        sides_px = [
            np.stack([low_px[:, 0], middle_px[:, 1]], axis=1),
            np.stack([high_px[:, 0], middle_px[:, 1]], axis=1),
            np.stack([middle_px[:, 0], low_px[:, 1]], axis=1),
            np.stack([middle_px[:, 0], high_px[:, 1]], axis=1),
        ]
        sides_mm = self._ruler.belt_mm(
            np.concatenate(sides_px),
            height_mm=np.tile(heights_mm, 4),
            speed_mm_per_s=speed_mm_per_s,
        ).reshape(4, -1, 2)
        return sides_mm[:2, :, 0].T.tolist(), sides_mm[2:, :, 1].T.tolist()


def _measure(ruler: Ruler, outline_px: Floats, pixels: Pixels, speed_mm_per_s: float) -> Measures:
    return ruler.measure(refine(outline_px, pixels), pixels, speed_mm_per_s=speed_mm_per_s)


def _belt(
    background: Background,
    gain: tuple[float, float, float],
    scale: float,
    box: Box,
    size: tuple[int, int],
) -> Pixels:
    """The empty belt in a box of the full frame, at a width and height."""
    left, top, right, bottom = box
    rows = slice(int(top / scale), math.ceil(bottom / scale))
    columns = slice(int(left / scale), math.ceil(right / scale))
    # The belt is smooth: where the photo is small, so may its belt be.
    step = max(1, int((right - left) / (size[0] * scale)))
    rows = slice(rows.start, rows.stop, step)
    columns = slice(columns.start, columns.stop, step)
    belt = background.belt(rows, columns, gain)
    return np.asarray(cv2.resize(belt, size), np.uint8)
