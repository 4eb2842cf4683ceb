from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sorter.camera.camera import CameraError
from sorter.camera.newest import NewestFrame
from sorter.camera.v4l2_camera import Fixed, V4l2Camera
from sorter.frame import Capture


class FakeDevice:
    """What OpenCV shows of a V4L2 device."""

    def __init__(
        self,
        *,
        opens: bool = True,
        frames: int = 3,
        stamp_ms: float = 0.0,
        stamps_ms: Sequence[float] = (),
        has: dict[int, float] | None = None,
        broken: Callable[[int], bool | Exception] = lambda k: False,
    ) -> None:
        self.broken = broken
        self.retrieved = 0
        self.opens = opens
        self.frames = frames
        self.stamp_ms = stamp_ms
        self.stamps_ms = list(stamps_ms)
        self.has = has or {}
        self.asked: dict[int, float] = {}
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def grab(self) -> bool:
        self.frames -= 1
        if self.stamps_ms:
            self.stamp_ms = self.stamps_ms.pop(0)
        return self.frames >= 0

    def retrieve(self) -> tuple[bool, Any]:
        self.retrieved += 1
        broken = self.broken(self.retrieved)
        if isinstance(broken, Exception):
            raise broken
        return (False, None) if broken else (True, np.zeros((4, 6, 3), np.uint8))

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_POS_MSEC:
            return self.stamp_ms
        return self.has.get(prop, self.asked.get(prop, 0.0))

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


FIXED = Fixed(exposure_ms=1.5, gain=20, white_balance_k=4600)


