"""What every camera keeps, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sorter.camera.camera import Camera, CameraError
from sorter.camera.file_camera import FileCamera
from sorter.camera.paced import PacedCamera
from sorter.camera.picamera_camera import PicameraCamera
from sorter.camera.stream_camera import RtspCamera
from sorter.camera.v4l2_camera import V4l2Camera
from sorter.config import CameraConfig
from sorter.frame import Capture, Pixels
from sorter.twin.live import BeltView, TwinCamera
from sorter.twin.placed import Placed
from tests.contract.picamera_stub import StubPicamera2
from tests.contract.rtsp_server import RtspServer
from tests.contract.system_opencv import SystemGStreamerCamera, need_system_opencv

WIDTH, HEIGHT, FPS, FRAMES = 64, 48, 25, 12

Maker = Callable[..., Any]


def picture(k: int) -> Pixels:
    """Grey by number, with a bright left half, so that order and turning can be told."""
    pixels = np.full((HEIGHT, WIDTH, 3), 10 * k, np.uint8)
    pixels[:, : WIDTH // 2] += 100
    return pixels


def number_of(capture: Capture) -> int:
    # The middle of the darker half: what compression does to single pixels does not count.
    return round(float(np.quantile(capture.pixels, 0.25)) / 10)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "belt.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for k in range(FRAMES):
        writer.write(picture(k))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "frames"
    path.mkdir()
    for k in range(FRAMES):
        cv2.imwrite(str(path / f"{k:04}.png"), picture(k))
    return path


@pytest.fixture
def recording(folder: Path) -> Path:
    lines = [f"{k:04}.png,{k / FPS + 5},{k * 4.5}" for k in range(FRAMES)]
    (folder / "frames.csv").write_text("\n".join(["file,time_s,tick", *lines]))
    return folder


class StepClock:
    """Moves one frame on with every look."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        self.now_s += 1 / FPS
        return self.now_s


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "belt.raw"
    path.write_bytes(b"".join(picture(k).tobytes() for k in range(FRAMES)))
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtspServer]:
    path = tmp_path / "belt.ts"
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT)
    )
    # A frame is complete when the next one begins: the last one never comes through.
    for k in range(FRAMES + 1):
        writer.write(picture(k))
    writer.release()
    server = RtspServer(path)
    yield server
    server.close()


def _files(source: str) -> Callable[[pytest.FixtureRequest], Maker]:
    def of(request: pytest.FixtureRequest) -> Maker:
        path: Path = request.getfixturevalue(source)
        return partial(FileCamera, path, fps=FPS if source == "folder" else None)

    return of


def _paced(request: pytest.FixtureRequest) -> Maker:
    path: Path = request.getfixturevalue("video")
    return lambda **turn: PacedCamera(
        FileCamera(path, **turn), clock=lambda: 1000.0, wait=lambda wait_s: None
    )


def _v4l2(request: pytest.FixtureRequest) -> Maker:
    path: Path = request.getfixturevalue("video")
    size = {"width": WIDTH, "height": HEIGHT, "fps": FPS}
    return lambda **turn: V4l2Camera(str(path), clock=StepClock(), **size, **turn)


def _picamera2(request: pytest.FixtureRequest) -> Maker:
    stub = StubPicamera2(lambda: (picture(k) for k in range(FRAMES)))
    size = {"width": WIDTH, "height": HEIGHT, "fps": FPS}
    return lambda **turn: PicameraCamera(0, clock=StepClock(), load=stub.library, **size, **turn)


def _gstreamer(request: pytest.FixtureRequest) -> Maker:
    need_system_opencv()
    path: Path = request.getfixturevalue("raw")
    pipeline = (
        f"filesrc location={path} ! rawvideoparse format=bgr width={WIDTH} height={HEIGHT} "
        f"framerate={FPS}/1 ! videoconvert ! video/x-raw,format=BGR ! appsink sync=false"
    )
    return partial(SystemGStreamerCamera, pipeline, fps=FPS)


