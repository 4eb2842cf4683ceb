"""The printed ChArUco board: what it looks like and where its corners are in a frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.ruler.target import Drawn, Floats, View, spans_plane

DICTIONARY = cv2.aruco.DICT_5X5_100


@dataclass(frozen=True, kw_only=True)
class Charuco:
    """A chessboard whose white squares hold markers, so that a part of it is enough."""

    name = "board"

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

    def drawn(self, px_per_mm: float) -> Drawn:
        """See `Target.drawn`."""
        px_per_square = max(8, round(px_per_mm * self.square_mm))
        return Drawn(picture=self.picture(px_per_square), mm_per_px=self.square_mm / px_per_square)

    def printed(self, scale: float) -> Charuco:
        """See `Target.printed`."""
        return replace(self, square_mm=self.square_mm * scale)

    def find(self, pixels: Pixels) -> View | None:
        """Its corners in a frame; None where too few are seen."""
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        corners, numbers, _, _ = self._detector.detectBoard(grey)
        if corners is None:
            return None
        numbers = np.asarray(numbers).ravel()
        if not spans_plane(self.corners_mm[numbers], self.square_mm):
            return None
        return View(numbers=numbers, corners_px=np.asarray(corners, np.float64).reshape(-1, 2))
