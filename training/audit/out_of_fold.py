"""What a forest says about each photo after learning from photos of other groups."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError

FOLDS = 5
FEWEST = 2 * FOLDS
"""Groups of each grade without which nothing can be said."""
TREES = 300


def enough(grades: Sequence[str], groups: Sequence[int]) -> bool:
    """Whether there are two grades or more, and `FEWEST` groups of each."""
    of_grade = Counter(grade for grade, _ in set(zip(grades, groups, strict=True)))
    return len(of_grade) > 1 and min(of_grade.values()) >= FEWEST


def out_of_fold(
    values: NDArray[np.float32], labels: NDArray[np.intp], groups: Sequence[int]
) -> NDArray[np.float64]:
    """Cross-validated probabilities of a forest of extremely randomised trees (Geurts et al. 2006).

    Args:
        values: n × measures.
        labels: n indices of grades.
        groups: of each photo: its copies and other views do not vouch for it.

    Returns:
        n × grades.

    Raises:
        TrainingError: the extra `train` is not installed.
    """
    try:
        from sklearn.ensemble import ExtraTreesClassifier
        from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    except ImportError as error:
        raise missing(error) from error
    with warnings.catch_warnings():
        # A fold may lack a grade whose copies fill one group.
        warnings.simplefilter("ignore")
        found: Any = cross_val_predict(
            ExtraTreesClassifier(TREES, min_samples_leaf=2, n_jobs=-1, random_state=0),
            values,
            labels,
            groups=np.asarray(groups),
            cv=StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0),
            method="predict_proba",
        )
    return np.asarray(found, np.float64)


def missing(error: ImportError) -> TrainingError:
    """The sentence for a package of the extra `train` that is not there."""
    return TrainingError(f"{error.name} is not installed; run: pip install 'edge-sorter[train]'")
