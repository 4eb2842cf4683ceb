from __future__ import annotations

import numpy as np
import pytest

from sorter.decision_rule import DecisionRule
from tests.factories import make_manifest
from training.evaluation import Evaluation


def make(
    rows: list[list[float]],
    truth: list[int],
    *,
    strangeness: list[float] | None = None,
    unsure_below: float = 0.5,
    groups: list[str] | None = None,
    **manifest: object,
) -> Evaluation:
    return Evaluation(
        grades=["L", "M", "S"],
        truth=np.array(truth),
        probabilities=np.array(rows),
        rule=DecisionRule(make_manifest(("L", "M", "S"), unsure_below=unsure_below, **manifest)),
        strangeness=None if strangeness is None else np.array(strangeness),
        groups=groups,
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


def test_a_stranger_is_not_decided_and_counts_as_unsure() -> None:
    result = make(ROWS, [0, 0, 1, 2], strangeness=[0.5, 0.5, 1.5, 1.5])
    assert (result.accuracy, result.unsure, result.accuracy_decided) == (0.75, 0.75, 1.0)


def test_what_was_decided_by_cost_is_judged_as_it_was_decided() -> None:
    dear = [[0, 1, 1], [1, 0, 1], [9, 1, 0]]
    result = make(ROWS, [0, 0, 1, 2], cost=dear)
    assert result.said.tolist() == [0, 0, 1, 0]
    assert result.chosen.tolist() == [0, 2, 1, 2]
    assert (result.accuracy, result.accuracy_decided) == (0.75, 1.0)


def test_views_of_an_item_make_the_interval_no_narrower() -> None:
    once = make(ROWS, [0, 0, 1, 2])
    views = make(ROWS * 5, [0, 0, 1, 2] * 5, groups=list("abcd") * 5)
    assert views.interval == pytest.approx(once.interval)
    assert views.n == 20


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
