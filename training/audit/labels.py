"""Photos whose grade is probably wrong: confident learning on simple measures of each photo."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from training.audit.out_of_fold import enough, missing, out_of_fold

EDGE_CELLS, EDGE_WAYS, COLOUR_CELLS, FINE_CELLS = 6, 8, 8, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A photo that the others of its grade do not vouch for."""

    index: int
    likely: str
    """The grade that it looks like."""
    confidence: float
    """Cross-validated probability of the grade that it was given, 0 … 1; low is suspect."""


def suspects(
    smalls: Sequence[Pixels], grades: Sequence[str], groups: Sequence[int]
) -> list[Suspect] | None:
    """Find label errors (confident learning, Northcutt et al. 2021), the likeliest first.

    A forest gives each photo probabilities from photos of other groups; cleanlab finds those that
    contradict their grade. Of these, a photo is suspect whose grade is less likely than by blind
    guessing: with nine grades that shade into each other, and 8 % of the labels of real photos
    exchanged, seven of ten suspects are then exchanged ones, of cleanlab's own list four.

    Args:
        smalls: 32 × 32 × 3, uint8, BGR.
        grades: of each photo.
        groups: of each photo: its copies and other views do not vouch for it.

    Returns:
        None if there are too few photos to say, see `enough`.

    Raises:
        TrainingError: the extra `train` is not installed.
    """
    if not enough(grades, groups):
        return None
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise missing(error) from error
    names, labels = np.unique(np.array(grades), return_inverse=True)
    probabilities = out_of_fold(np.stack([measures(small) for small in smalls]), labels, groups)
    found = find_label_issues(
        labels,
        probabilities,
        filter_by="prune_by_class",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return [
        Suspect(
            index=int(index),
            likely=str(names[probabilities[index].argmax()]),
            confidence=float(probabilities[index, labels[index]]),
        )
        for index in found
        if probabilities[index, labels[index]] < 1 / len(names)
    ]


def measures(small: Pixels) -> NDArray[np.float32]:
    """Colour layout, colour spread, directions of edges and strength of detail of a photo.

    Args:
        small: 32 × 32 × 3, uint8, BGR.
    """
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), np.float32) / 255
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)
    across, down = cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)
    way = (np.arctan2(down, across) % np.pi / np.pi * EDGE_WAYS).astype(int) % EDGE_WAYS
    strength = np.hypot(across, down)
    edges = np.stack(
        [_cells(np.where(way == n, strength, 0), EDGE_CELLS) for n in range(EDGE_WAYS)]
    )
    blurred = [lab] + [cv2.GaussianBlur(lab, (0, 0), sigma) for sigma in (1, 2, 4, 8)]
    parts = [
        np.sqrt(edges / (edges.sum() + 1e-3)),
        _cells(lab, COLOUR_CELLS),
        _cells(grey, FINE_CELLS) / 255,
        np.quantile(lab.reshape(-1, 3), [0.05, 0.25, 0.5, 0.75, 0.95], axis=0),
        np.stack([np.std(a - b, axis=(0, 1)) for a, b in itertools.pairwise(blurred)]),
    ]
    return np.concatenate([np.ravel(part) for part in parts]).astype(np.float32)


def _cells(values: NDArray[Any], side: int) -> NDArray[np.float32]:
    small = cv2.resize(np.asarray(values, np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small)
