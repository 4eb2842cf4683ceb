from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sorter.camera.camera import CameraError
from sorter.camera.opencv_camera import OpenCvCamera
from sorter.frame import Capture


class FakeDevice:
    """What OpenCV shows of a V4L2 device."""

    def __init__(self, *, opens: bool = True, frames: int = 3, stamp_ms: float = 0.0) -> None:
        self.opens = opens
        self.frames = frames
        self.stamp_ms = stamp_ms
        self.asked: dict[int, float] = {}
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def grab(self) -> bool:
        self.frames -= 1
        return self.frames >= 0

    def retrieve(self) -> tuple[bool, Any]:
        return True, np.zeros((4, 6, 3), np.uint8)

    def get(self, prop: int) -> float:
        return self.stamp_ms if prop == cv2.CAP_PROP_POS_MSEC else 0.0

    def set(self, prop: int, value: float) -> bool:
        self.asked[prop] = value
        return True

    def getBackendName(self) -> str:  # noqa: N802
        return "V4L2"

    def release(self) -> None:
        self.released = True


@pytest.fixture
def node(tmp_path: Path) -> Path:
    path = tmp_path / "video0"
    path.touch()
    return path


def camera(node: Path, device: FakeDevice) -> OpenCvCamera:
    return OpenCvCamera(
        str(node), width=640, height=480, fps=30, clock=lambda: 200.0, opener=lambda path: device
    )


def first(node: Path, device: FakeDevice) -> Capture:
    with camera(node, device) as opened:
        capture = opened.read()
    assert capture is not None
    return capture


def test_size_rate_and_a_buffer_of_one_are_asked_for(node: Path) -> None:
    device = FakeDevice()
    first(node, device)

    assert device.asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert device.asked[cv2.CAP_PROP_FRAME_HEIGHT] == 480
    assert device.asked[cv2.CAP_PROP_FPS] == 30
    assert device.asked[cv2.CAP_PROP_BUFFERSIZE] == 1
    assert device.released


@pytest.mark.parametrize(
    ("stamp_ms", "time_s"),
    [(199_980.0, 199.98), (0.0, 200.0), (150_000.0, 200.0), (200_500.0, 200.0)],
    ids=["fresh", "none", "stale", "ahead"],
)
def test_the_kernels_stamp_is_taken_where_it_can_be_believed(
    node: Path, stamp_ms: float, time_s: float
) -> None:
    assert first(node, FakeDevice(stamp_ms=stamp_ms)).time_s == pytest.approx(time_s)


def test_a_camera_that_is_not_there_is_named() -> None:
    camera = OpenCvCamera("63", width=640, height=480, fps=30)

    with pytest.raises(CameraError, match="/dev/video63: there is no such camera; plug it in"):
        camera.open()


def test_a_busy_camera_is_named(node: Path) -> None:
    device = FakeDevice(opens=False)

    with pytest.raises(CameraError, match="does not open; another program may be using it"):
        camera(node, device).open()
    assert device.released


def test_a_camera_that_opens_but_gives_no_frames_is_named(node: Path) -> None:
    device = FakeDevice(frames=0)

    with pytest.raises(CameraError, match="opens but gives no frames"):
        camera(node, device).open()
    assert device.released


def test_a_camera_that_stops_is_an_error_and_no_end(node: Path) -> None:
    with camera(node, FakeDevice(frames=2)) as opened:
        assert opened.read() is not None
        assert opened.read() is not None
        with pytest.raises(CameraError, match="stopped giving frames; check its cable"):
            opened.read()
