"""What the int8 model's outputs mean: the temperature and the unsure threshold."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TEMPERATURES = (0.05, 20.0)
TARGET_ERROR = 0.05
"""Wanted share of wrong grades among all items."""
MUCH = 0.20
"""A sorter that hands more than this back to the grower saves little work."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsureRule:
    """Below what probability an item is unsure, and what that is good for."""

    unsure_below: float
    """A best probability that is not over it is unsure."""
    wanted: float
    """Share of all items that may get a wrong grade."""
    promised: float
    """The share that is kept: `wanted`, or more if the photos are too few to promise that."""
    unsure: float
    """Share of the calibration photos that are unsure."""
    n: int
    """Calibration photos, those of one item and copies counted once."""

    def notes(self) -> list[str]:
        """What the user should know, one sentence each."""
        said = []
        if self.promised > self.wanted:
            enough = math.ceil(1 / self.wanted - 1) if self.wanted else None
            more = "no number of photos can" if enough is None else f"it takes {enough} of them"
            said.append(
                f"{self.n} different calibration photos cannot promise that at most "
                f"{self.wanted:.1%} of the items get a wrong grade ({more}), only "
                f"{self.promised:.1%}; add photos, or raise --target-error"
            )
        if self.unsure > MUCH:
            said.append(
                f"{self.unsure:.0%} of the calibration photos are called unsure, so that at most "
                f"{self.promised:.1%} of the items get a wrong grade; "
                f"add photos of the grades that are mixed up, or raise --target-error"
            )
        return said


def unsure_rule(
    probabilities: NDArray[np.float64],
    right: NDArray[np.bool_],
    *,
    target_error: float = TARGET_ERROR,
    groups: Sequence[Hashable] | None = None,
) -> UnsureRule:
    """The lowest threshold at which few enough items get a wrong grade.

    Conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster 2022): an item's loss is 1
    if it is decided, and wrongly; it can only fall as the threshold rises. With the threshold at
    which n calibration photos have at most `target_error` · (n + 1) - 1 losses, the expected loss
    of the next item is at most `target_error`, whatever the model and however few the photos. No
    threshold promises less than 1 / (n + 1). At least `EVEN_CHANCE`, because a grade that is more
    likely wrong than right helps nobody.

    Args:
        probabilities: n × grades, calibrated, of photos that the model did not learn from.
        right: which of the photos get their grade, decided or not.
        target_error: wanted share of wrong grades among all items, 0 … 1.
        groups: of each photo: photos of one item, and copies, share one. Of a group the mean loss
            counts, for it is the groups that are drawn anew. None: each photo is its own.
    """
    best = probabilities.max(axis=1)
    _, own, sizes = np.unique(
        np.arange(len(best)) if groups is None else [str(one) for one in groups],
        return_inverse=True,
        return_counts=True,
    )
    n = len(sizes)
    promised = max(target_error, 1 / (n + 1))
    # A rounding error must not cost one of the losses that are allowed.
    allowed = promised * (n + 1) - 1 + 1e-9
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-best[wrong], kind="stable")]
    too_many = np.flatnonzero(np.cumsum(1 / sizes[own[wrong]]) > allowed)
    below = EVEN_CHANCE
    if len(too_many):
        below = max(EVEN_CHANCE, float(best[wrong[too_many[0]]]))
    return UnsureRule(
        unsure_below=min(below, 1.0),
        wanted=target_error,
        promised=promised,
        unsure=float((best <= below).mean()),
        n=n,
    )


def calibration_gap(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Squared distance of confidence and accuracy, free of the bias of small bins.

    In bins of equal numbers; from each bin's squared gap the variance of its accuracy is taken off
    (Kumar, Liang and Ma 2019). May be under 0. Its mean over several models, rooted, is nowhere
    under the expected calibration error of those bins.

    Args:
        confidence: n best probabilities.
        right: whether each best grade is the true one.
        bins: the most; fewer where a bin would hold less than ten photos.
    """
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, max(1, min(bins, len(order) // 10)))
    total = 0.0
    for part in parts:
        accuracy = float(right[part].mean())
        gap = float(confidence[part].mean()) - accuracy
        total += len(part) * (gap**2 - accuracy * (1 - accuracy) / max(1, len(part) - 1))
    return total / len(confidence)
