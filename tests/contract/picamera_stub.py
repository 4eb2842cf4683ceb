"""Stands in for the library Picamera2, as far as its manual describes what is used here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from sorter.frame import Pixels


class StubPicamera2:
    """One camera with a film in it; at its end a request fails.

    Like the library it does its jobs one after the other: a stop waits behind a request that never
    comes. A camera that was not closed cannot be opened.
    """

    def __init__(
        self,
        film: Callable[[], Iterator[Pixels]],
        *,
        stamps_ns: Callable[[int], int] | None = None,
        exposure_us: int = 2000,
        stalls_after: int | None = None,
        stop_fails: bool = False,
        controls: tuple[str, ...] = (
            "FrameDurationLimits",
            "AeEnable",
            "ExposureTime",
            "AnalogueGain",
            "AwbEnable",
            "ColourGains",
        ),
    ) -> None:
        self.camera_controls = dict.fromkeys(controls)
        self.asked: dict[str, Any] = {}
        self.started = self.closed = False
        self.out = 0
        self.opened = False
        self.stalls_after = stalls_after
        self.waited_s: list[float] = []
        self._stop_fails = stop_fails
        self._jobs: list[object] = []
        self._make_film = film
        self._stamps_ns = stamps_ns
        self._exposure_us = exposure_us
        self._count = 0

    def library(self, name: str) -> Any:
        assert name == "picamera2"
        return SimpleNamespace(Picamera2=self._opened)

    def _opened(self, number: int) -> StubPicamera2:
        if self.opened:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self._film = self._make_film()
        self._count = 0
        self.closed, self.opened = False, True
        return self

    def create_video_configuration(self, **asked: Any) -> dict[str, Any]:
        return asked

    def configure(self, asked: dict[str, Any]) -> None:
        self.asked = asked

    def start(self) -> None:
        self.started = True

    def capture_request(self, wait: bool | None = None) -> object:
        assert self.started and wait is False, "without a time limit it may wait for ever"
        self._jobs.append(object())
        return self._jobs[-1]

    def wait(self, job: object, timeout: float | None = None) -> StubRequest:
        assert job in self._jobs and timeout is not None
        self.waited_s.append(timeout)
        if self.stalls_after is not None and self._count >= self.stalls_after:
            raise TimeoutError
        self._jobs.remove(job)
        pixels = next(self._film, None)
        if pixels is None:
            raise RuntimeError("camera frontend has timed out")
        metadata: dict[str, int] = {"ExposureTime": self._exposure_us}
        if self._stamps_ns is not None:
            metadata["SensorTimestamp"] = self._stamps_ns(self._count)
        self._count += 1
        self.out += 1
        return StubRequest(self, pixels, metadata)

    def cancel_all_and_flush(self) -> None:
        self._jobs.clear()

    def stop(self) -> None:
        assert not self._jobs, "a stop waits behind a request that never comes"
        if self._stop_fails:
            raise RuntimeError("Cannot stop camera: I/O error")
        self.started = False

    def close(self) -> None:
        self.closed, self.opened = True, False


class StubRequest:
    """Holds one of the camera's few buffers until it is released."""

    def __init__(self, camera: StubPicamera2, pixels: Pixels, metadata: dict[str, int]) -> None:
        self._camera = camera
        self._pixels: Pixels | None = pixels
        self._metadata = metadata

    def make_array(self, stream: str) -> Pixels:
        assert stream == "main" and self._pixels is not None
        return self._pixels

    def get_metadata(self) -> dict[str, int]:
        return self._metadata

    def release(self) -> None:
        self._pixels = None
        self._camera.out -= 1
