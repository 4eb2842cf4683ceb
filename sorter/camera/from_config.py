"""The camera that a config asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sorter.camera.camera import Camera, CameraError
from sorter.config import CameraConfig


def camera_from_config(
    config: CameraConfig, warn: Callable[[str], None] = lambda sentence: None
) -> Camera:
    """The camera of `sorter run`; a recording is played at the speed at which it was taken.

    Args:
        config: `source` is not `twin`: that one belongs to the twin's belt.
        warn: takes one sentence about what the camera refuses.
    """
    width, height, fps, turn = config.width, config.height, config.fps, config.rotate_deg
    if config.source == "picamera2":
        from sorter.camera.picamera_camera import PicameraCamera, PiFixed

        red_blue = config.colour_gains
        return PicameraCamera(
            int(config.device.removeprefix("/dev/video")),
            width=width,
            height=height,
            fps=fps,
            rotate_deg=turn,
            fixed=PiFixed(
                exposure_ms=config.exposure_ms,
                gain=config.gain,
                colour_gains=(red_blue[0], red_blue[1]) if red_blue else None,
            ),
            warn=warn,
        )
    if config.source == "gstreamer":
        from sorter.camera.stream_camera import GStreamerCamera

        return GStreamerCamera(config.device, rotate_deg=turn)
    if config.source == "rtsp":
        from sorter.camera.stream_camera import RtspCamera

        return RtspCamera(config.device, rotate_deg=turn)
    if config.source == "file":
        from sorter.camera.file_camera import FileCamera
        from sorter.camera.paced import PacedCamera

        path = Path(config.device)
        return PacedCamera(FileCamera(path, fps=fps if path.is_dir() else None, rotate_deg=turn))
    if config.source == "twin":
        raise CameraError("camera.source twin: it belongs to the simulated belt of 'sorter run'")
    from sorter.camera.v4l2_camera import Fixed, V4l2Camera

    return V4l2Camera(
        config.device,
        width=width,
        height=height,
        fps=fps,
        rotate_deg=turn,
        pixel_format=config.pixel_format,
        fixed=Fixed(
            exposure_ms=config.exposure_ms,
            gain=config.gain,
            white_balance_k=config.white_balance_k,
        ),
        warn=warn,
    )
