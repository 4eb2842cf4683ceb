"""Where a network misses something: parts of the photo are covered, one after the other."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from sorter.frame import Pixels
from training.explain.subject import Map, Subject, as_seen

PATCH, STRIDE = 1 / 5, 1 / 10
"""Side of the cover and its steps, as parts of the photo's side."""
AT_ONCE = 16
"""Covered photos a call: a network of 224 px that looks at each four times keeps 50 MB of them."""


def occlusion(subject: Subject, photo: Pixels, grade: int) -> Map:
    """How much of a grade's probability is lost when a place is covered (Zeiler and Fergus 2014).

    The cover has the mean colour of the photo's rim, which is belt or tray as a rule.

    Args:
        subject: bundle or run.
        photo: uint8, BGR, any size.
        grade: index.

    Returns:
        size × size: at each pixel, the mean loss over the covers that lie on it, 0 … 1.
    """
    seen = as_seen(photo, subject.preprocess)
    size = len(seen)
    side, step = max(2, round(PATCH * size)), max(1, round(STRIDE * size))
    rim = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]]).mean(axis=0)
    starts = range(-side // 2, size - side // 2, step)
    covers = [
        (slice(max(0, top), top + side), slice(max(0, left), left + side))
        for top, left in itertools.product(starts, starts)
    ]
    covered = np.repeat(seen[None], len(covers), axis=0)
    for one, (rows, columns) in zip(covered, covers, strict=True):
        one[rows, columns] = rim.astype(np.uint8)
    before = subject.probabilities([seen])[0, grade]
    parts = [covered[start : start + AT_ONCE] for start in range(0, len(covered), AT_ONCE)]
    after = np.concatenate([subject.probabilities(list(part)) for part in parts])[:, grade]
    total, times = np.zeros((size, size)), np.zeros((size, size))
    for (rows, columns), loss in zip(covers, np.maximum(before - after, 0.0), strict=True):
        total[rows, columns] += loss
        times[rows, columns] += 1
    # The edges of the covers are no edges of what was lost.
    smooth = cv2.GaussianBlur(total / np.maximum(times, 1), (0, 0), max(0.5, step / 2))
    return np.asarray(smooth)
