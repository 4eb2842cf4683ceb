"""What the sorter asks of a camera, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import cv2
import numpy as np

from sorter.errors import SorterError
from sorter.frame import Capture, Pixels

if TYPE_CHECKING:
    from typing_extensions import Self

Turn = Literal[0, 90, 180, 270]
"""Clockwise degrees."""


class CameraError(SorterError):
    """The camera cannot be used, or stopped; the message says what to do."""


class Camera(Protocol):
    """A source of frames. Use as a context manager, from one thread."""

    def open(self) -> None:
        """Take hold of the camera.

        Raises:
            CameraError: it is missing, busy or gives no frames.
        """
        ...

    def read(self) -> Capture | None:
        """Wait for the next frame; None at the normal end of a stream.

        Raises:
            CameraError: the camera stopped, or the recording is damaged.
        """
        ...

    def close(self) -> None:
        """Let go of the camera; a camera that is not open stays so."""
        ...

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def chooses_by_itself(keys: Sequence[str]) -> str:
    """The complaint about settings of a camera that nobody has set."""
    return (
        f"the camera chooses by itself what is not set, and grades may change with it: "
        f"set camera.{', camera.'.join(keys)}"
    )


_ROTATIONS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def turned(pixels: Pixels, turn_deg: Turn) -> Pixels:
    """The image turned clockwise; height × width × 3, uint8."""
    if turn_deg == 0:
        return pixels
    return np.asarray(cv2.rotate(pixels, _ROTATIONS[turn_deg]), np.uint8)
