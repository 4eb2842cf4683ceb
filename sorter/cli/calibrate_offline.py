"""`sorter calibrate --lens --belt`: a calibration from photos and a recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sorter.camera.camera import turned
from sorter.camera.frames_csv import FRAMES_CSV, RecordedFrame, read_frames_csv
from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.photo import list_photos, read_photo
from sorter.ruler.calibration import CalibrationError
from sorter.ruler.collecting import DifferentViews, Stamped, on_belt, steady
from sorter.ruler.solve_belt import STANDING_SHARE, OnBelt
from sorter.ruler.target import Target, View

MOST_VIEWS = 40
"""Of the lens: more of them make no better lens, and a slow solution."""
MOST_STANDING, MOST_RUNNING = 10, 60
"""Frames of a recording that are looked at."""


def lens_views(folder: Path, camera: CameraConfig, target: Target) -> list[View]:
    """The board in a folder of photos, each different from the others.

    Raises:
        SorterError: there are no photos, or they are not of the camera's size.
    """
    if not folder.is_dir():
        raise CalibrationError(f"{folder}: there is no such folder; give --lens one of photos")
    photos = list_photos(folder)
    if not photos:
        raise CalibrationError(f"{folder}: no photos in this folder; give JPEG or PNG files")
    different = DifferentViews(target, camera.field_px[0])
    for path in photos:
        view = target.find(_frame(path, camera))
        if view is not None:
            different.offer(view)
        if len(different.kept) == MOST_VIEWS:
            break
    return different.kept


def belt_views(folder: Path, camera: CameraConfig, target: Target) -> list[OnBelt]:
    """The board on the belt, in a recording with ticks.

    Raises:
        SorterError: the folder is no such recording.
    """
    recorded = read_frames_csv(folder) if folder.is_dir() else None
    if recorded is None:
        raise CalibrationError(
            f"{folder}: no folder with a {FRAMES_CSV}; give --belt a recording of the board on the "
            f"belt"
        )
    if recorded[0].tick is None:
        raise CalibrationError(
            f"{folder / FRAMES_CSV}: has no ticks; record again with the encoder connected"
        )
    return on_belt(
        [
            Stamped(
                time_s=frame.time_s,
                tick=frame.tick or 0.0,
                view=target.find(_frame(frame.path, camera)) if looked_at else None,
            )
            for frame, looked_at in _some(recorded)
        ]
    )


def _some(recorded: list[RecordedFrame]) -> Iterator[tuple[RecordedFrame, bool]]:
    """Each frame, and whether it is one of the few that are looked at."""
    ticks = np.array([frame.tick for frame in recorded], np.float64)
    speeds, even = steady(np.array([frame.time_s for frame in recorded]), ticks)
    standing = np.abs(speeds) <= STANDING_SHARE * np.abs(speeds).max()
    chosen: set[int] = set()
    for group, most in ((standing & even, MOST_STANDING), (~standing & even, MOST_RUNNING)):
        members = np.flatnonzero(group)
        spread = np.linspace(0, len(members) - 1, min(most, len(members)))
        chosen |= set(members[np.rint(spread).astype(int)].tolist())
    for number, frame in enumerate(recorded):
        yield frame, number in chosen


def _frame(path: Path, camera: CameraConfig) -> Pixels:
    pixels = turned(read_photo(path), camera.rotate_deg)
    size = pixels.shape[1], pixels.shape[0]
    if size != camera.field_px:
        raise CalibrationError(
            f"{path}: {size[0]} x {size[1]} pixels, but the config's camera has "
            f"{camera.field_px[0]} x {camera.field_px[1]}; take the photos with that camera, at "
            f"that size"
        )
    return pixels
