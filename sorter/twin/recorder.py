"""Keeping the twin's frames as a folder that `sorter replay` can run on."""

from __future__ import annotations

from pathlib import Path

import cv2
import yaml

from sorter.camera.frames_csv import COLUMNS, FRAMES_CSV
from sorter.config import SorterConfig
from sorter.errors import SorterError
from sorter.frame import Frame

CONFIG_FILE = "sorter.yaml"
JPEG_QUALITY = 95


class FrameRecorder:
    """Writes `frame-000000.jpg` …, `frames.csv` and the machine's `sorter.yaml`.

    Use as a context manager.
    """

    def __init__(self, folder: Path, config: SorterConfig) -> None:
        """Make the folder.

        Raises:
            SorterError: it cannot be made, or holds files already.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise SorterError(f"{folder}: is not empty; give --record a new folder")
            settings = config.model_dump(mode="json", exclude_unset=True)
            (folder / CONFIG_FILE).write_text(yaml.safe_dump(settings, sort_keys=False))
            self._list = (folder / FRAMES_CSV).open("w", encoding="ascii")
        except OSError as error:
            raise SorterError(
                f"{folder}: {error.strerror}; give --record another folder"
            ) from error
        self._folder = folder
        print(*COLUMNS, sep=",", file=self._list)

    def __enter__(self) -> FrameRecorder:
        return self

    def __exit__(self, *exception: object) -> None:
        self._list.close()

    def add(self, frame: Frame) -> None:
        """Write one frame.

        Raises:
            SorterError: it cannot be written.
        """
        path = self._folder / f"frame-{frame.index:06d}.jpg"
        done, coded = cv2.imencode(".jpg", frame.pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        assert done
        try:
            path.write_bytes(coded.tobytes())
            print(path.name, f"{frame.time_s:.6f}", f"{frame.tick:.3f}", sep=",", file=self._list)
        except OSError as error:
            raise SorterError(f"{path}: {error.strerror}; free some space") from error