def camera(
    node: Path,
    device: FakeDevice,
    *,
    fixed: Fixed = FIXED,
    warn: Callable[[str], None] = lambda sentence: None,
) -> V4l2Camera:
    return V4l2Camera(
        str(node),
        width=640,
        height=480,
        fps=30,
        fixed=fixed,
        warn=warn,
        clock=lambda: 200.0,
        opener=lambda path: device,
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
    camera = V4l2Camera("63", width=640, height=480, fps=30)

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


def test_exposure_gain_and_white_balance_are_fixed_by_hand_before_their_values(node: Path) -> None:
    device = FakeDevice()
    warnings: list[str] = []
    with camera(node, device, warn=warnings.append):
        asked = list(device.asked.items())

    assert device.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert asked[-5:] == [
        (cv2.CAP_PROP_AUTO_EXPOSURE, 1),
        (cv2.CAP_PROP_EXPOSURE, 15),
        (cv2.CAP_PROP_GAIN, 20),
        (cv2.CAP_PROP_AUTO_WB, 0),
        (cv2.CAP_PROP_WB_TEMPERATURE, 4600),
    ]
    assert warnings == []


def test_what_the_driver_refuses_is_told_in_one_warning_once(node: Path) -> None:
    device = FakeDevice(has={cv2.CAP_PROP_FRAME_WIDTH: 800, cv2.CAP_PROP_EXPOSURE: 156})
    warnings: list[str] = []
    opened = camera(node, device, warn=warnings.append)
    for _ in range(2):
        device.frames = 3
        with opened:
            pass

    (warning,) = warnings
    assert "does not take width, exposure_ms as asked" in warning
    assert f"v4l2-ctl -d {node}" in warning


def test_what_a_driver_rounds_is_no_refusal(node: Path) -> None:
    device = FakeDevice(has={cv2.CAP_PROP_FPS: 29.97, cv2.CAP_PROP_WB_TEMPERATURE: 4610})
    warnings: list[str] = []
    with camera(node, device, warn=warnings.append):
        pass

    assert warnings == []


def test_a_camera_that_chooses_its_exposure_itself_is_warned_of(node: Path) -> None:
    warnings: list[str] = []
    with camera(node, FakeDevice(), fixed=Fixed(), warn=warnings.append):
        pass

    assert "set camera.exposure_ms, camera.gain, camera.white_balance_k" in warnings[0]


def test_a_gain_that_the_camera_does_not_have_is_not_asked_for(node: Path) -> None:
    warnings: list[str] = []
    device = FakeDevice(has={cv2.CAP_PROP_GAIN: -1})
    with camera(node, device, fixed=Fixed(exposure_ms=1), warn=warnings.append):
        pass

    assert warnings == [
        f"{node}: the camera chooses by itself what is not set, and grades may change with it: "
        f"set camera.white_balance_k"
    ]


@pytest.mark.parametrize(
    ("exposure_ms", "told"),
    [
        (0.01, "exposure_ms 0.01 becomes 0.1, "),
        (0.05, "exposure_ms 0.05 becomes 0.1, "),
        (0.14, "exposure_ms 0.14 becomes 0.1, "),
        (0.24, ""),
    ],
)
def test_an_exposure_that_becomes_quite_another_is_warned_of(
    node: Path, exposure_ms: float, told: str
) -> None:
    warnings: list[str] = []
    fixed = Fixed(exposure_ms=exposure_ms, gain=1, white_balance_k=4600)
    with camera(node, FakeDevice(), fixed=fixed, warn=warnings.append):
        pass

    assert len(warnings) == bool(told)
    assert told in "".join(warnings)


def test_frames_lost_in_the_driver_are_counted_by_gaps_in_the_kernels_stamps(node: Path) -> None:
    stamps_ms = [199_100.0 + 20 * k for k in (0, 1, 2, 3, 4, 5, 6, 9, 10)]
    with camera(node, FakeDevice(frames=9, stamps_ms=stamps_ms)) as opened:
        indices = [capture.index for _ in stamps_ms if (capture := opened.read()) is not None]

    assert indices == [0, 1, 2, 3, 4, 5, 6, 9, 10]


@pytest.mark.parametrize("broken", [True, cv2.error("bad JPEG")], ids=["none", "raises"])
def test_a_few_broken_frames_are_let_go_and_counted_as_lost(
    node: Path, broken: bool | Exception
) -> None:
    device = FakeDevice(frames=20, broken=lambda k: broken if k in (3, 4, 5, 8) else False)
    newest = NewestFrame(camera(node, device), start=lambda work: None)
    newest.open()
    for _ in range(10):
        newest.pump()

    assert newest.take() is not None
    assert newest.lost == 4


def test_a_broken_frame_with_a_stamp_is_lost_once(node: Path) -> None:
    stamps_ms = [199_100.0 + 20 * k for k in range(12)]
    device = FakeDevice(frames=12, stamps_ms=stamps_ms, broken=lambda k: k == 8)
    with camera(node, device) as opened:
        indices = [capture.index for _ in range(10) if (capture := opened.read()) is not None]

    assert indices == [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]


def test_a_camera_whose_frames_are_all_broken_has_stopped(node: Path) -> None:
    with (
        camera(node, FakeDevice(frames=20, broken=lambda k: k > 2)) as opened,
        pytest.raises(CameraError, match="stopped giving frames"),
    ):
        for _ in range(3):
            opened.read()


def test_what_opencv_raises_is_told_as_the_cameras_failure(node: Path) -> None:
    def grab() -> bool:
        raise cv2.error("select()\n timeout")

    device = FakeDevice()
    with camera(node, device) as opened:
        opened.read()
        device.grab = grab  # type: ignore[method-assign]
        with pytest.raises(CameraError, match=r"stopped giving frames; .* \(select\(\) timeout\)"):
            opened.read()


def test_what_the_system_raises_on_opening_is_told_as_the_cameras_failure(node: Path) -> None:
    def opener(path: Path) -> FakeDevice:
        raise OSError(5, "Input/output error")

    refused = V4l2Camera(str(node), width=640, height=480, fps=30, opener=opener)
    with pytest.raises(CameraError, match=r"does not open; .*Input/output error"):
        refused.open()
