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


NETWORK_TIMEOUT_MS = 5000
"""Of connecting to a network camera and of waiting for its next frame."""


def open_capture(path: Path) -> VideoCapture:
    """Open a V4L2 device or a video file."""
    _silence()
    backend = cv2.CAP_V4L2 if path.is_char_device() else cv2.CAP_FFMPEG
    capture: VideoCapture = cv2.VideoCapture(str(path), backend)
    return capture


def open_stream(url: str) -> VideoCapture:
    """Open a network camera through FFmpeg."""
    _silence()
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, NETWORK_TIMEOUT_MS]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, NETWORK_TIMEOUT_MS]
    capture: VideoCapture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)
    return capture


def open_pipeline(pipeline: str) -> VideoCapture:
    """Open a GStreamer pipeline that ends in an `appsink`."""
    _silence()
    capture: VideoCapture = cv2.VideoCapture(pipeline, cv2.CAP_GSTREAMER)
    return capture


def has_gstreamer() -> bool:
    """Whether this OpenCV was built with GStreamer; the one from PyPI is not."""
    from cv2 import videoio_registry

    return bool(videoio_registry.hasBackend(cv2.CAP_GSTREAMER))


def _silence() -> None:
    """Stop OpenCV's and FFmpeg's own chatter: the caller tells what went wrong in one sentence.

    FFmpeg's level is read from the environment when its first file is opened.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # Debian's OpenCV 4.6 has no cv2.utils.logging.
    logging = getattr(cv2.utils, "logging", None)
    if logging is None:
        os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    else:
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
