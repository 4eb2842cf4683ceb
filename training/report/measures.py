"""Numbers about answers: calibration, agreement on a scale, costs, mix-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Photos of which the model is about equally sure."""

    low: float
    high: float
    n: int
    confidence: float
    """Mean probability of the answers."""
    accuracy: float
    """Share of them that is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixUp:
    """One grade taken for another."""

    truth: str
    said: str
    n: int
    of: int
    """Photos of the grade `truth`."""
    cost: float
    """Of all of them; 1 each where no costs are declared."""
    flattering: bool
    """The grade that was said is worth more than the true one."""


def reliability(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp], bins: int = BINS
) -> list[Bin]:
    """The answers by their probability, in bins of one width; empty ones are left out.

    Args:
        probabilities: n × grades.
        truth: n indices.
        bins: over 0 … 1.
    """
    best = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    at = np.minimum((best * bins).astype(int), bins - 1)
    return [
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            n=int(inside.sum()),
            confidence=float(best[inside].mean()),
            accuracy=float(right[inside].mean()),
        )
        for number in range(bins)
        if (inside := at == number).any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance of confidence and accuracy (Naeini et al. 2015)."""
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.confidence - one.accuracy) for one in bins) / total


def counts(truth: NDArray[np.intp], said: NDArray[np.intp], grades: int) -> list[list[int]]:
    """Confusion matrix: rows truth, columns said."""
    found = np.bincount(truth * grades + said, minlength=grades * grades)
    return [[int(one) for one in row] for row in found.reshape(grades, grades)]


def weighted_kappa(confusion: Sequence[Sequence[int]], ranks: Sequence[int]) -> float | None:
    """Cohen's kappa with quadratic weights (1968): 1 is perfect, 0 is chance.

    Args:
        confusion: counts, rows truth, columns said.
        ranks: place of each grade on the scale.

    Returns:
        None if all photos are of one grade and called so: then there is nothing to agree on.
    """
    seen = np.array(confusion, np.float64)
    scale = np.array(ranks, np.float64)
    weights = (scale[:, None] - scale[None, :]) ** 2
    by_chance = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / seen.sum()
    expected = float((weights * by_chance).sum())
    return 1 - float((weights * seen).sum()) / expected if expected else None


def far_errors(confusion: Sequence[Sequence[int]], ranks: Sequence[int]) -> float:
    """Share of the photos that are two grades or more off."""
    seen = np.array(confusion)
    scale = np.array(ranks)
    return float(seen[np.abs(scale[:, None] - scale[None, :]) >= 2].sum() / seen.sum())


def cost_per_100(
    confusion: Sequence[Sequence[int]], cost: Sequence[Sequence[float]] | None
) -> float:
    """Cost of 100 items; without declared costs it is the number of errors.

    Args:
        confusion: counts, rows truth, columns said.
        cost: `cost[truth][said]`.
    """
    seen = np.array(confusion, np.float64)
    each = 1 - np.eye(len(seen)) if cost is None else np.array(cost, np.float64)
    return 100 * float((seen * each).sum() / seen.sum())


def mix_ups(
    grades: Sequence[str],
    worths: Sequence[float],
    confusion: Sequence[Sequence[int]],
    cost: Sequence[Sequence[float]] | None,
) -> list[MixUp]:
    """Every kind of error that was made, the costliest first.

    Args:
        grades: names.
        worths: of each grade.
        confusion: counts, rows truth, columns said.
        cost: `cost[truth][said]`.
    """
    found = [
        MixUp(
            truth=true_name,
            said=said_name,
            n=n,
            of=sum(confusion[i]),
            cost=n * (1.0 if cost is None else cost[i][j]),
            flattering=worths[j] > worths[i],
        )
        for i, true_name in enumerate(grades)
        for j, said_name in enumerate(grades)
        if i != j and (n := confusion[i][j])
    ]
    return sorted(found, key=lambda one: (one.cost, one.flattering, one.n), reverse=True)
