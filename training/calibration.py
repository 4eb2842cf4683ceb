"""What the int8 model's outputs mean: the temperature and the unsure threshold."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import softmax

TEMPERATURES = (0.05, 20.0)
TARGET_ERROR = 0.05
"""Wanted share of errors among the items that are decided."""
MAX_UNSURE = 0.20
"""A sorter that hands more than this back to the grower saves no work."""
EVEN_CHANCE = 0.5
"""Below it, the best grade is more likely wrong than right."""


def fit_temperature(logits: NDArray[np.float64], truth: NDArray[np.intp]) -> float:
    """The temperature of least negative log-likelihood (Guo et al. 2017).

    With few photos all classified right, the likelihood alone would claim certainty. The
    targets are therefore smoothed by 1 / (n + 2), as Platt (1999) does for his sigmoid.

    Args:
        logits: n × grades, of photos that the model did not learn from.
        truth: n indices of the true grades.
    """
    n, grades = logits.shape
    slack = 1 / (n + 2)
    target = np.full((n, grades), slack / (grades - 1))
    target[np.arange(n), truth] = 1 - slack

    def loss(log_temperature: float) -> float:
        powers = logits / math.exp(log_temperature)
        top = powers.max(axis=1, keepdims=True)
        log_sum = top + np.log(np.exp(powers - top).sum(axis=1, keepdims=True))
        return float((target * (log_sum - powers)).sum())

    # Convex in 1/temperature, so there is one minimum, which a ternary search finds.
    low, high = (math.log(bound) for bound in TEMPERATURES)
    while high - low > 1e-5:
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return math.exp((low + high) / 2)


def unsure_threshold(
    logits: NDArray[np.float64],
    truth: NDArray[np.intp],
    *,
    temperature: float,
    target_error: float = TARGET_ERROR,
) -> float:
    """The best probability under which an item is called unsure.

    The smallest threshold, on the risk-coverage curve of these photos, at which the decided
    rest has at most `target_error` of errors (the selective classification of El-Yaniv and
    Wiener 2010); at least `EVEN_CHANCE`; and never so high that more than `MAX_UNSURE` of these
    photos are unsure.

    Args:
        logits: n × grades, of photos that the model did not learn from.
        truth: n indices of the true grades.
        temperature: see `fit_temperature`.
        target_error: wanted share of errors among the decided, 0 … 1.
    """
    probabilities = softmax(logits / temperature)
    best = probabilities.max(axis=1)
    wrong = probabilities.argmax(axis=1) != truth
    n = len(best)
    ceiling = float(np.sort(best)[math.floor(MAX_UNSURE * n)])
    for candidate in [EVEN_CHANCE, *np.sort(best[best > EVEN_CHANCE])]:
        if candidate >= ceiling:
            break
        if wrong[best >= candidate].mean() <= target_error:
            return float(candidate)
    return ceiling
