"""What Picamera2, GStreamer and RTSP cameras ask for and say, beside the contract of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sorter.camera.camera import CameraError
from sorter.camera.from_config import camera_from_config
from sorter.camera.opencv_capture import has_gstreamer
from sorter.camera.picamera_camera import PicameraCamera, PiFixed
from sorter.camera.stream_camera import GStreamerCamera, RtspCamera
from sorter.frame import Pixels
from tests.contract.picamera_stub import StubPicamera2
from tests.contract.system_opencv import SystemGStreamerCamera, need_system_opencv
from tests.factories import make_camera

PI_FIXED = PiFixed(exposure_ms=1.5, gain=2.0, colour_gains=(1.9, 1.6))


def black() -> Iterator[Pixels]:
    for _ in range(12):
        yield np.zeros((4, 6, 3), np.uint8)


def pi(stub: StubPicamera2, **changes: Any) -> PicameraCamera:
    arguments: dict[str, Any] = {"width": 6, "height": 4, "fps": 50, "load": stub.library}
    return PicameraCamera(0, **(arguments | changes))


def test_the_pi_is_asked_for_fixed_exposure_gain_and_white_balance() -> None:
    stub = StubPicamera2(black)
    with pi(stub, fixed=PI_FIXED):
        pass

    assert stub.asked["main"] == {"size": (6, 4), "format": "RGB888"}
    assert stub.asked["controls"] == {
        "FrameDurationLimits": (20_000, 20_000),
        "AeEnable": False,
        "ExposureTime": 1500,
        "AnalogueGain": 2.0,
        "AwbEnable": False,
        "ColourGains": (1.9, 1.6),
    }
    assert stub.closed


def test_what_a_pi_camera_lacks_is_told_in_one_warning_and_not_asked_for() -> None:
    stub = StubPicamera2(black, controls=("FrameDurationLimits", "ExposureTime", "AeEnable"))
    warnings: list[str] = []
    fixed = PiFixed(exposure_ms=1, colour_gains=(1.9, 1.6))
    with pi(stub, fixed=fixed, warn=warnings.append):
        pass

    assert warnings == ["Raspberry Pi camera 0: this camera has no AwbEnable, ColourGains"]
    assert "AwbEnable" not in stub.asked["controls"]


def test_a_pi_that_chooses_by_itself_is_warned_of() -> None:
    stub = StubPicamera2(black, controls=("FrameDurationLimits", "AeEnable", "ExposureTime"))
    warnings: list[str] = []
    with pi(StubPicamera2(black), warn=warnings.append):
        pass
    with pi(stub, warn=warnings.append):
        pass

    assert "set camera.exposure_ms, camera.gain, camera.colour_gains" in warnings[0]
    assert warnings[1].endswith("set camera.exposure_ms")


def test_a_pi_frames_time_is_the_middle_of_its_exposure_and_lost_ones_are_counted() -> None:
    taken = [0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12]
    stub = StubPicamera2(black, stamps_ns=lambda k: 7_500_000_000 + taken[k] * 20_000_000)
    with pi(stub, clock=lambda: 8.0) as camera:
        captures = [camera.read() for _ in taken]

    assert [c.index for c in captures if c is not None] == taken
    assert captures[0] is not None and captures[0].time_s == pytest.approx(7.501)
    assert stub.out == 0


def test_a_pi_stamp_of_another_clock_is_not_believed() -> None:
    stub = StubPicamera2(black, stamps_ns=lambda k: 10**15)
    with pi(stub, clock=lambda: 8.0) as camera:
        capture = camera.read()

    assert capture is not None and capture.time_s == 8.0


def test_a_pi_camera_that_stalls_has_stopped_and_can_be_opened_again() -> None:
    stub = StubPicamera2(black, stalls_after=3)
    camera = pi(stub)
    with camera:
        for _ in range(3):
            camera.read()
        with pytest.raises(CameraError, match=r"stopped giving frames \(no frame within 2.1 s\)"):
            camera.read()
    assert stub.closed and not stub.started

    stub.stalls_after = None
    with camera:
        assert camera.read() is not None


def test_a_pi_camera_that_stalls_before_its_first_frame_does_not_open_and_is_let_go() -> None:
    stub = StubPicamera2(black, stalls_after=0)

    with pytest.raises(CameraError, match="does not open"):
        pi(stub).open()
    assert stub.closed


def test_a_pi_camera_is_closed_even_where_it_does_not_stop_and_that_is_told() -> None:
    stub = StubPicamera2(black, stop_fails=True)
    warnings: list[str] = []
    with pi(stub, fixed=PI_FIXED, warn=warnings.append):
        pass

    assert stub.closed
    (warning,) = warnings
    assert "stop failed while it was closed (Cannot stop camera: I/O error)" in warning


def test_a_machine_without_picamera2_is_told_how_to_get_it() -> None:
    with pytest.raises(CameraError, match="apt install python3-picamera2"):
        camera_from_config(make_camera(source="picamera2", device="0")).open()


def test_a_pi_without_a_camera_is_named() -> None:
    class NoCamera:
        def Picamera2(self, number: int) -> None:  # noqa: N802
            raise IndexError("list index out of range")

    with pytest.raises(CameraError, match=r"camera 0: does not open \(list index out of range"):
        pi(StubPicamera2(black), load=lambda name: NoCamera()).open()


def test_an_opencv_without_gstreamer_is_told_in_one_sentence() -> None:
    camera = GStreamerCamera("videotestsrc ! appsink", built_in=lambda: False)

    with pytest.raises(CameraError, match="OpenCV of this Python has no GStreamer; use the system"):
        camera.open()


@pytest.mark.skipif(has_gstreamer(), reason="this OpenCV has GStreamer")
def test_the_opencv_from_pypi_has_no_gstreamer() -> None:
    with pytest.raises(CameraError, match="has no GStreamer"):
        camera_from_config(make_camera(source="gstreamer", device="fakesrc ! appsink")).open()


def test_the_pipeline_that_is_recommended_drops_nothing_uncounted() -> None:
    with pytest.raises(CameraError, match="appsink max-buffers=2 drop=false"):
        GStreamerCamera("videotestsrc ! fakesink", built_in=lambda: True).open()


def test_the_systems_opencv_shows_gstreamers_test_picture() -> None:
    need_system_opencv()
    camera = SystemGStreamerCamera(
        "videotestsrc pattern=red ! video/x-raw,width=64,height=48,framerate=60/1 ! videoconvert ! "
        "video/x-raw,format=BGR ! appsink max-buffers=2 drop=false",
        fps=60,
    )
    with camera:
        capture = camera.read()

    assert capture is not None and capture.pixels.shape == (48, 64, 3)
    assert capture.pixels.reshape(-1, 3).mean(axis=0) == pytest.approx([0, 0, 255], abs=3)


def test_a_pipeline_that_does_not_start_is_told_in_one_sentence() -> None:
    need_system_opencv()

    with pytest.raises(CameraError, match="the pipeline does not start; try it alone: gst-launch"):
        SystemGStreamerCamera("nosuchsrc ! appsink", fps=60).open()


def test_a_network_camera_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(CameraError, match="does not answer") as caught:
        RtspCamera("rtsp://grower:secret@127.0.0.1:1/belt").open()

    assert str(caught.value).startswith("rtsp://127.0.0.1:1/belt: ")


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://user:secret@host/belt",
        "rtsp://user:se#cret@host/belt",
        "rtsp://user:se/cret@host/belt",
        "rtsp://user:se?cret@host/belt",
        "rtsp://user:se@cret@host/belt",
        "rtsp://user:se[cret@host/belt",
        "rtsp://host/belt?user=u&password=secret",
        "rtsp://user:a@host/belt?password=cret#cret",
    ],
)
def test_a_network_camera_is_named_without_password_and_query(url: str) -> None:
    assert RtspCamera(url).name == "rtsp://host/belt"


@pytest.mark.parametrize(
    "device",
    ["rtsp://[::1", "rtsp://user:se[cret@host/belt", "rtsp://user:se/cret@host", "rtsp:///belt"],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(device: str) -> None:
    with pytest.raises(
        ValueError, match="allowed: rtsp://user:password@address:554/path"
    ) as caught:
        make_camera(source="rtsp", device=device)
    assert "cret" not in str(caught.value.errors()[0]["msg"])  # type: ignore[attr-defined]
    with pytest.raises(CameraError, match="allowed: rtsp://user:password@address:554/path"):
        RtspCamera(device).open()


@pytest.mark.parametrize("url", ["rtsp://admin:secret", "rtsp://admin:secret/belt"])
def test_who_forgets_the_address_itself_is_not_told_the_password(url: str) -> None:
    assert RtspCamera(url).name == "rtsp://..."


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="begins with rtsp://"):
        RtspCamera(str(tmp_path / "v.avi")).open()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"source": "rtsp"}, "has to be an address that begins with rtsp://"),
        ({"source": "gstreamer"}, "has to be a pipeline that ends in"),
        ({"source": "picamera2", "device": "/dev/cam"}, "has to be the number of the camera"),
        ({"source": "picamera2", "device": "²"}, "has to be the number of the camera"),
        ({"source": "rtsp", "device": "http://h/"}, "has to be an address that begins with rtsp"),
        ({"source": "file", "exposure_ms": 2.0}, "source file cannot be told this; only v4l2 and"),
        ({"colour_gains": [1.0, 2.0]}, "source v4l2 cannot be told this; only picamera2"),
    ],
)
def test_settings_that_the_source_cannot_take_are_refused(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        make_camera(**changes)
