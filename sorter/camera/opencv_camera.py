"""A V4L2 camera through OpenCV."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from sorter.camera.camera import Camera, CameraError, Turn, turned
from sorter.camera.opencv_capture import VideoCapture, open_capture
from sorter.frame import Capture

KERNEL_STAMP_MAX_AGE_S = 1.0
"""A kernel time stamp further back is on another clock or stale, and not believed."""


class OpenCvCamera(Camera):
    """A camera that Linux knows as /dev/videoN."""

    def __init__(
        self,
        device: str,
        *,
        width: int,
        height: int,
        fps: float,
        rotate_deg: Turn = 0,
        clock: Callable[[], float] = time.monotonic,
        opener: Callable[[Path], VideoCapture] = open_capture,
    ) -> None:
        """Describe the camera; nothing is opened yet.

        Args:
            device: path, or index as in `0` for /dev/video0.
            width: asked of the camera, in pixels before turning; it may deliver another size.
            height: as `width`.
            fps: asked of the camera.
            rotate_deg: clockwise turn of each frame.
            clock: monotonic, seconds.
            opener: opens the device.
        """
        self._path = Path(f"/dev/video{device}" if device.isdigit() else device)
        self._asked = {
            # Before the size: at 720p, 60 frames/s fit through USB 2 only when compressed.
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        self._rotate_deg = rotate_deg
        self._clock = clock
        self._opener = opener
        self._capture: VideoCapture | None = None
        self._first: Capture | None = None
        self._index = 0

    def open(self) -> None:
        """Open the device and wait for its first frame."""
        self._index = 0
        if not self._path.exists():
            raise CameraError(
                f"{self._path}: there is no such camera; plug it in or set camera.device "
                f"(ls /dev/video* shows what is there)"
            )
        if not os.access(self._path, os.R_OK | os.W_OK):
            raise CameraError(
                f"{self._path}: this user may not use the camera; "
                f"add the user to the group video and log in again"
            )
        capture = self._opener(self._path)
        if not capture.isOpened():
            capture.release()
            raise CameraError(
                f"{self._path}: the camera does not open; another program may be using it "
                f"(fuser {self._path} tells which), or it is no camera"
            )
        self._capture = capture
        for prop, value in self._asked.items():
            capture.set(prop, value)
        self._first = self._next()
        if self._first is None:
            self.close()
            raise CameraError(
                f"{self._path}: the camera opens but gives no frames; another program may be "
                f"using it, or the size or rate is too much for its cable: lower camera.fps"
            )

    def read(self) -> Capture | None:
        """Wait for the next frame; a device has no normal end."""
        first, self._first = self._first, None
        capture = first or self._next()
        if capture is None:
            raise CameraError(f"{self._path}: the camera stopped giving frames; check its cable")
        return capture

    def close(self) -> None:
        """Release the device."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._first = None

    def _next(self) -> Capture | None:
        if self._capture is None or not self._capture.grab():
            return None
        time_s = self._exposure_time_s(self._capture, self._clock())
        taken, image = self._capture.retrieve()
        if not taken or image is None or not image.size:
            return None
        pixels = turned(np.asarray(image, np.uint8), self._rotate_deg)
        self._index += 1
        return Capture(pixels=pixels, time_s=time_s, index=self._index - 1)

    def _exposure_time_s(self, capture: VideoCapture, now_s: float) -> float:
        """The kernel's stamp where there is one, else the arrival.

        Both lag the middle of the exposure by a constant of the camera, which moves every item by
        the same distance at the same speed and is calibrated away with the reference line.
        """
        if capture.getBackendName() == "V4L2":
            # OpenCV gives the buffer's CLOCK_MONOTONIC stamp here, in milliseconds.
            stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if now_s - KERNEL_STAMP_MAX_AGE_S < stamp_s <= now_s:
                return stamp_s
        return now_s
