from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.frame import Pixels
from sorter.grader import Grader
from sorter.verdict import Why
from sorter.views import fuse
from tests.factories import StubClassifier, make_item, make_manifest, make_sighting


def photo(level: int) -> Pixels:
    return np.full((8, 8, 3), level, np.uint8)


def by_level(pixels: Pixels) -> tuple[float, float, float]:
    return {0: (0.8, 0.15, 0.05), 1: (0.1, 0.8, 0.1), 2: (0.4, 0.35, 0.25)}[int(pixels[0, 0, 0])]


def judge(*levels: int, **manifest: object) -> object:
    grader = Grader(StubClassifier(by_level, make_manifest(**manifest)))  # type: ignore[arg-type]
    views = tuple(make_sighting(photo=photo(level)) for level in levels)
    (verdict,) = grader.judge([make_item(views=views)])
    return verdict


def test_the_likeliest_grade_wins() -> None:
    verdict = judge(0)
    assert (verdict.grade, verdict.why) == ("good", Why.CLASS)
    assert verdict.probabilities == pytest.approx({"good": 0.8, "fair": 0.15, "poor": 0.05})


def test_under_the_threshold_the_verdict_is_unsure_and_keeps_the_best_guess() -> None:
    verdict = judge(2, unsure_below=0.5)
    assert (verdict.grade, verdict.best_guess, verdict.why) == (None, "good", Why.UNSURE)


def test_a_stranger_gets_no_grade_however_sure_the_classifier_is() -> None:
    classifier = StubClassifier(strangeness=lambda pixels: float(pixels[0, 0, 0]))
    views = tuple(make_sighting(photo=photo(level)) for level in (0, 2, 2))
    (verdict,) = Grader(classifier).judge([make_item(views=views)])  # type: ignore[arg-type]
    assert (verdict.grade, verdict.best_guess, verdict.why) == (None, "good", Why.STRANGER)


def test_one_odd_view_of_three_makes_no_stranger() -> None:
    classifier = StubClassifier(strangeness=lambda pixels: float(pixels[0, 0, 0]))
    views = tuple(make_sighting(photo=photo(level)) for level in (0, 0, 2))
    (verdict,) = Grader(classifier).judge([make_item(views=views)])  # type: ignore[arg-type]
    assert verdict.why is Why.CLASS


def test_an_item_without_a_complete_view_gets_no_grade() -> None:
    verdict = judge()
    assert (verdict.grade, verdict.best_guess, verdict.why) == (None, None, Why.CUT_OFF)


@pytest.mark.parametrize("cost", [None, [[0, 1, 1], [1, 0, 1], [1, 1, 0]]])
def test_probabilities_that_are_no_numbers_give_no_grade(cost: object) -> None:
    classifier = StubClassifier(lambda photo: (math.nan, 0.5, 0.5), make_manifest(cost=cost))
    item = make_item(views=(make_sighting(), make_sighting()))
    (verdict,) = Grader(classifier).judge([item])  # type: ignore[arg-type]
    assert (verdict.grade, verdict.best_guess, verdict.why) == (None, None, Why.UNSURE)
    assert verdict.probabilities == {}


def test_a_cost_matrix_chooses_the_cheapest_grade_instead_of_the_likeliest() -> None:
    dear_if_called_good = [[0, 1, 1], [9, 0, 1], [9, 1, 0]]
    assert judge(2, cost=dear_if_called_good).grade == "fair"


def test_all_items_of_a_frame_share_one_invoke() -> None:
    classifier = StubClassifier(by_level)
    items = [
        make_item(1, views=(make_sighting(photo=photo(0)), make_sighting(photo=photo(2)))),
        make_item(2),
        make_item(3, views=(make_sighting(photo=photo(1)),)),
    ]
    verdicts = Grader(classifier).judge(items)  # type: ignore[arg-type]
    assert classifier.calls == [3]
    assert [verdict.grade for verdict in verdicts] == ["good", None, "fair"]


rows = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(
    lambda row: [value / sum(row) for value in row]
)


@given(st.lists(rows, min_size=1, max_size=5))
def test_fused_views_are_probabilities(views: list[list[float]]) -> None:
    assert fuse(np.asarray(views)).sum() == pytest.approx(1)


@given(rows, st.integers(1, 5))
def test_the_same_view_seen_again_makes_the_answer_no_surer(row: list[float], times: int) -> None:
    assert fuse(np.asarray([row] * times)) == pytest.approx(row)
