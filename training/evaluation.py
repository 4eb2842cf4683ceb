"""What a bundle says about photos whose grades are known; on the device's own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import Classifier, softmax
from training.errors import PhotosError
from training.intervals import wilson
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
    unsure_below: float
    left_out: tuple[Path, ...] = ()
    """Unreadable files that are not among the n."""

    @property
    def n(self) -> int:
        """Number of photos."""
        return len(self.truth)

    @property
    def said(self) -> NDArray[np.intp]:
        """The likeliest grade of each photo, sure or not."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def accuracy(self) -> float:
        """Share of right answers when every photo must be answered (forced top-1)."""
        return float((self.said == self.truth).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of `accuracy`."""
        return wilson(int((self.said == self.truth).sum()), self.n)

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Which photos are not called unsure."""
        return np.asarray(self.probabilities.max(axis=1) >= self.unsure_below)

    @property
    def unsure(self) -> float:
        """Share of the photos called unsure, 0 … 1."""
        return float(1 - self.decided.mean())

    @property
    def accuracy_decided(self) -> float | None:
        """Share of right answers among the decided photos; None when all are unsure."""
        if not self.decided.any():
            return None
        return float((self.said == self.truth)[self.decided].mean())

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


def answers(
    classifier: Classifier,
    photos: Sequence[Photo],
    *,
    skip_unreadable: bool = False,
    advance: Advance,
) -> tuple[NDArray[np.intp], NDArray[np.float64], list[Path]]:
    """Run photos through a bundle's model.

    Returns:
        Index of the true grade of each photo that could be read, its logits (n × grades), and
        the unreadable files that were left out.

    Raises:
        PhotosError: a folder is no grade of the bundle, or files are no readable photos.
    """
    unknown = sorted({photo.grade for photo in photos} - set(classifier.grades))
    if unknown:
        raise PhotosError(
            f"the folder {', '.join(unknown)} is no grade of this bundle "
            f"({', '.join(classifier.grades)}); rename it or leave it out"
        )
    read, inputs, left_out = read_all(
        photos,
        lambda photo: classifier.quantize([photo])[0],
        skip_unreadable=skip_unreadable,
        advance=advance,
    )
    if not read:
        raise PhotosError("none of the photos can be read; give photos as JPEG or PNG")
    outputs = np.concatenate([classifier.invoke(one[None]) for one in inputs])
    truth = np.array([classifier.grades.index(photo.grade) for photo in read])
    return truth, classifier.dequantize(outputs), left_out


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
    truth, logits, left_out = answers(
        classifier, photos, skip_unreadable=skip_unreadable, advance=advance
    )
    return Evaluation(
        grades=classifier.grades,
        truth=truth,
        probabilities=softmax(logits / classifier.temperature),
        unsure_below=classifier.bundle.manifest.unsure_below,
        left_out=tuple(left_out),
    )
