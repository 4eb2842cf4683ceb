"""The newest frame wins: the slot between the camera's thread and the pipeline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from sorter.camera.camera import Camera
from sorter.camera.health import CameraChange
from sorter.frame import Capture

JOIN_TIMEOUT_S = 2.0


class RunningThread(Protocol):
    """A thread that was started."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, or `timeout` seconds."""
        ...

    def is_alive(self) -> bool:
        """It has not ended."""
        ...


def start_thread(work: Callable[[], None]) -> RunningThread:
    """Run `work` in a thread that does not keep the program alive."""
    thread = threading.Thread(target=work, name="camera", daemon=True)
    thread.start()
    return thread


class NewestFrame:
    """Reads a camera in a thread of its own and keeps the newest frame alone.

    What goes wrong with the camera ends it; `ReopeningFrames` goes on.
    """

    out: CameraChange | None = None
    hanging = False

    def __init__(
        self,
        camera: Camera,
        *,
        start: Callable[[Callable[[], None]], RunningThread | None] = start_thread,
    ) -> None:
        """Wrap a camera.

        Args:
            camera: not yet opened; from `open` on it belongs to the slot.
            start: starts the reading thread; a test may hand over nothing and call `pump`.
        """
        self.skipped = 0
        """Frames that were replaced by a newer one before anybody took them."""
        self.lost = 0
        """Frames that the camera took and its driver never handed over."""
        self._index: int | None = None
        self._camera = camera
        self._start = start
        self._thread: RunningThread | None = None
        self._changed = threading.Condition()
        self._newest: Capture | None = None
        self._over = False
        self._error: Exception | None = None

    def open(self) -> None:
        """Open the camera and start to read it.

        Raises:
            CameraError: see `Camera.open`.
        """
        self._camera.open()
        self._thread = self._start(self._run)

    def take(self, wait_s: float = 0.0) -> Capture | None:
        """The newest frame that nobody took yet; None when there is none within `wait_s`.

        Raises:
            CameraError: the camera failed; raised once the frames before it are taken.
        """
        with self._changed:
            if self._newest is None and not self._over and wait_s > 0:
                self._changed.wait(wait_s)
            newest, self._newest = self._newest, None
            if newest is None and self._error is not None:
                raise self._error
            return newest

    def distrust(self, why: str | None) -> None:
        """Nothing: what is wrong with the pictures of a recording is in the recording."""

    @property
    def ended(self) -> bool:
        """The stream is over and its last frame was taken."""
        with self._changed:
            return self._over and self._newest is None and self._error is None

    @property
    def reading(self) -> bool:
        """Its thread lives, and with it the camera is held."""
        return self._thread is not None and self._thread.is_alive()

    def pump(self) -> bool:
        """Read one frame into the slot; False when there are no more."""
        capture: Capture | None = None
        error: Exception | None = None
        try:
            capture = self._camera.read()
        except Exception as caught:
            # Whatever it is, it belongs to the thread that takes the frames.
            error = caught
        with self._changed:
            if capture is None:
                self._over, self._error = True, error
            else:
                self.skipped += self._newest is not None
                if self._index is not None:
                    self.lost += max(0, capture.index - self._index - 1)
                self._index = capture.index
                self._newest = capture
            self._changed.notify_all()
            return not self._over

    def close(self) -> None:
        """Stop reading and close the camera.

        A thread that hangs in a dead driver is left behind: it holds the camera until the driver
        returns, for closing a device under a read crashes in the driver.
        """
        self.let_go()
        if self._thread is not None:
            self._thread.join(JOIN_TIMEOUT_S)

    def let_go(self) -> None:
        """Stop reading; the camera is closed as soon as its driver returns."""
        with self._changed:
            self._over = True
        if self._thread is None:
            self._camera.close()

    def _run(self) -> None:
        try:
            while not self._over and self.pump():
                pass
        finally:
            self._camera.close()
