"""Frames on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sorter.camera.file_camera import FileCamera
from sorter.config_file import load_config
from sorter.errors import SorterError
from sorter.frame import Frame
from sorter.twin.recorder import FrameRecorder
from sorter.twin.setup import demo_config


def frame(index: int) -> Frame:
    pixels = np.full((48, 64, 3), 40 * index, np.uint8)
    return Frame(pixels=pixels, time_s=index / 30, tick=index * 20.25, index=index)


def test_a_recording_is_read_back_by_the_file_camera(tmp_path: Path) -> None:
    with FrameRecorder(tmp_path / "frames", demo_config()) as recorder:
        for index in range(3):
            recorder.add(frame(index))
    camera = FileCamera(tmp_path / "frames")
    camera.open()
    for index in range(3):
        capture = camera.read()
        assert capture is not None
        assert capture.time_s == pytest.approx(index / 30, abs=1e-6)
        assert camera.tick == index * 20.25
        assert capture.pixels.mean() == pytest.approx(40 * index, abs=2)
    assert camera.read() is None


def test_a_recording_brings_the_machines_configuration(tmp_path: Path) -> None:
    with FrameRecorder(tmp_path, demo_config()):
        pass
    assert load_config(tmp_path / "sorter.yaml") == demo_config()


def test_a_folder_with_files_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(SorterError, match="is not empty; give --record a new folder"):
        FrameRecorder(tmp_path, demo_config())


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SorterError, match="give --record another folder"):
        FrameRecorder(tmp_path / "file", demo_config())