def _rtsp(request: pytest.FixtureRequest) -> Maker:
    server: RtspServer = request.getfixturevalue("server")
    return lambda **turn: RtspCamera(server.url, clock=StepClock(), **turn)


class NumberedScenery:
    """Pictures in place of a belt; the lamp goes out after the last."""

    def __init__(self) -> None:
        self._left = iter(range(FRAMES))

    def render(self, travel_mm: float, time_s: float, items: Iterable[Placed]) -> Pixels:
        number = next(self._left, None)
        if number is None:
            raise CameraError("there are no more pictures")
        return picture(number)


def _twin(request: pytest.FixtureRequest) -> Maker:
    clock = StepClock()

    def wait(wait_s: float) -> None:
        clock.now_s += wait_s

    # Smaller than any camera that a config may name.
    size = {"width": WIDTH, "height": HEIGHT}
    return lambda: TwinCamera(
        CameraConfig(source="twin", fps=FPS).model_copy(update=size),
        lambda: BeltView(time_s=clock.now_s, travel_mm=0.0, placed=()),
        clock=lambda: clock.now_s,
        wait=wait,
        scenery=lambda camera: NumberedScenery(),
    )


CAMERAS: dict[str, Callable[[pytest.FixtureRequest], Maker]] = {
    "video": _files("video"),
    "folder": _files("folder"),
    "recording": _files("recording"),
    "paced": _paced,
    "v4l2": _v4l2,
    "picamera2": _picamera2,
    "gstreamer": _gstreamer,
    "rtsp": _rtsp,
    "twin": _twin,
}


@pytest.fixture(params=CAMERAS)
def make(request: pytest.FixtureRequest) -> Maker:
    return CAMERAS[request.param](request)


def all_of(camera: Camera) -> list[Capture]:
    """Every frame up to the end of the stream; a device ends in an error instead."""
    captures = []
    while len(captures) <= FRAMES:
        try:
            capture = camera.read()
        except CameraError:
            break
        if capture is None:
            break
        captures.append(capture)
    return captures


def test_every_frame_comes_once_and_in_order(make: Maker) -> None:
    with make() as camera:
        captures = all_of(camera)

    assert [number_of(capture) for capture in captures] == list(range(FRAMES))
    assert [capture.index for capture in captures] == list(range(FRAMES))


def test_frames_are_bgr_bytes_of_one_size(make: Maker) -> None:
    with make() as camera:
        captures = all_of(camera)

    assert {capture.pixels.shape for capture in captures} == {(HEIGHT, WIDTH, 3)}
    assert {capture.pixels.dtype for capture in captures} == {np.dtype(np.uint8)}


def test_times_grow_by_the_frame_rate(make: Maker) -> None:
    with make() as camera:
        times_s = [capture.time_s for capture in all_of(camera)]

    assert np.diff(times_s) == pytest.approx([1 / FPS] * (FRAMES - 1))


@pytest.mark.parametrize(
    ("turn_deg", "shape", "bright"),
    [
        (90, (WIDTH, HEIGHT), np.s_[: WIDTH // 2, :]),
        (180, (HEIGHT, WIDTH), np.s_[:, WIDTH // 2 :]),
        (270, (WIDTH, HEIGHT), np.s_[WIDTH // 2 :, :]),
    ],
)
@pytest.mark.parametrize("source", [source for source in CAMERAS if source != "twin"])
def test_frames_are_turned_clockwise(
    request: pytest.FixtureRequest,
    source: str,
    turn_deg: int,
    shape: tuple[int, int],
    bright: tuple[slice, slice],
) -> None:
    with CAMERAS[source](request)(rotate_deg=turn_deg) as camera:
        capture = camera.read()

    assert capture is not None
    assert capture.pixels.shape[:2] == shape
    assert capture.pixels[bright].mean() == pytest.approx(100, abs=4)


def test_a_camera_can_be_opened_again_after_it_was_closed(make: Maker) -> None:
    camera = make()
    with camera:
        camera.read()
    camera.close()
    with camera:
        capture = camera.read()

    assert capture is not None
    assert number_of(capture) == 0
