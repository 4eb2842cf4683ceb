"""How well a way of training does on photos that it has not seen: each is held out once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from sorter.whole_file import whole_file
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


def over_folds(
    field: Field, method: Method, advance: Advance, *, kept: Path | None = None, asked: str = ""
) -> FoldAccuracy:
    """Train on all but one fold and ask about that one, for each fold.

    Args:
        field: the photos and their folds.
        method: of the trainings; each ends with its last epoch.
        advance: called once a fold.
        kept: file of what was tested before a kill; it is left when all is done.
        asked: what tells these trainings from others.
    """
    from training.compare import cross_validate

    members = [np.flatnonzero(field.fold_of == fold) for fold in np.unique(field.fold_of)]
    right = _tested(kept, asked, [len(own) for own in members])
    for fold in range(len(members)):
        if fold < len(right):
            advance(f"fold {fold + 1}: tested before")
            continue
        said = cross_validate(field, method, [fold], advance)
        right.append([bool(one) for one in said.by_int8.argmax(axis=1) == said.truth])
        if kept is not None:
            with whole_file(kept) as partial:
                partial.write_text(json.dumps({"asked": asked, "right": right}))
    every = [one for own in right for one in own]
    low, high = wilson_of(every, [field.groups[index] for own in members for index in own])
    return FoldAccuracy(
        accuracy=sum(every) / len(every),
        accuracy_low=low,
        accuracy_high=high,
        n=len(every),
        accuracies=[sum(own) / len(own) for own in right],
    )


def _tested(kept: Path | None, asked: str, sizes: list[int]) -> list[list[bool]]:
    """Which photos were right, of each fold that was tested by the same trainings before."""
    try:
        found = {} if kept is None else json.loads(kept.read_bytes())
        if found.get("asked") != asked:
            return []
        right = [[bool(one) for one in own] for own in found["right"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return right if [len(own) for own in right] == sizes[: len(right)] else []
