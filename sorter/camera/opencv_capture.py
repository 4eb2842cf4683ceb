"""OpenCV's video capture, as far as it is used here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import cv2


class VideoCapture(Protocol):
    """The part of `cv2.VideoCapture` that cameras use, so that tests can stand in for it."""

    def isOpened(self) -> bool: ...  # noqa: D102, N802
    def grab(self) -> bool: ...  # noqa: D102
    def retrieve(self) -> tuple[bool, Any]: ...  # noqa: D102
    def get(self, prop: int) -> float: ...  # noqa: D102
    def set(self, prop: int, value: float) -> bool: ...  # noqa: D102
    def getBackendName(self) -> str: ...  # noqa: D102, N802
    def release(self) -> None: ...  # noqa: D102


def open_capture(path: Path) -> VideoCapture:
    """Open a V4L2 device or a video file.

    OpenCV's and FFmpeg's own chatter is silenced: what went wrong is told in one sentence by the
    caller. FFmpeg's level is read from the environment when its first file is opened.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    backend = cv2.CAP_V4L2 if path.is_char_device() else cv2.CAP_FFMPEG
    capture: VideoCapture = cv2.VideoCapture(str(path), backend)
    return capture
