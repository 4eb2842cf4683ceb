"""A classifier without a network: it measures the fruit in the photo."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from sorter.twin.cucumber import GRADES, WINDOW_MM
from tests.factories import StubClassifier, make_manifest

STRAIGHT = ("2L", "L", "M", "S", "2S")


def measured_length_mm(photo: Pixels) -> float:
    red = photo[:, :, 2]
    _, mask = cv2.threshold(red, float(np.median(red)) * 0.7, 255, cv2.THRESH_BINARY_INV)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    fruit = max(outlines, key=cv2.contourArea)
    return max(cv2.minAreaRect(fruit)[1]) * WINDOW_MM / len(photo)


def straight_grade(photo: Pixels) -> Sequence[float]:
    """Sure of the straight grade whose length fits best."""
    length_mm = measured_length_mm(photo)
    off = [
        abs(sum(grade.length_mm) / 2 - length_mm) if grade.name in STRAIGHT else np.inf
        for grade in GRADES
    ]
    return [float(k == int(np.argmin(off))) for k in range(len(GRADES))]


def ruler_classifier() -> StubClassifier:
    manifest = make_manifest(
        [grade.name for grade in GRADES],
        preprocess=Preprocess(size_px=467, window_mm=WINDOW_MM),
    )
    return StubClassifier(straight_grade, manifest)
