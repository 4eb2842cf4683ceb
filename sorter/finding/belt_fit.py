"""The belt in one frame: the one colour that varies smoothly over the whole image."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

COARSE_PX = 8
"""The light is computed for every so many pixels, and interpolated."""
SEEDS = 8
"""Colours that are tried as the belt's."""
SEED_STEP = 0.12
"""Width of a colour's bin, as a share of its brightness."""
TOLERANCES = (0.3, 0.2, 0.12, 0.08, 0.08)
"""Distances from the fitted light within which a sample counts as belt, one after the other."""
RIDGE = 1e-6
"""Keeps the fit solvable when all belt in view lies on one line."""
LEAST_SHARE = 0.12
"""Of the samples: with less belt in view the fit is not trusted."""
ONE_COLOUR_SHARE = 0.7
"""Of a row's samples: such a row shows the machine's frame, which stands still."""
ROW_TOLERANCE = 0.08
ROW_GREY = 0.16
"""By so much a row of the belt's own colour is brighter or darker when it is no belt. By less, it
may be a band of light, from a lamp that flickers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltFit:
    """Light of the empty belt as a surface of the second degree, for each channel."""

    coefficients: NDArray[np.float64]
    """6 × 3, of the logarithm."""

    def surface(self, height: int, width: int) -> Floats:
        """Light at every pixel, height × width × 3."""
        coarse = (max(2, height // COARSE_PX), max(2, width // COARSE_PX))
        light = np.exp(_terms(*coarse) @ self.coefficients).astype(np.float32)
        return np.asarray(cv2.resize(light.reshape(*coarse, 3), (width, height)), np.float32)


def fit_belt(samples: Floats) -> BeltFit | None:
    """Find the belt among the fruit.

    Most of the image may be fruit: rounded and of many shades, it spreads over the colours, while
    the belt is flat and differs only by its light. The colour that most samples agree on, once
    its light is fitted, is the belt's.

    Args:
        samples: rows × columns × 3, a grid over the image; colours, or their ratio to a belt that
            was known.

    Returns:
        None where no colour is frequent enough.
    """
    height, width = samples.shape[:2]
    terms = _terms(height, width)
    logs = np.log(np.maximum(samples.reshape(-1, 3).astype(np.float64), 1 / 512))
    best: tuple[int, NDArray[np.float64]] | None = None
    for seed in frequent(logs):
        coefficients = np.zeros((6, 3))
        coefficients[0] = seed
        for tolerance in TOLERANCES:
            near = _near(logs, terms @ coefficients, tolerance)
            if near.sum() < LEAST_SHARE * len(logs):
                break
            # Wide at first, a surface of the second degree would bend towards the fruit.
            kept = 6 if tolerance < TOLERANCES[1] else 3
            some = terms[near][:, :kept]
            coefficients = np.zeros((6, 3))
            # Normal equations: a tenth of the time of lstsq(), and the terms are well conditioned.
            coefficients[:kept] = np.linalg.solve(
                some.T @ some + RIDGE * np.eye(kept), some.T @ logs[near]
            )
        count = int(_near(logs, terms @ coefficients, TOLERANCES[-1]).sum())
        if best is None or count > best[0]:
            best = count, coefficients
    if best is None or best[0] < LEAST_SHARE * len(logs):
        return None
    return BeltFit(coefficients=best[1])


def frame_rows(ratios: Floats) -> Floats:
    """Rows that show the machine's frame: of one colour from end to end, and not the belt's.

    Args:
        ratios: rows × columns × 3, to the fitted belt; columns may be left out.

    Returns:
        rows × 3, what the fitted belt has to be multiplied with; 1 but for such rows.
    """
    middle = np.median(ratios, axis=1)
    spread = np.abs(ratios - middle[:, None]) < ROW_TOLERANCE * middle[:, None]
    frame = spread.all(axis=2).mean(axis=1) >= ONE_COLOUR_SHARE
    grey = middle.mean(axis=1)
    coloured = (np.abs(middle - grey[:, None]) >= TOLERANCES[-1] / 2).any(axis=1)
    frame &= coloured | (np.abs(grey - 1) >= ROW_GREY)
    return np.where(frame[:, None], middle, np.float32(1)).astype(np.float32)


def _terms(height: int, width: int) -> NDArray[np.float64]:
    """Of a surface of the second degree over a grid, height · width × 6."""
    columns, rows = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    x, y = columns.ravel(), rows.ravel()
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)


def frequent(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The most frequent colours among n × 3 logarithms, most frequent first."""
    bins = np.floor(logs / SEED_STEP).astype(np.int64)
    keys = (bins[:, 0] * 4096 + bins[:, 1]) * 4096 + bins[:, 2]
    _, where, counts = np.unique(keys, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:SEEDS]
    return np.stack([logs[where == key].mean(axis=0) for key in order])


def _near(
    logs: NDArray[np.float64], surface: NDArray[np.float64], tolerance: float
) -> NDArray[np.bool_]:
    return np.asarray((np.abs(logs - surface) < tolerance).all(axis=1))
