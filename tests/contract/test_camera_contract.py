"""What every camera keeps, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sorter.camera.camera import Camera, CameraError
from sorter.camera.file_camera import FileCamera
from sorter.camera.opencv_camera import OpenCvCamera
from sorter.camera.paced import PacedCamera
from sorter.frame import Capture, Pixels

WIDTH, HEIGHT, FPS, FRAMES = 64, 48, 25, 12

Maker = Callable[..., Camera]


def picture(k: int) -> Pixels:
    """Grey by number, with a bright left half, so that order and turning can be told."""
    pixels = np.full((HEIGHT, WIDTH, 3), 10 * k, np.uint8)
    pixels[:, : WIDTH // 2] += 100
    return pixels


def number_of(capture: Capture) -> int:
    return round(float(capture.pixels.min(axis=2).min()) / 10)


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


@pytest.fixture(params=["video", "folder", "recording", "paced", "opencv"])
def make(request: pytest.FixtureRequest) -> Maker:
    kind: str = request.param
    source = "video" if kind in ("paced", "opencv") else kind
    path: Path = request.getfixturevalue(source)

    def maker(**turn: int) -> Camera:
        if kind == "opencv":
            return OpenCvCamera(
                str(path),
                width=WIDTH,
                height=HEIGHT,
                fps=FPS,
                clock=StepClock(),
                **turn,  # type: ignore[arg-type]
            )
        files = FileCamera(path, fps=FPS if kind == "folder" else None, **turn)  # type: ignore[arg-type]
        if kind == "paced":
            return PacedCamera(files, clock=lambda: 1000.0, wait=lambda wait_s: None)
        return files

    return maker


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
def test_frames_are_turned_clockwise(
    make: Maker, turn_deg: int, shape: tuple[int, int], bright: tuple[slice, slice]
) -> None:
    with make(rotate_deg=turn_deg) as camera:
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
