"""How well a way of training does on photos that it has not seen: each is held out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from training.intervals import wilson_of

if TYPE_CHECKING:
    from training.compare import Field
    from training.fit import Method
    from training.progress import Advance


class FoldAccuracy(BaseModel):
    """Of as many trainings as there are folds; forced top-1 of their int8 files."""

    model_config = ConfigDict(frozen=True)

    accuracy: float
    accuracy_low: float
    """95 % Wilson interval."""
    accuracy_high: float
    n: int
    accuracies: list[float]
    """On each fold."""


def over_folds(field: Field, method: Method, advance: Advance) -> FoldAccuracy:
    """Train on all but one fold and ask about that one, for each fold.

    Args:
        field: the photos and their folds.
        method: of the trainings; each ends with its last epoch.
        advance: called once a fold.
    """
    from training.compare import cross_validate

    count = int(field.fold_of.max()) + 1
    said = cross_validate(field, method, range(count), advance)
    right = said.by_int8.argmax(axis=1) == said.truth
    low, high = wilson_of(right, said.groups)
    return FoldAccuracy(
        accuracy=float(right.mean()),
        accuracy_low=low,
        accuracy_high=high,
        n=len(right),
        accuracies=[float(right[said.fold == fold].mean()) for fold in range(count)],
    )
