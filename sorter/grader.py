"""From an item's views to a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import Classifier
from sorter.decision_rule import DecisionRule, strange
from sorter.frame import Pixels
from sorter.item import Item
from sorter.sharpness import sharp_ones
from sorter.verdict import Verdict, Why


class Grader:
    """Judges items with one invoke of the classifier for all of them."""

    def __init__(self, classifier: Classifier) -> None:
        """Take the classifier; its bundle says when it is unsure and what an error costs."""
        self._classifier = classifier
        self._grades = classifier.bundle.manifest.grade_names
        self.size_px = classifier.bundle.manifest.preprocess.size_px
        """Side of the photos."""
        self._rule = DecisionRule(classifier.bundle.manifest)

    def judge(self, items: Sequence[Item]) -> list[Verdict]:
        """One verdict an item, in order."""
        shown = [self.photos(item) for item in items]
        photos = [photo for own in shown for photo in own]
        rows = self._classifier.probabilities(photos)
        strangeness = self._classifier.strangeness(photos)
        verdicts, start = [], 0
        for count in map(len, shown):
            own = slice(start, start + count)
            start += count
            if not count:
                verdicts.append(_nothing(Why.CUT_OFF))
                continue
            # The median, so that neither one odd view nor one plain view decides.
            stranger = bool(strange(np.median(strangeness[own])))
            verdicts.append(self._verdict(self._classifier.join(rows[own]), stranger))
        return verdicts

    def photos(self, item: Item) -> list[Pixels]:
        """What the classifier sees of an item: the sharp ones of its views."""
        photos = [view.photo(self.size_px) for view in item.views]
        return [photos[place] for place in sharp_ones(photos)]

    def _verdict(self, probabilities: NDArray[np.float64], stranger: bool) -> Verdict:
        if not np.isfinite(probabilities).all():
            # Of numbers that are none, argmax would take the first: the best grade.
            return _nothing(Why.UNSURE)
        why = Why.CLASS
        if stranger:
            why = Why.STRANGER
        elif not self._rule.sure(probabilities):
            why = Why.UNSURE
        chosen = self._grades[int(self._rule.chosen(probabilities))]
        return Verdict(
            grade=chosen if why is Why.CLASS else None,
            best_guess=self._grades[int(self._rule.likeliest(probabilities))],
            probabilities=dict(zip(self._grades, map(float, probabilities), strict=True)),
            why=why,
        )


def _nothing(why: Why) -> Verdict:
    return Verdict(grade=None, best_guess=None, probabilities={}, why=why)
