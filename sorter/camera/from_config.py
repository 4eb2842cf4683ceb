"""The camera that a config asks for."""

from __future__ import annotations

from pathlib import Path

from sorter.camera.camera import Camera, CameraError
from sorter.config import CameraConfig


def camera_from_config(config: CameraConfig) -> Camera:
    """The camera of `sorter run`; a recording is played at the speed at which it was taken.

    Raises:
        CameraError: the source is not one that `sorter run` can use.
    """
    if config.source == "v4l2":
        from sorter.camera.opencv_camera import OpenCvCamera

        return OpenCvCamera(
            config.device,
            width=config.width,
            height=config.height,
            fps=config.fps,
            rotate_deg=config.rotate_deg,
        )
    if config.source == "file":
        from sorter.camera.file_camera import FileCamera
        from sorter.camera.paced import PacedCamera

        path = Path(config.device)
        fps = config.fps if path.is_dir() else None
        return PacedCamera(FileCamera(path, fps=fps, rotate_deg=config.rotate_deg))
    raise CameraError(
        "camera.source: the twin runs in 'sorter demo'; for 'sorter run' use v4l2 or file"
    )
