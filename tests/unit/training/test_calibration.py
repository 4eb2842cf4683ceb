from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sorter.classifier import softmax
from training.calibration import (
    EVEN_CHANCE,
    MAX_UNSURE,
    TEMPERATURES,
    fit_temperature,
    unsure_threshold,
)


def drawn(n: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Logits, and truths drawn with just the probabilities that the logits claim."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (n, 4))
    truth = np.array([random.choice(4, p=row) for row in softmax(logits)])
    return logits, truth


def two_grades(best: list[float], right: list[bool]) -> tuple[NDArray[np.float64], NDArray]:
    """Logits with given best probabilities at temperature 1; grade 0 is always said."""
    p = np.array(best)
    return np.log(np.stack([p, 1 - p], axis=1)), np.where(right, 0, 1)


def test_honest_logits_need_no_temperature() -> None:
    logits, truth = drawn(5000)
    assert fit_temperature(logits, truth) == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("boast", [0.25, 3.0, 8.0])
def test_the_temperature_takes_back_what_logits_overstate(boast: float) -> None:
    logits, truth = drawn(5000)
    assert fit_temperature(logits * boast, truth) == pytest.approx(boast, rel=0.06)


def test_a_few_photos_all_right_do_not_make_the_model_certain() -> None:
    logits = np.eye(3)[[0, 1, 2, 0]] * 2.0
    temperature = fit_temperature(logits, np.array([0, 1, 2, 0]))
    assert temperature > 2 * TEMPERATURES[0]
    assert softmax(logits / temperature).max() < 0.9


def test_a_model_that_meets_the_target_is_unsure_only_below_an_even_chance() -> None:
    logits, truth = two_grades([0.9] * 40, [True] * 40)
    assert unsure_threshold(logits, truth, temperature=1) == EVEN_CHANCE


def test_the_threshold_is_the_smallest_that_meets_the_target() -> None:
    best = [0.6] * 5 + [0.7] * 5 + [0.9] * 90
    right = [False] * 5 + [True] * 4 + [False] + [True] * 90
    logits, truth = two_grades(best, right)
    # Without the 0.6s, 1 of 95 is wrong, which is within 5 %.
    assert unsure_threshold(logits, truth, temperature=1) == pytest.approx(0.7)


def test_a_stricter_target_raises_the_threshold() -> None:
    best = [0.6] * 5 + [0.7] * 5 + [0.9] * 90
    right = [False] * 5 + [True] * 4 + [False] + [True] * 90
    logits, truth = two_grades(best, right)
    strict = unsure_threshold(logits, truth, temperature=1, target_error=0.005)
    assert strict == pytest.approx(0.9)


@given(st.integers(5, 200), st.integers(0, 99), st.floats(0, 0.5))
def test_never_more_than_the_bound_of_the_calibration_photos_are_unsure(
    n: int, seed: int, target_error: float
) -> None:
    logits, truth = drawn(n, seed)
    threshold = unsure_threshold(logits, truth, temperature=1, target_error=target_error)
    assert (softmax(logits).max(axis=1) < threshold).mean() <= MAX_UNSURE
