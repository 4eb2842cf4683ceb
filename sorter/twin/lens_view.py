"""The belt and its items through a lens: true perspective, distortion, tilt, rolling shutter."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from sorter.frame import Pixels
from sorter.twin.lens_map import Field, LensMap, Patch
from sorter.twin.optics import Optics
from sorter.twin.placed import Placed

SHEAR_STEP_PX = 0.25
"""The belt's map is worked out anew when the rolling shutter's shear has changed by so much."""
PAD_PX = 6
"""Around the box of an item: what interpolation and an oblique view add."""


class LensView:
    """Lays the items of a frame through the lens, sprite by sprite."""

    def __init__(self, optics: Optics, belt: Pixels, mm_per_px: float, loop_px: int) -> None:
        """Take the camera and the belt's texture.

        Args:
            optics: the camera.
            belt: texture seen from above; its columns repeat after `loop_px`, its middle row runs
                under the middle of the nominal image.
            mm_per_px: its scale.
            loop_px: columns after which the texture repeats.
        """
        self._lens = LensMap(optics)
        self._optics = optics
        self._belt = belt
        self._scale = np.float32(1 / mm_per_px)
        self._loop_px = loop_px
        self._shear_px: float | None = None
        corners = self._lens.belt(self._lens.whole)
        self._left_mm = float(corners[:, :, 0].min()) - 2 * PAD_PX * mm_per_px
        self._right_mm = float(corners[:, :, 0].max()) + 2 * PAD_PX * mm_per_px
        self._middle_mm = optics.over_mm[1]

    def see(self, travel_mm: float, items: Iterable[Placed], speed_mm_per_s: float) -> Pixels:
        """The belt with its items in even light.

        Args:
            travel_mm: how far the belt has run when the middle row is read.
            items: those outside the view cost next to nothing.
            speed_mm_per_s: of the belt.
        """
        scene = self._ground(travel_mm, speed_mm_per_s)
        for item in items:
            along_mm = travel_mm - item.at_mm
            reach_mm = item.sprite.along_mm
            if self._left_mm - reach_mm < along_mm < self._right_mm + reach_mm:
                self._lay(scene, item, along_mm, travel_mm, speed_mm_per_s)
        return scene

    def _ground(self, travel_mm: float, speed_mm_per_s: float) -> Pixels:
        shear_px = speed_mm_per_s * self._optics.readout_s * float(self._scale)
        if self._shear_px is None or abs(shear_px - self._shear_px) > SHEAR_STEP_PX:
            self._shear_px = shear_px
            points = self._lens.belt(self._lens.whole, 0.0, speed_mm_per_s)
            points -= np.array([self._left_mm, self._middle_mm], np.float32)
            at = points * self._scale + np.array([0, (len(self._belt) - 1) / 2], np.float32)
            fine = self._lens.whole.fine(at)
            self._maps = cv2.convertMaps(fine, None, cv2.CV_16SC2)
        start = round((self._left_mm - travel_mm) * float(self._scale)) % self._loop_px
        # The texture is a loop and a field of view long; in OpenCV 4 a remapped picture may have
        # no more than 32767 columns, so no more of it is passed on than is seen.
        wide = int(np.ceil((self._right_mm - self._left_mm) * float(self._scale))) + 1
        return np.asarray(
            cv2.remap(
                self._belt[:, start : start + wide],
                *self._maps,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )

    def _lay(
        self, scene: Pixels, item: Placed, along_mm: float, travel_mm: float, speed_mm_per_s: float
    ) -> None:
        sprite = item.face(travel_mm)
        height, width = sprite.colour.shape[:2]
        relief, scale = sprite.relief, sprite.mm_per_px
        left, top = (
            along_mm - sprite.centre_px[0] * scale,
            item.across_mm - sprite.centre_px[1] * scale,
        )
        corners = np.array(
            [
                [left + x * width * scale, top + y * height * scale, relief.height_mm]
                for x in (0, 1)
                for y in (0, 1)
            ]
        )
        box = self._optics.project(corners)
        shift_px = abs(speed_mm_per_s) * self._optics.readout_s / 2 * float(self._scale) + PAD_PX
        patch = self._lens.patch(
            box[:, 0].min() - shift_px,
            box[:, 1].min() - PAD_PX,
            box[:, 0].max() + shift_px,
            box[:, 1].max() + PAD_PX,
        )
        if patch is None:
            return
        seen = self._lens.belt(patch, relief.height_mm, speed_mm_per_s)
        away_mm = seen - np.array([along_mm, item.across_mm], np.float32)
        middle_px = np.array(sprite.centre_px, np.float32) - np.float32(0.5)
        at = away_mm / np.float32(scale) + middle_px
        aside_mm = cv2.remap(
            relief.aside_mm,
            (at + np.float32(0.5)) / np.float32(relief.step_px) - np.float32(0.5),
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        at -= _oblique(aside_mm, patch) / np.float32(scale)
        maps = patch.fine(np.asarray(at, np.float32))
        coat = cv2.remap(
            sprite.coat,
            maps,
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0, 255),
        )
        blue, green, red, passing = cv2.split(coat)
        colour = cv2.merge([blue, green, red])
        passing = cv2.merge([passing, passing, passing])
        ground = scene[patch.top : patch.top + patch.height, patch.left : patch.left + patch.width]
        ground[:] = cv2.add(cv2.multiply(ground, passing, scale=1 / 255), colour)


def _oblique(aside_mm: Field, patch: Patch) -> Field:
    """How much farther out than from straight above a point of the outline is seen.

    The outline of a sphere is a disc that faces the camera. On the plane through its centre that
    disc's shadow is longer than the sphere is thick by √(1 + t²) in the direction of the view,
    where t is the tangent of its angle.
    """
    slopes = patch.slopes
    steep = (slopes**2).sum(axis=2)
    gain = (np.sqrt(1 + steep) - 1) / np.maximum(steep, np.float32(1e-6))
    out = gain * (aside_mm * slopes).sum(axis=2)
    return np.asarray(out[:, :, None] * slopes, np.float32)
