"""Makers of photo folders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from sorter.frame import Pixels


def noise(seed: int, size_px: int = 16) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (size_px, size_px, 3)).astype(np.uint8)


def write_photos(root: Path, per_grade: int = 12, grades: tuple[str, ...] = ("L", "M")) -> Path:
    """One folder a grade, each photo different."""
    for number, grade in enumerate(grades):
        (root / grade).mkdir(parents=True)
        for index in range(per_grade):
            cv2.imwrite(str(root / grade / f"{index}.png"), noise(1000 * number + index))
    return root
