"""Whether a camera's pictures can be trusted: a look at a few of them a second."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import cv2
import numpy as np

from sorter.camera.brightness import BrightnessWatch
from sorter.camera.dirt import DirtWatch
from sorter.camera.repeats import RepeatWatch
from sorter.camera.sharpness import SharpnessWatch
from sorter.frame import Pixels
from sorter.standstill import Standstill

LOOKS_APART_S = (0.13, 0.21, 0.16, 0.25, 0.18)
"""In turn: looks in step with a dense load would see its items stand still."""
SMALL_PX = 160
"""Width of the picture that is looked at."""
AGREE = {True: 2, False: 4}
"""Looks in a row that raise a fault, and that clear it: raised within half a second."""
SHIFT_AGREE = {True: 1, False: 4}
"""What raises it is the mean of many frames."""
FOCUS_AGREE = 8
"""The outlines of single items differ."""
DIRT_AGREE = 50
"""A dense load leaves traces for some seconds."""


class CameraFault(enum.Enum):
    """What can be wrong with a camera, by the name in the records."""

    STALLED = "camera_stalled"
    UNPLUGGED = "camera_unplugged"
    FROZEN = "camera_frozen"
    REOPENED = "camera_reopened"
    """It is being opened anew, for its pictures could not be trusted."""
    DARK = "camera_dark"
    EXPOSURE = "camera_exposure"
    DIRTY = "camera_dirty"
    FOCUS = "camera_focus"


SENTENCES = {
    CameraFault.FROZEN: "the camera shows one picture again and again while the belt moves: it "
    "hangs; look at its cable and supply",
    CameraFault.DARK: "the picture is black, or nearly so with nothing in it: look for the lamp "
    "and for what covers the lens",
    CameraFault.EXPOSURE: "the picture has become much brighter or darker, or one of its colours "
    "has: look for the lamp and for daylight, and fix camera.exposure_ms and the white balance",
    CameraFault.DIRTY: "spots stand still in the picture: clean the lens",
    CameraFault.FOCUS: "the picture is no longer sharp: look for the lens's focus ring",
}


UNTRUSTED = (CameraFault.FROZEN, CameraFault.DARK, CameraFault.EXPOSURE)
"""What opening the camera anew may mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraChange:
    """A fault was raised or cleared."""

    fault: CameraFault
    active: bool
    sentence: str = ""
    """What to do, when it was raised."""


class CameraHealth:
    """Looks at frames; no thread, no clock."""

    def __init__(self) -> None:
        self._brightness = BrightnessWatch()
        self._dirt = DirtWatch()
        self._sharpness = SharpnessWatch()
        self._repeats = RepeatWatch()
        self._next_s: float | None = None
        self._looks = 0
        self._active: set[CameraFault] = set()
        self._against = dict.fromkeys(SENTENCES, 0)
        self._standstill = Standstill()

    @property
    def untrusted(self) -> CameraFault | None:
        """The fault by which the pictures show nothing of the belt as it is; None while they do."""
        return next((fault for fault in UNTRUSTED if fault in self._active), None)

    def look(
        self,
        pixels: Pixels,
        time_s: float,
        travel_mm: float | None,
        light: tuple[float, float, float] | None = None,
    ) -> list[CameraChange]:
        """Take in a frame; of most only some pixels, for a few a second are enough.

        Args:
            pixels: height × width × 3.
            time_s: when it was taken.
            travel_mm: where the belt is; None where nobody knows.
            light: level of the empty belt in it, by channel; None where nobody knows.

        Returns:
            What has changed.
        """
        self._brightness.sample(pixels, time_s, light)
        if self._next_s is not None and time_s < self._next_s:
            return []
        self._next_s = time_s + LOOKS_APART_S[self._looks % len(LOOKS_APART_S)]
        self._looks += 1
        small = _small(pixels)
        self._brightness.see(small, time_s)
        changes = self._judge(CameraFault.DARK, self._brightness.dark)
        shifted = self._brightness.shifted
        changes += self._judge(CameraFault.EXPOSURE, shifted, SHIFT_AGREE[shifted])
        if self._brightness.dark or travel_mm is None:
            return changes
        if self._repeats.see(pixels, travel_mm):
            changes += self._judge(CameraFault.FROZEN, self._repeats.frozen)
        if self._standstill.see(time_s, travel_mm):
            # A person may be at the lens, and nothing can be told until the belt runs again.
            for fault in (CameraFault.DIRTY, CameraFault.FOCUS):
                changes += self._set(fault, False)
            return changes
        if self._dirt.see(small, travel_mm, self._brightness.shift):
            changes += self._judge(CameraFault.DIRTY, self._dirt.dirty, DIRT_AGREE)
        if self._sharpness.see(pixels):
            changes += self._judge(CameraFault.FOCUS, self._sharpness.lost, FOCUS_AGREE)
        return changes

    def _judge(
        self, fault: CameraFault, seen: bool, agree: int | None = None
    ) -> list[CameraChange]:
        """Count looks that disagree with what stands; enough of them in a row change it."""
        if seen == (fault in self._active):
            self._against[fault] = 0
            return []
        self._against[fault] += 1
        return self._set(fault, seen) if self._against[fault] >= (agree or AGREE[seen]) else []

    def _set(self, fault: CameraFault, active: bool) -> list[CameraChange]:
        self._against[fault] = 0
        if active == (fault in self._active):
            return []
        (self._active.add if active else self._active.discard)(fault)
        sentence = SENTENCES[fault] if active else ""
        return [CameraChange(fault=fault, active=active, sentence=sentence)]


def _small(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    factor = max(1, width // SMALL_PX)
    size = (width // factor, max(1, height // factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
