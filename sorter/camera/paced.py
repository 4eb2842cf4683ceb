"""A recording played at the speed at which it was taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from sorter.camera.camera import Camera
from sorter.frame import Capture

MAX_LAG_S = 0.1
"""Where reading cannot keep up, the recording is played slower rather than further behind."""


class PacedCamera(Camera):
    """Holds each frame of a recording back until its time has come on this machine's clock."""

    def __init__(
        self,
        recording: Camera,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wrap a recording; its first frame is due when it is first read."""
        self._recording = recording
        self._clock = clock
        self._wait = wait
        self._offset_s: float | None = None

    def open(self) -> None:
        """Open the recording."""
        self._offset_s = None
        self._recording.open()

    def read(self) -> Capture | None:
        """Wait until the next frame is due; its time is moved onto this machine's clock."""
        capture = self._recording.read()
        if capture is None:
            return None
        now_s = self._clock()
        if self._offset_s is None or now_s > capture.time_s + self._offset_s + MAX_LAG_S:
            self._offset_s = now_s - capture.time_s
        due_s = capture.time_s + self._offset_s
        if due_s > now_s:
            self._wait(due_s - now_s)
        return replace(capture, time_s=due_s)

    def close(self) -> None:
        """Close the recording."""
        self._recording.close()
