"""How right the int8 file stays when light, lens and camera get worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import Classifier
from sorter.frame import Pixels
from training import int8_file
from training.progress import Advance
from training.report.disturbances import DISTURBANCES, STRENGTHS, Disturbance, disturbed

RUNS = 1 + STRENGTHS * len(DISTURBANCES)
MOST_PHOTOS, FEWEST_PHOTOS = 300, 25
MOST_MACS = 3e11
"""Of a whole sweep: half a minute on a small processor. Large networks see fewer photos."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One disturbance."""

    what: Disturbance
    accuracies: list[float]
    """At each strength, forced top-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """All disturbances, on the same photos."""

    n: int
    accuracy: float
    """Undisturbed."""
    rows: list[Row]


def affordable(classifier: Classifier, n: int) -> NDArray[np.intp]:
    """Which of n photos a sweep takes, spread evenly; all of them if it can."""
    macs = int8_file.costs(classifier.bundle.models["classifier"]).macs
    most = int(np.clip(MOST_MACS / (macs * RUNS), FEWEST_PHOTOS, MOST_PHOTOS))
    return np.asarray(np.linspace(0, n - 1, min(n, most)).round().astype(np.intp))


def sweep(
    classifier: Classifier,
    photos: Sequence[Pixels],
    truth: NDArray[np.intp],
    advance: Advance,
) -> Sweep:
    """Disturb photos in each way and strength and ask the int8 file about them.

    Args:
        classifier: of the bundle.
        photos: at the size of the input (`explain.subject.as_seen`).
        truth: index of the grade of each.
        advance: called once a disturbance.
    """

    def accuracy(asked: Sequence[Pixels]) -> float:
        said = np.concatenate([classifier.logits([photo]) for photo in asked]).argmax(axis=1)
        return float((said == truth).mean())

    rows = []
    for what in DISTURBANCES:
        accuracies = [accuracy(disturbed(photos, what, strength)) for strength in what.strengths]
        rows.append(Row(what=what, accuracies=accuracies))
        advance(what.name)
    return Sweep(n=len(photos), accuracy=accuracy(photos), rows=rows)
