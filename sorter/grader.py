"""From an item's views to a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import Classifier
from sorter.item import Item
from sorter.verdict import Verdict, Why


class Grader:
    """Judges items with one invoke of the classifier for all of them."""

    def __init__(self, classifier: Classifier) -> None:
        """Take the classifier; its bundle says when it is unsure and what an error costs."""
        self._classifier = classifier
        manifest = classifier.bundle.manifest
        self._grades = manifest.grade_names
        self._unsure_below = manifest.unsure_below
        self._cost = None if manifest.cost is None else np.asarray(manifest.cost, np.float64)

    def judge(self, items: Sequence[Item]) -> list[Verdict]:
        """One verdict an item, in order."""
        photos = [view.crop for item in items for view in item.views]
        rows = self._classifier.probabilities(photos)
        verdicts, start = [], 0
        for item in items:
            views = rows[start : start + len(item.views)]
            start += len(item.views)
            verdicts.append(
                self._verdict(self._classifier.join(views)) if len(views) else _nothing(Why.CUT_OFF)
            )
        return verdicts

    def _verdict(self, probabilities: NDArray[np.float64]) -> Verdict:
        if not np.isfinite(probabilities).all():
            # Of numbers that are none, argmax would take the first: the best grade.
            return _nothing(Why.UNSURE)
        best = int(probabilities.argmax())
        chosen = best if self._cost is None else int((probabilities @ self._cost).argmin())
        sure = probabilities[best] >= self._unsure_below
        return Verdict(
            grade=self._grades[chosen] if sure else None,
            best_guess=self._grades[best],
            probabilities=dict(zip(self._grades, map(float, probabilities), strict=True)),
            why=Why.CLASS if sure else Why.UNSURE,
        )


def _nothing(why: Why) -> Verdict:
    return Verdict(grade=None, best_guess=None, probabilities={}, why=why)
