from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sorter.classifier import softmax
from training.calibration import (
    EVEN_CHANCE,
    TEMPERATURES,
    UnsureRule,
    calibration_gap,
    fit_temperature,
    unsure_rule,
)


def drawn(n: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Logits, and truths drawn with just the probabilities that the logits claim."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (n, 4))
    truth = np.array([random.choice(4, p=row) for row in softmax(logits)])
    return logits, truth


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


def rule(best: list[float], right: list[bool], **options: Any) -> UnsureRule:
    """For two grades, of which the first is always said."""
    p = np.array(best)
    return unsure_rule(np.stack([p, 1 - p], axis=1), np.array(right), **options)


def test_a_model_that_meets_the_target_is_unsure_only_up_to_an_even_chance() -> None:
    made = rule([0.9] * 40, [True] * 40)
    assert (made.unsure_below, made.promised, made.notes()) == (EVEN_CHANCE, 0.05, [])


def test_the_threshold_is_the_smallest_that_meets_the_target() -> None:
    best = [0.6] * 5 + [0.7] * 5 + [0.9] * 90
    right = [False] * 5 + [True] * 4 + [False] + [True] * 90
    # Of 100 photos 4 may be wrong, since the next item may be: (4 + 1) / 101 is within 5 %.
    assert rule(best, right).unsure_below == pytest.approx(0.6)
    assert rule(best, right, target_error=0.07).unsure_below == EVEN_CHANCE


def test_a_stricter_target_raises_the_threshold() -> None:
    best = [0.6] * 5 + [0.7] * 5 + [0.9] * 90
    right = [False] * 5 + [True] * 4 + [False] + [True] * 90
    assert rule(best, right, target_error=0.01).unsure_below == pytest.approx(0.7)


def test_a_model_that_knows_nothing_is_unsure_of_everything() -> None:
    random = np.random.default_rng(1)
    probabilities = softmax(random.normal(0, 0.05, (41, 9)))
    right = random.random(41) < 1 / 9
    made = unsure_rule(probabilities, right)
    assert made.unsure == 1.0
    assert "100% of the calibration photos are called unsure" in made.notes()[0]


def test_too_few_photos_for_the_target_are_named_with_what_they_can_promise() -> None:
    made = rule([0.9] * 8 + [0.7, 0.6], [True] * 8 + [False, True])
    assert made.promised == pytest.approx(1 / 11)
    assert made.unsure_below == pytest.approx(0.7)
    assert made.notes()[0] == (
        "10 different calibration photos cannot promise that at most 5.0% of the items "
        "get a wrong grade (it takes 19 of them), only 9.1%; add photos, or raise --target-error"
    )


def test_copies_of_photos_promise_no_more_than_the_photos() -> None:
    best, right = [0.9] * 8 + [0.7, 0.6], [True] * 8 + [False, True]
    copied = rule(best * 9, right * 9, groups=list(range(10)) * 9)
    assert (copied.n, copied.promised) == (10, pytest.approx(1 / 11))
    assert copied.unsure_below == rule(best, right).unsure_below


def test_no_number_of_photos_promises_that_nothing_is_wrong() -> None:
    made = rule([0.9] * 99, [True] * 99, target_error=0)
    assert made.promised == pytest.approx(0.01)
    assert "no number of photos can" in made.notes()[0]


@pytest.mark.parametrize("n", [12, 60])
@pytest.mark.parametrize("target", [0.05, 0.1])
@pytest.mark.parametrize("boast", [1.0, 4.0])
def test_wrong_grades_among_new_items_stay_within_what_is_promised(
    n: int, target: float, boast: float
) -> None:
    """Over many calibrations, temperature and all, of models that are honest or boast."""
    logits, truth = drawn(40_000, seed=n)
    random = np.random.default_rng(n)
    wrong = []
    for _ in range(100):
        chosen = random.choice(len(truth), n, replace=False)
        temperature = fit_temperature(boast * logits[chosen], truth[chosen])
        known = softmax(boast * logits[chosen] / temperature)
        made = unsure_rule(known, known.argmax(axis=1) == truth[chosen], target_error=target)
        new = random.choice(len(truth), 2000)
        said = softmax(boast * logits[new] / temperature)
        decided = said.max(axis=1) > made.unsure_below
        wrong.append((decided & (said.argmax(axis=1) != truth[new])).mean() - made.promised)
    # Three standard errors over the 100 calibrations.
    assert np.mean(wrong) <= 3 * np.std(wrong) / np.sqrt(len(wrong))


@given(st.integers(1, 200), st.integers(0, 99), st.floats(0, 0.5))
def test_the_calibration_photos_themselves_keep_the_promise(
    n: int, seed: int, target_error: float
) -> None:
    logits, truth = drawn(n, seed)
    probabilities = softmax(logits)
    right = probabilities.argmax(axis=1) == truth
    made = unsure_rule(probabilities, right, target_error=target_error)
    wrong = ((probabilities.max(axis=1) > made.unsure_below) & ~right).sum()
    assert (wrong + 1) / (n + 1) <= made.promised + 1e-9
    assert made.unsure_below >= EVEN_CHANCE


@pytest.mark.parametrize("n", [60, 140, 1000])
@pytest.mark.parametrize("boast", [0.0, 0.1])
def test_the_calibration_gap_has_no_bias_of_small_numbers(n: int, boast: float) -> None:
    random = np.random.default_rng(n)
    gaps = []
    for _ in range(400):
        true = random.uniform(0.4, 0.9, n)
        gaps.append(calibration_gap(true + boast, random.random(n) < true, bins=5))
    assert np.mean(gaps) == pytest.approx(boast**2, abs=4 * np.std(gaps) / 20)
