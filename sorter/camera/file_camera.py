"""A recording instead of a camera: a video file, or a folder of frames."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from sorter.camera.camera import Camera, CameraError, Turn, turned
from sorter.camera.frames_csv import RecordedFrame, read_frames_csv
from sorter.camera.opencv_capture import open_capture
from sorter.frame import Capture, Pixels
from sorter.photo import list_photos, read_photo

_Recorded = tuple[Pixels, float, float | None, str]
"""Pixels, time in seconds, tick where recorded, name."""


class FileCamera(Camera):
    """Plays a recording as fast as it is read.

    A folder is read in the order of its names, at `fps`; with a `frames.csv` (columns file, time_s,
    tick) in the order, at the times and the belt positions given there. A video is read at its own
    rate unless `fps` is given.
    """

    def __init__(self, path: Path, *, fps: float | None = None, rotate_deg: Turn = 0) -> None:
        """Describe the recording; nothing is opened yet.

        Args:
            path: a video file, or a folder of photos.
            fps: frames per second; overrides a video's own, needed for a folder without times.
            rotate_deg: clockwise turn of each frame.
        """
        self.tick: float | None = None
        """Belt position of the frame read last, in ticks; None where the recording has none."""
        self.name = ""
        """Of the frame read last: its file, or `#` and its number in a video."""
        self._path = path
        self._fps = fps
        self._rotate_deg = rotate_deg
        self._frames: Iterator[_Recorded] | None = None
        self._index = 0

    def open(self) -> None:
        """Open the recording and check that there is something in it."""
        self._index = 0
        if self._path.is_dir():
            self._frames = _folder(self._path, self._fps)
        elif self._path.is_file():
            self._frames = _video(self._path, self._fps)
        else:
            raise CameraError(
                f"{self._path}: there is no such file or folder; give a video or a folder of frames"
            )

    def read(self) -> Capture | None:
        """The next frame; None after the last."""
        if self._frames is None:
            return None
        recorded = next(self._frames, None)
        if recorded is None:
            return None
        pixels, time_s, self.tick, self.name = recorded
        self._index += 1
        return Capture(
            pixels=turned(pixels, self._rotate_deg), time_s=time_s, index=self._index - 1
        )

    def close(self) -> None:
        """Close the recording."""
        self._frames = None


def _folder(folder: Path, fps: float | None) -> Iterator[_Recorded]:
    recorded = read_frames_csv(folder)
    if recorded is None:
        photos = list_photos(folder)
        if not photos:
            raise CameraError(
                f"{folder}: no frames in this folder; give a folder of JPEG or PNG frames"
            )
        if fps is None:
            raise CameraError(
                f"{folder}: the folder has no frames.csv, so nobody knows when its frames were "
                f"taken; give --fps"
            )
        recorded = [
            RecordedFrame(path=path, time_s=k / fps, tick=None) for k, path in enumerate(photos)
        ]
    return _photos(recorded)


def _photos(recorded: list[RecordedFrame]) -> Iterator[_Recorded]:
    shape: tuple[int, ...] | None = None
    for frame in recorded:
        pixels = read_photo(frame.path)
        if shape is not None and pixels.shape != shape:
            raise CameraError(
                f"{frame.path}: {pixels.shape[1]} x {pixels.shape[0]} pixels, but the frames "
                f"before it have {shape[1]} x {shape[0]}; all frames must have one size"
            )
        shape = pixels.shape
        yield pixels, frame.time_s, frame.tick, frame.path.name


def _video(path: Path, fps: float | None) -> Iterator[_Recorded]:
    capture = open_capture(path)
    if not capture.isOpened():
        capture.release()
        raise CameraError(f"{path}: not a video that can be read, or cut short; copy it again")
    rate = fps or capture.get(cv2.CAP_PROP_FPS)
    if not (math.isfinite(rate) and 0 < rate <= 1000):
        capture.release()
        raise CameraError(f"{path}: the video does not say its frame rate; give --fps")

    def frames() -> Iterator[_Recorded]:
        count = 0
        try:
            while capture.grab():
                taken, image = capture.retrieve()
                if not taken:
                    break
                yield np.asarray(image, np.uint8), count / rate, None, f"#{count}"
                count += 1
            promised = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        finally:
            capture.release()
        # Some containers only estimate how many frames they hold: 2 % and two frames are let go.
        if count == 0 or count < 0.98 * promised - 2:
            raise CameraError(
                f"{path}: ends after {count} of {promised:.0f} frames: "
                f"the video is cut short or damaged; copy it again"
            )

    return frames()
