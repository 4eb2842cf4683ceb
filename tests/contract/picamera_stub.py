"""Stands in for the library Picamera2, as far as its manual describes what is used here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from sorter.frame import Pixels


class StubPicamera2:
    """One camera with a film in it; a request blocks until the next frame, then raises."""

    def __init__(
        self,
        film: Callable[[], Iterator[Pixels]],
        *,
        stamps_ns: Callable[[int], int] | None = None,
        exposure_us: int = 2000,
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
        self._make_film = film
        self._stamps_ns = stamps_ns
        self._exposure_us = exposure_us
        self._count = 0

    def library(self, name: str) -> Any:
        assert name == "picamera2"
        return SimpleNamespace(Picamera2=self._opened)

    def _opened(self, number: int) -> StubPicamera2:
        self._film = self._make_film()
        self._count = 0
        self.closed = False
        return self

    def create_video_configuration(self, **asked: Any) -> dict[str, Any]:
        return asked

    def configure(self, asked: dict[str, Any]) -> None:
        self.asked = asked

    def start(self) -> None:
        self.started = True

    def capture_request(self) -> StubRequest:
        assert self.started
        pixels = next(self._film, None)
        if pixels is None:
            raise RuntimeError("camera frontend has timed out")
        metadata: dict[str, int] = {"ExposureTime": self._exposure_us}
        if self._stamps_ns is not None:
            metadata["SensorTimestamp"] = self._stamps_ns(self._count)
        self._count += 1
        self.out += 1
        return StubRequest(self, pixels, metadata)

    def stop(self) -> None:
        self.started = False

    def close(self) -> None:
        self.closed = True


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
