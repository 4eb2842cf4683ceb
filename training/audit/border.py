"""Whether the corners of the photos alone give the grade away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from training.audit.out_of_fold import enough, out_of_fold
from training.intervals import wilson

CORNER = 0.16
"""Side of a corner, as part of the photo's."""
CLEARLY = 0.10
"""So much must the lower end of the interval lie above always saying the largest grade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """How often a forest is right that sees no more than the four corners."""

    accuracy: float
    accuracy_low: float
    """Of the 95 % Wilson interval."""
    baseline: float
    """Share of the largest grade."""

    @property
    def tells(self) -> bool:
        """Whether the corners clearly give the grade away."""
        return self.accuracy_low > self.baseline + CLEARLY

    def as_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {**asdict(self), "tells": self.tells}

    def note(self) -> list[str]:
        """The sentence for the user, if there is anything to say."""
        if not self.tells:
            return []
        return [
            f"the grade can be told from the corners of the photos alone: {self.accuracy:.0%} "
            f"right without seeing an item, {self.baseline:.0%} by always saying the largest "
            f"grade; light or background differ between the grades, and a model may learn these "
            f"instead of the produce, so photograph all grades mixed, in the same light"
        ]


def border(smalls: Sequence[Pixels], grades: Sequence[str], groups: Sequence[int]) -> Border | None:
    """Try to tell the grades apart by the corners of the photos.

    Args:
        smalls: 32 × 32 × 3, uint8, BGR.
        grades: of each photo.
        groups: of each photo: its copies and other views do not vouch for it.

    Returns:
        None if there are too few photos to say, see `enough`.

    Raises:
        TrainingError: the extra `train` is not installed.
    """
    if not enough(grades, groups):
        return None
    _, labels = np.unique(np.array(grades), return_inverse=True)
    said = out_of_fold(np.stack([corners(one) for one in smalls]), labels, groups).argmax(axis=1)
    right = int((said == labels).sum())
    return Border(
        accuracy=right / len(labels),
        accuracy_low=wilson(right, len(labels))[0],
        baseline=max(Counter(grades).values()) / len(labels),
    )


def corners(small: Pixels) -> NDArray[np.float32]:
    """Mean and spread of the colours in the four corners; 24 numbers."""
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), np.float32) / 255
    side = round(CORNER * len(lab))
    patches = [
        lab[y, x]
        for y in (slice(side), slice(-side, None))
        for x in (slice(side), slice(-side, None))
    ]
    return np.ravel([(one.mean(axis=(0, 1)), one.std(axis=(0, 1))) for one in patches]).astype(
        np.float32
    )
