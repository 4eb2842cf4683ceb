"""A camera that Linux knows as /dev/videoN."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from sorter.camera.camera import CameraError, Turn, chooses_by_itself
from sorter.camera.opencv_camera import OpenCvCamera
from sorter.camera.opencv_capture import VideoCapture, open_capture
from sorter.config import is_number

KERNEL_STAMP_MAX_AGE_S = 1.0
"""A kernel time stamp further back is on another clock or stale, and not believed."""
MANUAL_EXPOSURE = 1
"""`V4L2_EXPOSURE_MANUAL`."""
EXPOSURE_UNIT_MS = 0.1
"""Of `V4L2_CID_EXPOSURE_ABSOLUTE`."""
ROUGH = 0.2
"""Share by which an exposure may be off for that unit before it is told."""
ROUNDED = {
    cv2.CAP_PROP_FPS,
    cv2.CAP_PROP_EXPOSURE,
    cv2.CAP_PROP_GAIN,
    cv2.CAP_PROP_WB_TEMPERATURE,
}
"""What a driver may round to the steps that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What the camera must not choose by itself, or the grades change with its choice."""

    exposure_ms: float | None = None
    """None leaves it to the camera, as do the others."""
    gain: float | None = None
    """In the driver's own units: `v4l2-ctl --list-ctrls` names its range."""
    white_balance_k: int | None = None


class V4l2Camera(OpenCvCamera):
    """Through OpenCV; what the driver refuses is told in one warning."""

    def __init__(
        self,
        device: str,
        *,
        width: int,
        height: int,
        fps: float,
        rotate_deg: Turn = 0,
        pixel_format: str = "MJPG",
        fixed: Fixed | None = None,
        warn: Callable[[str], None] = lambda sentence: None,
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
            pixel_format: four characters, as `v4l2-ctl --list-formats` shows them.
            fixed: exposure, gain and white balance.
            warn: takes one sentence about all that the driver refused.
            clock: monotonic, seconds.
            opener: opens the device.
        """
        self._path = Path(f"/dev/video{device}" if is_number(device) else device)
        super().__init__(str(self._path), rotate_deg=rotate_deg, clock=clock)
        self._opener = opener
        self._warn = warn
        self._told = ""
        fixed = fixed or Fixed()
        # The format before the size: at 720p, 60 frames/s fit through USB 2 only when compressed.
        self._asked: list[tuple[str, int, float]] = [
            ("pixel_format", cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixel_format)),
            ("width", cv2.CAP_PROP_FRAME_WIDTH, width),
            ("height", cv2.CAP_PROP_FRAME_HEIGHT, height),
            ("fps", cv2.CAP_PROP_FPS, fps),
            ("a buffer of one frame", cv2.CAP_PROP_BUFFERSIZE, 1),
        ]
        self._rounded = ""
        # Switched to manual first: drivers refuse a value that the camera is choosing.
        if fixed.exposure_ms is not None:
            units = max(1, round(fixed.exposure_ms / EXPOSURE_UNIT_MS))
            becomes_ms = units * EXPOSURE_UNIT_MS
            if abs(becomes_ms - fixed.exposure_ms) > ROUGH * fixed.exposure_ms:
                self._rounded = (
                    f"camera.exposure_ms {fixed.exposure_ms:g} becomes {becomes_ms:g}, for v4l2 "
                    f"counts in steps of {EXPOSURE_UNIT_MS:g} ms"
                )
            self._asked.append(
                ("manual exposure", cv2.CAP_PROP_AUTO_EXPOSURE, float(MANUAL_EXPOSURE))
            )
            self._asked.append(("exposure_ms", cv2.CAP_PROP_EXPOSURE, units))
        if fixed.gain is not None:
            self._asked.append(("gain", cv2.CAP_PROP_GAIN, fixed.gain))
        if fixed.white_balance_k is not None:
            self._asked.append(("manual white balance", cv2.CAP_PROP_AUTO_WB, 0))
            self._asked.append(
                ("white_balance_k", cv2.CAP_PROP_WB_TEMPERATURE, fixed.white_balance_k)
            )
        self._by_itself = [
            name
            for name, value in (
                ("exposure_ms", fixed.exposure_ms),
                ("gain", fixed.gain),
                ("white_balance_k", fixed.white_balance_k),
            )
            if value is None
        ]

    def _connect(self) -> VideoCapture:
        if not self._path.exists():
            raise CameraError(
                f"{self.name}: there is no such camera; plug it in or set camera.device "
                f"(ls /dev/video* shows what is there)"
            )
        if not os.access(self._path, os.R_OK | os.W_OK):
            raise CameraError(
                f"{self.name}: this user may not use the camera; "
                f"add the user to the group video and log in again"
            )
        return self._opener(self._path)

    def _does_not_open(self) -> str:
        return (
            f"the camera does not open; another program may be using it "
            f"(fuser {self._path} tells which), or it is no camera"
        )

    def _gives_no_frames(self) -> str:
        return (
            "the camera opens but gives no frames; another program may be "
            "using it, or the size or rate is too much for its cable: lower camera.fps"
        )

    def _prepare(self, capture: VideoCapture) -> None:
        refused = []
        for name, prop, value in self._asked:
            obeyed = capture.set(prop, value)
            found = capture.get(prop)
            near = max(0.5, 0.02 * abs(value)) if prop in ROUNDED else 0.5
            if not obeyed or abs(found - value) > near:
                refused.append(name)
        told, self._told = self._told, "; ".join(self._complaints(capture, refused))
        if self._told and self._told != told:
            self._warn(f"{self.name}: {self._told}")

    def _complaints(self, capture: VideoCapture, refused: list[str]) -> list[str]:
        complaints = [self._rounded] if self._rounded else []
        if refused:
            complaints.append(
                f"the driver does not take {', '.join(refused)} as asked "
                f"(v4l2-ctl -d {self._path} --list-ctrls --list-formats-ext shows what it has)"
            )
        # OpenCV gives -1 for what the driver does not have: many cameras have no gain to set.
        gainless = capture.get(cv2.CAP_PROP_GAIN) < 0
        by_itself = [name for name in self._by_itself if name != "gain" or not gainless]
        if by_itself:
            complaints.append(chooses_by_itself(by_itself))
        return complaints

    def _stamp_s(self, capture: VideoCapture, now_s: float) -> float | None:
        if capture.getBackendName() != "V4L2":
            return None
        # OpenCV gives the buffer's CLOCK_MONOTONIC stamp here, in milliseconds.
        stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return stamp_s if now_s - KERNEL_STAMP_MAX_AGE_S < stamp_s <= now_s else None
