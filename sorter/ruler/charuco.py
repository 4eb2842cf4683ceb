"""The printed ChArUco board: what it looks like and where its corners are in a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

DICTIONARY = cv2.aruco.DICT_5X5_100
FEWEST_CORNERS = 8
"""A view with fewer says too little of where the board is."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A chessboard whose white squares hold markers, so that a part of it is enough."""

    columns: int
    rows: int
    square_mm: float
    """As printed: measure the bar on the sheet, and give its length."""

    @property
    def marker_mm(self) -> float:
        """Side of a marker."""
        return 0.75 * self.square_mm

    @property
    def size_mm(self) -> tuple[float, float]:
        """Of the whole chessboard."""
        return self.columns * self.square_mm, self.rows * self.square_mm

    @cached_property
    def _board(self) -> Any:
        return cv2.aruco.CharucoBoard(
            (self.columns, self.rows),
            self.square_mm,
            self.marker_mm,
            cv2.aruco.getPredefinedDictionary(DICTIONARY),
        )

    @cached_property
    def _detector(self) -> Any:
        return cv2.aruco.CharucoDetector(self._board)

    @cached_property
    def corners_mm(self) -> Floats:
        """Inner corners of the chessboard by number: n × 3, z = 0, its own corner the origin."""
        return np.asarray(self._board.getChessboardCorners(), np.float64)

    def picture(self, px_per_square: int) -> NDArray[np.uint8]:
        """The chessboard as a grey image without margin."""
        size = (self.columns * px_per_square, self.rows * px_per_square)
        return np.asarray(self._board.generateImage(size, marginSize=0), np.uint8)

    def find(self, pixels: Pixels) -> View | None:
        """Its corners in a frame; None where too few are seen."""
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        corners, numbers, _, _ = self._detector.detectBoard(grey)
        if corners is None or len(corners) < FEWEST_CORNERS:
            return None
        numbers = np.asarray(numbers).ravel()
        places = self.corners_mm[numbers, :2]
        # Corners of one row alone leave the tilt open.
        if np.linalg.matrix_rank(places - places.mean(axis=0), tol=self.square_mm) < 2:
            return None
        return View(numbers=numbers, corners_px=np.asarray(corners, np.float64).reshape(-1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The board in one frame."""

    numbers: NDArray[np.int32]
    """Of the corners seen."""
    corners_px: Floats
    """n × 2, column and row."""
