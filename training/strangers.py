"""What the training photos look like, and how unlike them a photo has to be to be a stranger."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from sorter.stranger import Familiar, describe
from training.labelled import Labelled
from training.progress import Advance

SHARE = 0.02
"""Of the known produce that is called strange."""
FOLDS = 5
VIEWS = 2
"""Of each photo in another light; so many more than are learned from as it is."""
GAIN, WHITE_BALANCE, OFFSET_LEVELS = 0.15, 0.04, 8.0
"""By how much the light of a belt drifts; see `training.augment`."""


def familiar(
    train: Labelled,
    calibration: Labelled,
    preprocess: Preprocess,
    *,
    seed: int,
    share: float = SHARE,
    advance: Advance,
) -> Familiar:
    """Learn from known produce alone what is strange.

    The threshold is the split-conformal quantile (Vovk et al. 2005): of the next items of known
    produce, at most `share` are over it in expectation, or 1 / (n + 1) if that is more. It is taken
    on the calibration photos, and on the training photos as well, each fifth of a grade's series
    seen by what was learned from the rest (cross-conformal, Vovk 2015), and the higher one counts:
    calibration photos in a row may show one box in one light.

    Args:
        train: in the order of the series; learned from as they are and in other light.
        calibration: of the same grades.
        preprocess: that made the inputs.
        seed: of the light.
        share: of known produce that may be called strange.
        advance: called once a photo.
    """
    random = np.random.default_rng(seed)
    order = preprocess.colour_order
    rows = []
    for photo in train.inputs:
        views = [photo, *(_relit(photo, random) for _ in range(VIEWS))]
        rows.append([describe(view, order) for view in views])
        advance("")
    described = np.stack(rows)
    fold = np.zeros(len(described), int)
    for grade in np.unique(train.labels):
        own = np.flatnonzero(train.labels == grade)
        fold[own] = np.arange(len(own)) * FOLDS // len(own)
    away = []
    for number in range(FOLDS):
        seen, kept = fold != number, fold == number
        if seen.any() and kept.any():
            learned = _learned(described[seen], train.labels[seen])
            away.append(learned.distances(described[kept].reshape(-1, described.shape[-1])))
    whole = _learned(described, train.labels)
    known = []
    for photo in calibration.inputs:
        known.append(describe(photo, order))
        advance("")
    above = max(
        _quantile(whole.distances(np.stack(known)), share), _quantile(np.concatenate(away), share)
    )
    return Familiar(means=whole.means, whitening=whole.whitening, above=above)


def _learned(described: NDArray[np.float64], labels: NDArray[np.intp]) -> Familiar:
    """Mean of each grade and one covariance for all, shrunk after Ledoit and Wolf (2004)."""
    from sklearn.covariance import LedoitWolf

    grades = np.unique(labels)
    means = np.stack([described[labels == grade].mean(axis=(0, 1)) for grade in grades])
    spread = described - means[np.searchsorted(grades, labels)][:, None]
    fitted = LedoitWolf(assume_centered=True).fit(spread.reshape(-1, described.shape[-1]))
    # A set of one flat colour has no spread at all.
    floor = 1e-6 * np.eye(described.shape[-1])
    whitening = np.linalg.cholesky(np.linalg.inv(fitted.covariance_ + floor))
    return Familiar(
        means=means.astype(np.float32), whitening=whitening.astype(np.float32), above=math.inf
    )


def _quantile(distances: NDArray[np.float64], share: float) -> float:
    n = len(distances)
    return float(np.sort(distances)[min(n, math.ceil((n + 1) * (1 - share))) - 1])


def _relit(photo: Pixels, random: np.random.Generator) -> Pixels:
    """In another light, and turned over as items fall."""
    gain = random.uniform(1 - GAIN, 1 + GAIN)
    balance = random.uniform(1 - WHITE_BALANCE, 1 + WHITE_BALANCE, 3)
    lit = photo * (gain * balance) + random.uniform(-OFFSET_LEVELS, OFFSET_LEVELS)
    up, left = (slice(None, None, way) for way in random.choice([-1, 1], 2))
    return np.clip(lit[up, left], 0, 255).astype(np.uint8)
