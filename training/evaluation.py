"""What a bundle says about photos whose grades are known; on the device's own code."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import Classifier, softmax
from sorter.decision_rule import DecisionRule, strange
from training.errors import PhotosError
from training.intervals import wilson, wilson_of
from training.photos import Photo, read_all
from training.progress import Advance


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Truth and answer for each photo."""

    grades: list[str]
    truth: NDArray[np.intp]
    """n indices into `grades`."""
    probabilities: NDArray[np.float64]
    """n × grades, calibrated."""
    rule: DecisionRule
    """Of the bundle."""
    strangeness: NDArray[np.float64] | None = None
    """n, over 1 is a stranger; None where nobody asked."""
    groups: Sequence[Hashable] | None = None
    """Of each photo; those of one item, and copies, share one. None: each is its own."""
    left_out: tuple[Path, ...] = ()
    """Unreadable files that are not among the n."""

    @property
    def n(self) -> int:
        """Number of photos."""
        return len(self.truth)

    @property
    def said(self) -> NDArray[np.intp]:
        """The likeliest grade of each photo, sure or not."""
        return self.rule.likeliest(self.probabilities)

    @property
    def chosen(self) -> NDArray[np.intp]:
        """The grade of least expected cost of each photo, sure or not."""
        return self.rule.chosen(self.probabilities)

    @property
    def accuracy(self) -> float:
        """Share of right answers when every photo must be answered (forced top-1)."""
        return float((self.said == self.truth).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of `accuracy`, for as many photos as these are `worth`."""
        if self.groups is None:
            return wilson(int((self.said == self.truth).sum()), self.n)
        return wilson_of(self.said == self.truth, self.groups)

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Which photos are called neither unsure nor strange."""
        sure = self.rule.sure(self.probabilities)
        return sure if self.strangeness is None else sure & ~strange(self.strangeness)

    @property
    def unsure(self) -> float:
        """Share of the photos called unsure or strange, 0 … 1."""
        return float(1 - self.decided.mean())

    @property
    def accuracy_decided(self) -> float | None:
        """Share of right answers among the decided photos; None when all are unsure."""
        if not self.decided.any():
            return None
        return float((self.chosen == self.truth)[self.decided].mean())

    @property
    def confusion(self) -> list[list[int]]:
        """Counts by forced top-1: rows are the truth, columns what was said."""
        k = len(self.grades)
        counts = np.bincount(self.truth * k + self.said, minlength=k * k).reshape(k, k)
        return [[int(count) for count in row] for row in counts]

    def as_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        low, high = self.interval
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "unsure": self.unsure,
            "accuracy_decided": self.accuracy_decided,
            "grades": self.grades,
            "confusion": self.confusion,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model says about photos, before anything is made of it."""

    truth: NDArray[np.intp]
    """Index of the true grade of each photo that could be read."""
    logits: NDArray[np.float64]
    """n × grades."""
    strangeness: NDArray[np.float64]
    """n; see `Classifier.strangeness`."""
    left_out: tuple[Path, ...]
    """Unreadable files."""


def answers(
    classifier: Classifier,
    photos: Sequence[Photo],
    *,
    skip_unreadable: bool = False,
    advance: Advance,
) -> Answers:
    """Run photos through a bundle's model.

    Raises:
        PhotosError: a folder is no grade of the bundle, or files are no readable photos.
    """
    unknown = sorted({photo.grade for photo in photos} - set(classifier.grades))
    if unknown:
        raise PhotosError(
            f"the folder {', '.join(unknown)} is no grade of this bundle "
            f"({', '.join(classifier.grades)}); rename it or leave it out"
        )
    read, seen, left_out = read_all(
        photos,
        lambda photo: (classifier.quantize([photo])[0], classifier.strangeness([photo])[0]),
        skip_unreadable=skip_unreadable,
        advance=advance,
    )
    if not read:
        raise PhotosError("none of the photos can be read; give photos as JPEG or PNG")
    outputs = np.concatenate([classifier.invoke(one[None]) for one, _ in seen])
    return Answers(
        truth=np.array([classifier.grades.index(photo.grade) for photo in read]),
        logits=classifier.dequantize(outputs),
        strangeness=np.array([far for _, far in seen]),
        left_out=tuple(left_out),
    )


def evaluate(
    classifier: Classifier,
    photos: Sequence[Photo],
    *,
    skip_unreadable: bool = False,
    advance: Advance,
) -> Evaluation:
    """Classify photos and set the answers against their folders' names.

    Raises:
        PhotosError: see `answers`.
    """
    found = answers(classifier, photos, skip_unreadable=skip_unreadable, advance=advance)
    left_out = set(found.left_out)
    read = [photo for photo in photos if photo.path not in left_out]
    return Evaluation(
        grades=classifier.grades,
        truth=found.truth,
        probabilities=softmax(found.logits / classifier.temperature),
        rule=DecisionRule(classifier.bundle.manifest),
        strangeness=found.strangeness,
        groups=[photo.path if photo.item is None else photo.item for photo in read],
        left_out=found.left_out,
    )
