from __future__ import annotations

import numpy as np
import pytest

from training.evaluation import Evaluation


def make(rows: list[list[float]], truth: list[int], unsure_below: float = 0.5) -> Evaluation:
    return Evaluation(
        grades=["L", "M", "S"],
        truth=np.array(truth),
        probabilities=np.array(rows),
        unsure_below=unsure_below,
    )


ROWS = [[0.9, 0.1, 0.0], [0.4, 0.3, 0.3], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2]]


def test_accuracy_counts_the_unsure_photos_too() -> None:
    result = make(ROWS, [0, 0, 1, 2])
    assert (result.n, result.accuracy, result.unsure) == (4, 0.75, 0.25)
    assert result.accuracy_decided == pytest.approx(2 / 3)


def test_confusion_has_the_truth_in_rows() -> None:
    assert make(ROWS, [0, 0, 1, 2]).confusion == [[2, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_nothing_decided_has_no_accuracy() -> None:
    result = make(ROWS, [0, 0, 1, 2], unsure_below=0.95)
    assert (result.unsure, result.accuracy_decided) == (1.0, None)


def test_what_scripts_read_has_just_the_promised_keys() -> None:
    assert list(make(ROWS, [0, 0, 1, 2]).as_dict()) == [
        "n",
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        "unsure",
        "accuracy_decided",
        "grades",
        "confusion",
    ]
