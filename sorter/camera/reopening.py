"""A camera that may fail, and is opened again until it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sorter.camera.camera import Camera, CameraError
from sorter.camera.health import CameraChange, CameraFault
from sorter.camera.newest import NewestFrame, RunningThread, start_thread
from sorter.camera.renewal import Renewal
from sorter.frame import Capture

STALLED_S = 0.6
STALLED_FRAMES = 3
"""A camera that gives no frame for the longer of the two has stalled."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0
"""Before the camera is opened again; doubled from one failure to the next."""
HANGS_S = 30.0
"""A driver that does not come back from opening for so long hangs."""


class ReopeningFrames:
    """The newest frame of a camera that is opened again, in a thread of its own, when it fails.

    A thread that hangs in a dead driver is left behind with its camera. There is never more than
    one attempt at a time, so that a driver that never returns costs one thread, and is told by
    `hanging`.
    """

    def __init__(
        self,
        camera: Callable[[], Camera],
        *,
        fps: float,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        start: Callable[[Callable[[], None]], RunningThread | None] = start_thread,
    ) -> None:
        """Wrap a camera.

        Args:
            camera: makes it anew, not opened.
            fps: its nominal rate.
            clock: monotonic, seconds.
            wait: sleeps for some seconds.
            start: starts a thread; a test may run the work at once.
        """
        self.out: CameraChange | None = None
        """Why there are no frames now; None while they come."""
        self._camera = camera
        self._stalled_s = max(STALLED_S, STALLED_FRAMES / fps)
        self._clock = clock
        self._wait = wait
        self._start = start
        self._frames: NewestFrame | None = None
        self._skipped = self._lost = 0
        self._seen_s = 0.0
        self._retry_s = 0.0
        self._next_wait_s = FIRST_WAIT_S
        self._attempt: _Attempt | None = None
        self._failing_since_s: float | None = None
        self._left: list[NewestFrame] = []
        """What was given up, as long as its thread lives."""
        self._renewal = Renewal()

    @property
    def skipped(self) -> int:
        """Frames that were replaced by a newer one before anybody took them."""
        return self._skipped + (self._frames.skipped if self._frames else 0)

    @property
    def lost(self) -> int:
        """Frames that the camera took and its driver never handed over."""
        return self._lost + (self._frames.lost if self._frames else 0)

    @property
    def ended(self) -> bool:
        """A camera has no normal end."""
        return self._frames is not None and self._frames.ended

    @property
    def hanging(self) -> bool:
        """The driver has not come back for very long: from opening the camera, or from reading it.

        A thread that is left behind in a read holds the camera, so that opening it fails at once
        and for ever.
        """
        attempt, now_s = self._attempt, self._clock()
        if attempt is not None and now_s - attempt.since_s > HANGS_S:
            return True
        failing_s = 0.0 if self._failing_since_s is None else now_s - self._failing_since_s
        return failing_s > HANGS_S and any(frames.reading for frames in self._left)

    def open(self) -> None:
        """Open the camera for the first time.

        Raises:
            CameraError: see `Camera.open`.
        """
        self._frames = NewestFrame(self._camera(), start=self._start)
        self._frames.open()
        self._seen_s = self._clock()

    def take(self, wait_s: float = 0.0) -> Capture | None:
        """The newest frame not yet taken, within `wait_s`; none while the camera is out."""
        if self._frames is None:
            self._wait(wait_s)
            self._try_again()
            return None
        try:
            capture = self._frames.take(wait_s)
        except CameraError as error:
            self._give_up(_out(CameraFault.UNPLUGGED, str(error)))
            return None
        now_s = self._clock()
        if capture is not None:
            self._seen_s = now_s
            if self.out is not None:
                self.out, self._next_wait_s = None, FIRST_WAIT_S
        elif now_s - self._seen_s > self._stalled_s and not self._frames.ended:
            sentence = f"the camera has given no frame for {self._stalled_s:.1f} s; check its cable"
            self._give_up(_out(CameraFault.STALLED, sentence))
        return capture

    def distrust(self, why: str | None) -> None:
        """Say that the camera shows nothing that can be trusted: it is opened anew, with backoff.

        Args:
            why: what is wrong with its pictures; None as soon as nothing is.
        """
        if why is None:
            self._renewal.trusted()
        elif self._frames is not None and self._renewal.due(self._clock()):
            self._give_up(_out(CameraFault.REOPENED, f"the camera is opened anew: {why}"))

    def close(self) -> None:
        """Let go of the camera."""
        if self._attempt is not None:
            self._attempt.abandon()
            self._attempt = None
        if self._frames is not None:
            self._frames.close()

    def _give_up(self, out: CameraChange) -> None:
        # What was told first stays: a camera that was pulled out also stalls when it comes back.
        self.out = self.out or out
        assert self._frames is not None
        self._skipped, self._lost = self.skipped, self.lost
        frames, self._frames = self._frames, None
        frames.let_go()
        self._left = [left for left in (*self._left, frames) if left.reading]
        self._retry_s = self._clock() + self._next_wait_s
        self._next_wait_s = min(2 * self._next_wait_s, LONGEST_WAIT_S)

    def _try_again(self) -> None:
        now_s = self._clock()
        if self._attempt is None:
            if now_s >= self._retry_s:
                self._attempt = _Attempt(NewestFrame(self._camera(), start=self._start), now_s)
                self._start(self._attempt.run)
            return
        attempt = self._attempt
        if not attempt.done:
            return
        self._attempt = None
        if attempt.error is not None:
            raise attempt.error
        if attempt.failed:
            if self._failing_since_s is None:
                self._failing_since_s = attempt.since_s
            self._retry_s = now_s + self._next_wait_s
            self._next_wait_s = min(2 * self._next_wait_s, LONGEST_WAIT_S)
        else:
            self._frames, self._seen_s, self._failing_since_s = attempt.frames, now_s, None


def _out(fault: CameraFault, sentence: str) -> CameraChange:
    return CameraChange(fault=fault, active=True, sentence=sentence)


class _Attempt:
    """Opens a camera in a thread; who gives it up does not wait for it."""

    def __init__(self, frames: NewestFrame, since_s: float) -> None:
        self.frames = frames
        self.since_s = since_s
        self.done = self.failed = False
        self.error: Exception | None = None
        """What no camera may raise; it belongs to the thread that takes the frames."""
        self._abandoned = False
        self._lock = threading.Lock()

    def run(self) -> None:
        failed = False
        try:
            self.frames.open()
        except CameraError:
            # The fault was told when the camera went; that it is not back yet is no news.
            failed = True
        except Exception as error:
            failed, self.error = True, error
        with self._lock:
            self.failed, self.done = failed, True
            close = self._abandoned and not failed
        if close:
            self.frames.close()

    def abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            close = self.done and not self.failed
        if close:
            self.frames.close()
