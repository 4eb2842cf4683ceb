"""Which frames of the board a calibration learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.ruler.solve_belt import OnBelt
from sorter.ruler.target import Floats, Target, View

APART_SHARE = 0.05
"""Of the image's width: two views differ when some corner of the board moved by so much."""
STILL_SHARE = 0.004
"""A board that moved less since the frame before is held still; else it is blurred, or skewed."""
CHANGING_SHARE = 0.1
"""Of the highest speed: a belt whose speed changes by more around a frame is starting or stopping,
and its ticks do not tell its speed."""


class DifferentViews:
    """Keeps the views that tell something new."""

    def __init__(self, target: Target, width_px: int) -> None:
        """Start with none.

        Args:
            target: the board.
            width_px: of the frames.
        """
        self.kept: list[View] = []
        self._target = target
        self._apart_px = APART_SHARE * width_px
        self._still_px = STILL_SHARE * width_px
        self._sheets: list[Floats] = []
        self._before: Floats | None = None

    def offer(self, view: View) -> bool:
        """Keep a view unless one that is much like it was kept before; whether it was kept."""
        sheet = self._sheet(view)
        if any(_moved_px(sheet, other) < self._apart_px for other in self._sheets):
            return False
        self._sheets.append(sheet)
        self.kept.append(view)
        return True

    def offer_still(self, view: View | None) -> bool:
        """The same for frames that follow each other: only what is held still is kept."""
        before = self._before
        self._before = None if view is None else self._sheet(view)
        if view is None or before is None or self._before is None:
            return False
        return _moved_px(self._before, before) < self._still_px and self.offer(view)

    def _sheet(self, view: View) -> Floats:
        """Where the four corners of the whole board are, seen or not: 4 × 2, pixels."""
        places = self._target.corners_mm[view.numbers, :2]
        plane, _ = cv2.findHomography(places, view.corners_px)
        width, height = self._target.size_mm
        corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
        return np.asarray(cv2.perspectiveTransform(corners, plane)[0], np.float64)


def _moved_px(one: Floats, other: Floats) -> float:
    return float(np.linalg.norm(one - other, axis=1).max())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A frame of the belt with the board on it, or without."""

    time_s: float
    tick: float
    """Belt position by that time."""
    view: View | None


def steady(
    times_s: NDArray[np.float64], ticks: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Speed of the belt at each of some frames that follow each other.

    Returns:
        Ticks per second; and whether the speed is the same before and after.
    """
    if len(times_s) < 2:
        return np.zeros(len(times_s)), np.ones(len(times_s), bool)
    between = np.diff(ticks) / np.diff(times_s)
    before = np.concatenate([between[:1], between])
    after = np.concatenate([between, between[-1:]])
    changing = np.abs(after - before) > CHANGING_SHARE * np.abs(between).max()
    return (before + after) / 2, ~changing


def on_belt(frames: Sequence[Stamped]) -> list[OnBelt]:
    """The frames that show the board while the belt stands or runs evenly.

    Args:
        frames: all that were taken, in the order of their time.
    """
    speeds, even = steady(
        np.array([frame.time_s for frame in frames]), np.array([frame.tick for frame in frames])
    )
    return [
        OnBelt(view=frame.view, tick=frame.tick, ticks_per_s=float(speed))
        for frame, speed, kept in zip(frames, speeds, even, strict=True)
        if kept and frame.view is not None
    ]
