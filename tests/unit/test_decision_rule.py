from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.decision_rule import DecisionRule, strange
from tests.factories import make_manifest

EQUAL = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
rows = st.lists(st.integers(0, 255), min_size=3, max_size=3).map(
    lambda row: np.exp(np.array(row) / 16) / np.exp(np.array(row) / 16).sum()
)


def test_of_grades_that_are_just_as_likely_the_one_of_least_worth_is_said() -> None:
    rule = DecisionRule(make_manifest())
    assert rule.likeliest(np.array([0.4, 0.4, 0.2])) == 1
    assert rule.chosen(np.array([[0.4, 0.4, 0.2], [0.2, 0.6, 0.2]])).tolist() == [1, 1]


def test_of_grades_that_cost_the_same_the_one_of_least_worth_is_chosen() -> None:
    rule = DecisionRule(make_manifest(cost=[[0, 1, 1], [2, 0, 1], [2, 1, 0]]))
    # Expected: good 1.0, fair 0.75, poor 0.75.
    assert rule.chosen(np.array([0.5, 0.25, 0.25])) == 2


@given(rows)
def test_without_costs_and_with_equal_ones_the_likeliest_grade_is_chosen(row: np.ndarray) -> None:
    likeliest = DecisionRule(make_manifest()).likeliest(row)
    assert DecisionRule(make_manifest()).chosen(row) == likeliest
    assert DecisionRule(make_manifest(cost=EQUAL)).chosen(row) == likeliest


@given(rows, st.floats(1, 50), st.floats(1, 50))
def test_dearer_upgrades_never_choose_a_better_grade_than_the_likeliest(
    row: np.ndarray, fair_as_good: float, poor_as_better: float
) -> None:
    dearer = max(fair_as_good, poor_as_better)
    cost = [[0, 1, 1], [fair_as_good, 0, 1], [dearer, poor_as_better, 0]]
    rule = DecisionRule(make_manifest(cost=cost))
    assert rule.chosen(row) >= rule.likeliest(row)


def test_a_probability_at_the_threshold_is_unsure() -> None:
    rule = DecisionRule(make_manifest(unsure_below=0.5))
    assert rule.sure(np.array([[0.5, 0.3, 0.2], [0.51, 0.29, 0.2]])).tolist() == [False, True]


def test_a_threshold_of_1_is_sure_of_nothing() -> None:
    assert not DecisionRule(make_manifest(unsure_below=1.0)).sure(np.array([1.0, 0.0, 0.0]))


def test_what_is_no_number_is_neither_sure_nor_familiar() -> None:
    assert not DecisionRule(make_manifest()).sure(np.array([np.nan, 0.5, 0.5]))
    assert strange(np.array([0.5, 1.0, 1.1, np.nan])).tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    "cost", [[[1, 1, 1], [1, 0, 1], [1, 1, 0]], [[0, -1, 1], [1, 0, 1], [1, 1, 0]]]
)
def test_a_cost_matrix_that_rewards_errors_is_refused(cost: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="cost must be 0 for the right grade"):
        make_manifest(cost=cost)
