"""The cameras of a Raspberry Pi's own connector, through Picamera2.

Tested against a stand-in for the library alone; not yet tried on a Raspberry Pi.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any

import numpy as np

from sorter.camera.camera import Camera, CameraError, Turn, chooses_by_itself, turned
from sorter.camera.lost_frames import LostFrames
from sorter.frame import Capture

STAMP_MAX_AGE_S = 1.0
"""A sensor time stamp further back is on another clock, and not believed."""
FRAME_WAIT_S, FRAME_WAIT_FRAMES = 2.0, 4
"""A request that takes longer than both together never comes; the first one after the start takes
the longest."""
BUFFERS = 4
"""With fewer the sensor drops frames while one is worked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PiFixed:
    """What the camera must not choose by itself."""

    exposure_ms: float | None = None
    """None leaves it to the camera, as do the others."""
    gain: float | None = None
    """Analogue, 1 and more."""
    colour_gains: tuple[float, float] | None = None
    """Of red and of blue, against green."""

    def controls(self, fps: float) -> dict[str, object]:
        """As libcamera names them; an exposure or a gain switches its automatic off."""
        frame_us = round(1e6 / fps)
        controls: dict[str, object] = {"FrameDurationLimits": (frame_us, frame_us)}
        if self.exposure_ms is not None:
            controls |= {"AeEnable": False, "ExposureTime": round(1000 * self.exposure_ms)}
        if self.gain is not None:
            controls |= {"AeEnable": False, "AnalogueGain": self.gain}
        if self.colour_gains is not None:
            controls |= {"AwbEnable": False, "ColourGains": self.colour_gains}
        return controls

    def by_itself(self) -> dict[str, str]:
        """What the camera chooses: keys of the config by libcamera's names."""
        values = {
            "ExposureTime": ("exposure_ms", self.exposure_ms),
            "AnalogueGain": ("gain", self.gain),
            "ColourGains": ("colour_gains", self.colour_gains),
        }
        return {name: key for name, (key, value) in values.items() if value is None}


class PicameraCamera(Camera):
    """A Raspberry Pi camera module."""

    def __init__(
        self,
        number: int,
        *,
        width: int,
        height: int,
        fps: float,
        rotate_deg: Turn = 0,
        fixed: PiFixed | None = None,
        warn: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], float] = time.monotonic,
        load: Callable[[str], Any] = importlib.import_module,
    ) -> None:
        """Describe the camera; nothing is opened yet.

        Args:
            number: as `rpicam-hello --list-cameras` numbers them.
            width: pixels before turning.
            height: pixels before turning.
            fps: frames per second.
            rotate_deg: clockwise turn of each frame.
            fixed: exposure, gain and white balance.
            warn: takes one sentence about all that the camera lacks or chooses by itself.
            clock: monotonic, seconds.
            load: imports the library, which only a Raspberry Pi has.
        """
        self.name = f"Raspberry Pi camera {number}"
        self._number = number
        self._size = (width, height)
        self._rotate_deg = rotate_deg
        fixed = fixed or PiFixed()
        self._controls = fixed.controls(fps)
        self._by_itself = fixed.by_itself()
        self._wait_s = FRAME_WAIT_S + FRAME_WAIT_FRAMES / fps
        self._warn = warn
        self._clock = clock
        self._load = load
        self._device: Any = None
        self._first: Capture | None = None
        self._index = 0
        self._lost = LostFrames()

    def open(self) -> None:
        """Open the camera and wait for its first frame."""
        self._index = 0
        self._lost = LostFrames()
        try:
            library = self._load("picamera2")
        except ImportError as error:
            raise CameraError(
                "camera.source picamera2: this Python has no Picamera2; on a Raspberry Pi: "
                "sudo apt install python3-picamera2, and install with --system-site-packages"
            ) from error
        try:
            self._device = library.Picamera2(self._number)
            self._set_up(self._device)
            self._first = self._next()
        # Picamera2 lets out whatever libcamera raises: IndexError, RuntimeError and more.
        except Exception as error:
            self.close()
            raise CameraError(
                f"{self.name}: does not open ({error}); check its ribbon cable and "
                f"rpicam-hello --list-cameras"
            ) from error

    def read(self) -> Capture | None:
        """Wait for the next frame."""
        first, self._first = self._first, None
        try:
            return first or self._next()
        except Exception as error:
            raise CameraError(
                f"{self.name}: the camera stopped giving frames ({error}); check its ribbon cable"
            ) from error

    def close(self) -> None:
        """Release the camera, whatever state it is in."""
        device, self._device, self._first = self._device, None, None
        if device is None:
            return
        # A stop queues behind the request that never comes, unless that is cancelled first.
        for step in ("cancel_all_and_flush", "stop", "close"):
            try:
                getattr(device, step)()
            # As above; who is not closed is never opened again.
            except Exception as error:
                self._warn(f"{self.name}: {step} failed while it was closed ({error})")

    def _set_up(self, device: Any) -> None:
        known = getattr(device, "camera_controls", self._controls)
        missing = [name for name in self._controls if name not in known]
        complaints = [f"this camera has no {', '.join(missing)}"] if missing else []
        by_itself = [key for name, key in self._by_itself.items() if name in known]
        if by_itself:
            complaints.append(chooses_by_itself(by_itself))
        if complaints:
            self._warn(f"{self.name}: {'; '.join(complaints)}")
        # libcamera calls the order blue, green, red of the bytes in memory RGB888.
        device.configure(
            device.create_video_configuration(
                main={"size": self._size, "format": "RGB888"},
                controls={k: v for k, v in self._controls.items() if k not in missing},
                buffer_count=BUFFERS,
            )
        )
        device.start()

    def _request(self) -> Any:
        job = self._device.capture_request(wait=False)
        try:
            return self._device.wait(job, timeout=self._wait_s)
        except (TimeoutError, FutureTimeoutError) as error:
            raise CameraError(f"no frame within {self._wait_s:.1f} s") from error

    def _next(self) -> Capture:
        request = self._request()
        try:
            pixels = np.array(request.make_array("main"), np.uint8)
            metadata = request.get_metadata()
        finally:
            request.release()
        now_s = self._clock()
        taken_s = _middle_of_exposure_s(metadata, now_s)
        if taken_s is None:
            self._lost.skip_one()
        else:
            self._index += self._lost.before(taken_s)
        self._index += 1
        return Capture(
            pixels=turned(pixels, self._rotate_deg),
            time_s=now_s if taken_s is None else taken_s,
            index=self._index - 1,
        )


def _middle_of_exposure_s(metadata: Mapping[str, Any], now_s: float) -> float | None:
    """The sensor stamps the start of the first row's exposure, in nanoseconds since boot."""
    stamp_ns = metadata.get("SensorTimestamp")
    if stamp_ns is None:
        return None
    taken_s = stamp_ns / 1e9 + metadata.get("ExposureTime", 0) / 2e6
    return float(taken_s) if now_s - STAMP_MAX_AGE_S < taken_s <= now_s else None
