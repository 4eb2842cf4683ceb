"""Confidence intervals of shares."""

from __future__ import annotations

import math

Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, after Wilson (1927); holds for few photos and near 100 % too.

    Args:
        right: successes, 0 … n.
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
