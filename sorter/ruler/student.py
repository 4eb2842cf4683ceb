"""How far a mean of few readings may be off."""

from __future__ import annotations

_EXACT = {1: 12.706, 2: 4.303, 3: 3.182}
"""Where the series does not hold."""


def student_t(freedom: int) -> float:
    """97.5 % point of Student's t: a table, and from 4 degrees on the Cornish-Fisher series.

    Within 2 %.

    Args:
        freedom: degrees of freedom, at least 1.
    """
    z = 1.959964
    return _EXACT.get(freedom) or (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
