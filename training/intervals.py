"""Confidence intervals of shares."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
"""Lower and upper bound, 0 … 1."""
Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


def worth(groups: Iterable[Hashable]) -> float:
    """How many independent trials the trials of some groups are worth: photos of one item, copies.

    After Kish (1965), as if those of a group all ended alike, so that the interval of their share
    is never too narrow: 9 copies of each of 50 photos say no more than the 50.

    Args:
        groups: of each trial.
    """
    sizes = Counter(groups).values()
    return sum(sizes) ** 2 / sum(size**2 for size in sizes) if sizes else 0.0


def wilson(right: float, n: float) -> tuple[float, float]:
    """95 % interval of a share, after Wilson (1927); holds for few photos and near 100 % too.

    Args:
        right: successes, 0 … n; with `n` from `worth`, that times the share of successes.
        n: trials; with none, nothing is known and the interval is 0 … 1.

    Returns:
        Lower and upper bound, 0 … 1.
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = right / n, Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if right == 0 else middle - half
    high = 1.0 if right == n else middle + half
    return low, high


def wilson_of(right: Sequence[bool] | NDArray[np.bool_], groups: Sequence[Hashable]) -> Interval:
    """The same for trials in groups, as many as they are `worth`."""
    independent = worth(groups)
    return wilson(sum(map(bool, right)) / len(right) * independent, independent)


def newcombe(right: int, n: int, other_right: int, other_n: int) -> tuple[float, float]:
    """95 % interval of the difference of two shares, the other less the first.

    After Newcombe (1998), method 10: the Wilson intervals of both, put together.

    Args:
        right: successes of the first, 0 … n.
        n: trials of the first, 1 or more.
        other_right: successes of the other.
        other_n: trials of the other, 1 or more.

    Returns:
        Lower and upper bound, -1 … 1.
    """
    first, other = right / n, other_right / other_n
    low, high = wilson(right, n)
    other_low, other_high = wilson(other_right, other_n)
    return (
        other - first - math.hypot(other - other_low, high - first),
        other - first + math.hypot(other_high - other, first - low),
    )


def prediction(right: int, n: int, new: int) -> tuple[float, float]:
    """95 % interval in which the share of successes of `new` further trials will lie.

    Both samples vary: it holds the shares that Newcombe's interval of the difference does not tell
    from the promised one, so a share that it misses is a broken promise and not bad luck.

    Args:
        right: successes so far, 0 … n.
        n: trials so far, 1 or more.
        new: further trials, 1 or more.

    Returns:
        Lowest and highest share that fits, 0 … 1.
    """
    fit = [k / new for k in range(new + 1) if (d := newcombe(right, n, k, new))[0] <= 0 <= d[1]]
    return min(fit), max(fit)
