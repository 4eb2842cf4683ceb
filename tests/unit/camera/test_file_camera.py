from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sorter.camera.file_camera import FileCamera
from sorter.camera.paced import PacedCamera
from sorter.errors import SorterError
from sorter.frame import Capture


def write_frame(folder: Path, name: str, level: int = 0, width: int = 16) -> None:
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / name), np.full((12, width, 3), level, np.uint8))


def write_video(path: Path, frames: int) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for k in range(frames):
        writer.write(np.random.default_rng(k).integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()


def read_all(camera: FileCamera) -> list[Capture]:
    with camera:
        captures = []
        while (capture := camera.read()) is not None:
            captures.append(capture)
        return captures


def failure(path: Path, fps: float | None = 25) -> str:
    with pytest.raises(SorterError) as caught:
        read_all(FileCamera(path, fps=fps))
    return str(caught.value)


def test_a_list_of_frames_gives_order_times_and_ticks(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_frame(tmp_path, name)
    (tmp_path / "frames.csv").write_text(
        "file,time_s,tick,note\nb.png,7.5,100,x\na.png,8,101.5,y\n"
    )
    camera = FileCamera(tmp_path)

    seen = []
    with camera:
        while (capture := camera.read()) is not None:
            seen.append((capture.time_s, camera.tick))

    assert seen == [(7.5, 100), (8, 101.5)]


def test_a_list_without_ticks_leaves_the_tick_open(tmp_path: Path) -> None:
    write_frame(tmp_path, "a.png")
    (tmp_path / "frames.csv").write_text("file,time_s,tick\na.png,1,\n")
    camera = FileCamera(tmp_path)

    with camera:
        assert camera.read() is not None
        assert camera.tick is None


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("file,time_s\na.png,1\n", "frames.csv: has no column tick; its first line has to be"),
        ("", "frames.csv: has no column file, time_s, tick"),
        ("file,time_s,tick\n", "frames.csv: names no frames"),
        ("file,time_s,tick\na.png,x,1\n", "frames.csv:2: time_s is 'x'; it has to be a number"),
        ("file,time_s,tick\na.png,1,inf\n", "frames.csv:2: tick is 'inf'; it has to be a number"),
        ("file,time_s,tick\na.png,1,1e30\n", "frames.csv:2: tick is '1e30'; it has to be a number"),
        ("file,time_s,tick\na.png,nan,1\n", "frames.csv:2: time_s is 'nan'; it has to be a number"),
        ("file,time_s,tick\na.png\n", "frames.csv:2: time_s is None; it has to be a number"),
        ("file,time_s,tick\n../a.png,1,1\n", "frames.csv:2: file '../a.png' is no plain file name"),
        ("file,time_s,tick\nz.png,1,1\n", "frames.csv:2: z.png is not in the folder"),
        ("file,time_s,tick\na.png,2,1\na.png,2,1\n", "frames.csv:3: time_s 2 does not come after"),
        ("file,time_s,tick\na.png,1,1\na.png,2,\n", "frames.csv:3: give a tick on every line"),
        ("file,time_s,tick\n\udcff,1,1\n", "frames.csv: unreadable"),
    ],
)
def test_a_damaged_list_names_its_line(tmp_path: Path, lines: str, sentence: str) -> None:
    write_frame(tmp_path, "a.png")
    (tmp_path / "frames.csv").write_bytes(lines.encode(errors="surrogateescape"))

    assert sentence in failure(tmp_path)


def test_a_folder_without_times_needs_a_frame_rate(tmp_path: Path) -> None:
    write_frame(tmp_path, "a.png")

    assert "give --fps" in failure(tmp_path, fps=None)


def test_an_empty_folder_and_a_missing_path_are_refused(tmp_path: Path) -> None:
    assert "no frames in this folder" in failure(tmp_path)
    assert "there is no such file or folder" in failure(tmp_path / "none")


def test_an_unreadable_frame_is_named(tmp_path: Path) -> None:
    write_frame(tmp_path, "a.png")
    (tmp_path / "b.png").write_bytes(b"no image")

    assert "b.png: not a readable image" in failure(tmp_path)


def test_frames_of_two_sizes_are_refused(tmp_path: Path) -> None:
    write_frame(tmp_path, "a.png")
    write_frame(tmp_path, "b.png", width=20)

    assert "b.png: 20 x 12 pixels, but the frames before it have 16 x 12" in failure(tmp_path)


def test_a_video_ends_normally(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", 20)

    assert len(read_all(FileCamera(tmp_path / "v.avi"))) == 20


def test_a_video_can_be_read_at_another_rate(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", 3)

    captures = read_all(FileCamera(tmp_path / "v.avi", fps=100))

    assert [capture.time_s for capture in captures] == [0, 0.01, 0.02]


def test_a_video_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    write_video(path, 20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert "of 20 frames: the video is cut short or damaged" in failure(path, fps=None)


@pytest.mark.parametrize("content", [b"", b"words\n" * 100, b"\x00" * 5000])
def test_what_is_no_video_is_refused(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "v.avi"
    path.write_bytes(content)

    assert "v.avi: not a video that can be read" in failure(path)
    assert capfd.readouterr() == ("", "")


class Film:
    """Stands in for a recording with frames at given times."""

    def __init__(self, *times_s: float) -> None:
        self._times_s = list(times_s)

    def read(self) -> Capture | None:
        if not self._times_s:
            return None
        return Capture(pixels=np.zeros((1, 1, 3), np.uint8), time_s=self._times_s.pop(0), index=0)


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s

    def wait(self, wait_s: float) -> None:
        self.now_s += wait_s


def paced(film: Film, clock: Clock) -> PacedCamera:
    return PacedCamera(film, clock=clock, wait=clock.wait)  # type: ignore[arg-type]


def times_of(camera: PacedCamera) -> list[float]:
    times = []
    while (capture := camera.read()) is not None:
        times.append(capture.time_s)
    return times


def test_a_paced_recording_waits_until_each_frame_is_due() -> None:
    clock = Clock()

    assert times_of(paced(Film(7.0, 7.5, 9.0), clock)) == [50, 50.5, 52]
    assert clock.now_s == 52


def test_a_paced_recording_that_falls_behind_plays_slower() -> None:
    clock = Clock()
    camera = paced(Film(0.0, 1.0, 2.0), clock)

    assert camera.read() is not None
    clock.now_s += 5
    late = camera.read()
    after = camera.read()

    assert late is not None and after is not None
    assert (late.time_s, after.time_s) == (55, 56)
