"""Time for a twin in real time on a computer that may be too slow for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sorter.camera.camera import Camera
from sorter.camera.newest import NewestFrame
from sorter.frame import Capture

AHEAD_S = 0.2
"""Less than the board's time of silence: a simulated board shall not take a busy computer for one
that hangs."""
PATIENCE_S = 2.0
"""Of the real clock: without a frame for so long something does hang, and time goes on."""


class SlowTime:
    """Runs like the real clock, but never far ahead of the frame that was taken last.

    Where drawing and judging a frame take longer than that, the simulated belt runs in slow motion.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with the time of the real clock.

        Args:
            clock: monotonic, seconds.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._real_s = self._now_s = self._frame_real_s = self._frame_s = clock()

    def __call__(self) -> float:
        """Now, in seconds; any thread may ask."""
        with self._lock:
            real_s = self._clock()
            passed_s, self._real_s = real_s - self._real_s, real_s
            if real_s - self._frame_real_s < PATIENCE_S:
                passed_s = min(passed_s, max(0.0, self._frame_s + AHEAD_S - self._now_s))
            self._now_s += passed_s
            return self._now_s

    def frame(self) -> None:
        """A frame was taken."""
        self._frame_s = self()
        self._frame_real_s = self._real_s


class SlowFrames(NewestFrame):
    """The newest frame of the twin's camera; time waits for whoever takes them."""

    def __init__(self, camera: Camera, slow_time: SlowTime) -> None:
        """Wrap the twin's camera.

        Args:
            camera: not yet opened.
            slow_time: of camera, board and daemon.
        """
        super().__init__(camera)
        self._time = slow_time

    def take(self, wait_s: float = 0.0) -> Capture | None:
        """See `NewestFrame.take`."""
        capture = super().take(wait_s)
        if capture is not None:
            self._time.frame()
        return capture
