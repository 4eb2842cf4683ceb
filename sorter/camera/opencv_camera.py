"""What all cameras that are read through OpenCV have in common."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable

import cv2
import numpy as np

from sorter.camera.camera import Camera, CameraError, Turn, turned
from sorter.camera.lost_frames import LostFrames
from sorter.camera.opencv_capture import VideoCapture
from sorter.frame import Capture, Pixels

BAD_FRAMES = 3
"""In a row that are let go, as lost: a compressed frame may arrive broken."""
BROKEN = (cv2.error, OSError)
"""What OpenCV and the system raise where a driver fails."""


class OpenCvCamera(Camera):
    """Opens, waits for the first frame, reads; a device has no normal end."""

    def __init__(
        self, name: str, *, rotate_deg: Turn = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Describe the camera; nothing is opened yet.

        Args:
            name: as the operator knows it, in front of every sentence about it.
            rotate_deg: clockwise turn of each frame.
            clock: monotonic, seconds.
        """
        self.name = name
        self._rotate_deg = rotate_deg
        self._clock = clock
        self._capture: VideoCapture | None = None
        self._first: Capture | None = None
        self._index = 0
        self._lost = LostFrames()

    def open(self) -> None:
        """Open the camera and wait for its first frame."""
        self._index = 0
        self._lost = LostFrames()
        try:
            self._capture = self._connect()
            if not self._capture.isOpened():
                raise CameraError(f"{self.name}: {self._does_not_open()}")
            self._prepare(self._capture)
            self._first = self._next()
            if self._first is None:
                raise CameraError(f"{self.name}: {self._gives_no_frames()}")
        except CameraError:
            self.close()
            raise
        except BROKEN as error:
            self.close()
            raise CameraError(
                f"{self.name}: {self._does_not_open()} ({_one_line(error)})"
            ) from error

    def read(self) -> Capture | None:
        """Wait for the next frame."""
        first, self._first = self._first, None
        stopped = f"{self.name}: the camera stopped giving frames; check its cable"
        try:
            capture = first or self._next()
        except BROKEN as error:
            raise CameraError(f"{stopped} ({_one_line(error)})") from error
        if capture is None:
            raise CameraError(stopped)
        return capture

    def close(self) -> None:
        """Release the device."""
        capture, self._capture, self._first = self._capture, None, None
        if capture is not None:
            capture.release()

    @abstractmethod
    def _connect(self) -> VideoCapture:
        """Open the capture.

        Raises:
            CameraError: it is plain already that it will not open.
        """

    @abstractmethod
    def _does_not_open(self) -> str:
        """What may be wrong, after the camera's name."""

    @abstractmethod
    def _gives_no_frames(self) -> str:
        """What may be wrong, after the camera's name."""

    def _prepare(self, capture: VideoCapture) -> None:
        """Ask for size and settings, before the first frame."""

    def _stamp_s(self, capture: VideoCapture, now_s: float) -> float | None:
        """When the frame was taken, by a clock that can be believed; None where there is none."""
        return None

    def _next(self) -> Capture | None:
        for _ in range(1 + BAD_FRAMES):
            if self._capture is None or not self._capture.grab():
                return None
            now_s = self._clock()
            stamp_s = self._stamp_s(self._capture, now_s)
            if stamp_s is None:
                self._lost.skip_one()
            else:
                self._index += self._lost.before(stamp_s)
            # Also of a bad one: who counts by the gaps in the indices counts it as lost.
            self._index += 1
            pixels = _pixels(self._capture)
            if pixels is not None:
                return self._taken(pixels, now_s if stamp_s is None else stamp_s)
        return None

    def _taken(self, pixels: Pixels, time_s: float) -> Capture:
        # Stamp and arrival both lag the middle of the exposure by a constant of the camera, which
        # moves every item by the same distance at the same speed: calibration takes it out.
        return Capture(
            pixels=turned(pixels, self._rotate_deg), time_s=time_s, index=self._index - 1
        )


def _pixels(capture: VideoCapture) -> Pixels | None:
    """The grabbed frame; None where it is broken."""
    try:
        taken, image = capture.retrieve()
    except cv2.error:
        return None
    return np.asarray(image, np.uint8) if taken and image is not None and image.size else None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
