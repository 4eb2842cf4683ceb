"""From probabilities to a grade, or none: one code for the belt, for photos and for evaluations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sorter.bundle import Manifest

TIE = 1e-9
"""The outputs of an int8 model have 256 steps: two grades are often exactly as likely."""

Rows = NDArray[np.float64]


class DecisionRule:
    """What a bundle decides; of grades that come out even, the one of least worth."""

    def __init__(self, manifest: Manifest) -> None:
        """Take costs, worths and thresholds."""
        self._cost = None if manifest.cost is None else np.asarray(manifest.cost, np.float64)
        self._unsure_below = manifest.unsure_below
        worths = [grade.worth for grade in manifest.grades]
        self._cheapest_first = np.argsort(worths, kind="stable")

    def likeliest(self, probabilities: Rows) -> NDArray[np.intp]:
        """Index of the likeliest grade of each row, sure or not."""
        return self._least(-probabilities)

    def chosen(self, probabilities: Rows) -> NDArray[np.intp]:
        """Index of the grade of least expected cost of each row; without costs the likeliest."""
        if self._cost is None:
            return self.likeliest(probabilities)
        return self._least(probabilities @ self._cost)

    def sure(self, probabilities: Rows) -> NDArray[np.bool_]:
        """Which rows say enough to decide on; none that holds what is no number."""
        return np.asarray(probabilities.max(axis=-1) > self._unsure_below)

    def _least(self, values: Rows) -> NDArray[np.intp]:
        ordered = values[..., self._cheapest_first]
        even = ordered <= ordered.min(axis=-1, keepdims=True) + TIE
        return np.asarray(self._cheapest_first[even.argmax(axis=-1)])


def strange(strangeness: NDArray[np.float64] | np.float64) -> NDArray[np.bool_]:
    """Which photos are like nothing that the model was taught; see `sorter.stranger`."""
    return np.asarray(~np.asarray(strangeness <= 1))
