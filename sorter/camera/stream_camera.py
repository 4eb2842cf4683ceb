"""Cameras behind a GStreamer pipeline or a network address."""

from __future__ import annotations

import time
from collections.abc import Callable

from sorter.camera.camera import CameraError, Turn
from sorter.camera.opencv_camera import OpenCvCamera
from sorter.camera.opencv_capture import (
    VideoCapture,
    has_gstreamer,
    open_pipeline,
    open_stream,
)
from sorter.stream_address import misfit_of_address, shown_address


class GStreamerCamera(OpenCvCamera):
    """What a pipeline delivers, such as the CSI camera of a Jetson.

    Frames get their time of arrival: the pipeline's own clock is not the machine's.
    """

    def __init__(
        self,
        pipeline: str,
        *,
        rotate_deg: Turn = 0,
        clock: Callable[[], float] = time.monotonic,
        opener: Callable[[str], VideoCapture] = open_pipeline,
        built_in: Callable[[], bool] = has_gstreamer,
    ) -> None:
        """Describe the camera; nothing is opened yet.

        Args:
            pipeline: as for gst-launch-1.0, ending in `video/x-raw,format=BGR ! appsink`.
            rotate_deg: clockwise turn of each frame.
            clock: monotonic, seconds.
            opener: opens a pipeline.
            built_in: whether this OpenCV has GStreamer.
        """
        super().__init__("the GStreamer camera", rotate_deg=rotate_deg, clock=clock)
        self._pipeline = pipeline
        self._opener = opener
        self._built_in = built_in

    def _connect(self) -> VideoCapture:
        if not self._built_in():
            raise CameraError(
                "camera.source gstreamer: the OpenCV of this Python has no GStreamer; use the "
                "system's one (docs/installing.md: A camera on GStreamer), or another source"
            )
        if "appsink" not in self._pipeline:
            raise CameraError(
                "camera.device: a GStreamer pipeline has to end in '! videoconvert ! "
                "video/x-raw,format=BGR ! appsink max-buffers=2 drop=false'"
            )
        return self._opener(self._pipeline)

    def _does_not_open(self) -> str:
        return f"the pipeline does not start; try it alone: gst-launch-1.0 {self._pipeline}"

    def _gives_no_frames(self) -> str:
        return f"the pipeline gives no frames; try it alone: gst-launch-1.0 {self._pipeline}"


class RtspCamera(OpenCvCamera):
    """A network camera. Frames get their time of arrival, which the network makes uneven."""

    def __init__(
        self,
        url: str,
        *,
        rotate_deg: Turn = 0,
        clock: Callable[[], float] = time.monotonic,
        opener: Callable[[str], VideoCapture] = open_stream,
    ) -> None:
        """Describe the camera; nothing is opened yet.

        Args:
            url: as in rtsp://user:password@address:554/path; the password is told to nobody.
            rotate_deg: clockwise turn of each frame.
            clock: monotonic, seconds.
            opener: opens an address.
        """
        super().__init__(shown_address(url), rotate_deg=rotate_deg, clock=clock)
        self._url = url
        self._opener = opener

    def _connect(self) -> VideoCapture:
        misfit = misfit_of_address(self._url)
        if misfit is not None:
            raise CameraError(f"camera.device: {misfit}")
        return self._opener(self._url)

    def _does_not_open(self) -> str:
        return "the network camera does not answer; check address, user, password and cable"

    def _gives_no_frames(self) -> str:
        return "the network camera answers but gives no frames; check the path of its address"
