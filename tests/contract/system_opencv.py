"""The system's OpenCV, which has GStreamer, behind a pipe.

The camera itself runs over there, in the system's Python; here stands only what passes it on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sorter.camera.camera import Camera, CameraError
from sorter.frame import Capture

ROOT = Path(__file__).parents[2]
PYTHON = "/usr/bin/python3"
HAS_IT = (
    "import sys; sys.version_info >= (3, 10) or sys.exit(1); "
    "from cv2 import CAP_GSTREAMER, videoio_registry as r; "
    "sys.exit(not r.hasBackend(CAP_GSTREAMER))"
)


@cache
def has_system_opencv() -> bool:
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", HAS_IT], capture_output=True, check=False).returncode == 0


def need_system_opencv() -> None:
    """Skip where the system has no OpenCV with GStreamer; fail in CI."""
    if has_system_opencv():
        return
    import pytest

    sentence = "needs Debian's python3-opencv and gstreamer1.0-plugins-base: make packages"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


class SystemGStreamerCamera(Camera):
    """A `GStreamerCamera` in the system's Python."""

    def __init__(self, pipeline: str, *, fps: float, rotate_deg: int = 0) -> None:
        self._arguments = json.dumps([pipeline, fps, rotate_deg])
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        self._process = subprocess.Popen(
            [PYTHON, "-m", "tests.contract.system_opencv", self._arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answer()

    def read(self) -> Capture | None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(b"read\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert self._process.stdout is not None
        shape = answer["shape"]
        data = self._process.stdout.read(shape[0] * shape[1] * shape[2])
        pixels = np.frombuffer(data, np.uint8).reshape(shape)
        return Capture(pixels=pixels, time_s=answer["time_s"], index=answer["index"])

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "error" in answer:
            self.close()
            raise CameraError(answer["error"])
        return answer


def _ticking(fps: float) -> Iterator[float]:
    now_s = 1000.0
    while True:
        now_s += 1 / fps
        yield now_s


def _serve(pipeline: str, fps: float, rotate_deg: Any) -> None:
    from sorter.camera.stream_camera import GStreamerCamera

    out = sys.stdout.buffer
    clock = _ticking(fps)
    try:
        with GStreamerCamera(pipeline, rotate_deg=rotate_deg, clock=lambda: next(clock)) as camera:
            _say(out, {})
            for _ in sys.stdin:
                capture = camera.read()
                assert capture is not None
                _say(
                    out,
                    {
                        "shape": capture.pixels.shape,
                        "time_s": capture.time_s,
                        "index": capture.index,
                    },
                )
                out.write(np.ascontiguousarray(capture.pixels).tobytes())
                out.flush()
    except CameraError as error:
        _say(out, {"error": str(error)})


def _say(out: Any, answer: dict[str, object]) -> None:
    out.write(json.dumps(answer).encode() + b"\n")
    out.flush()


if __name__ == "__main__":
    _serve(*json.loads(sys.argv[1]))
