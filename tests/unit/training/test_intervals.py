from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.intervals import newcombe, prediction, wilson, worth


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        # Newcombe (1998), table I, method 3 (score without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_published_intervals(
    right: int, n: int, low: float, high: float
) -> None:
    assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


def test_nothing_is_known_from_no_photos() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_between_0_and_1(counts: tuple[int, int]) -> None:
    right, n = counts
    low, high = wilson(right, n)
    assert 0 <= low <= right / n <= high <= 1
    assert low < high


def test_copies_say_no_more_than_what_they_are_copies_of() -> None:
    assert worth([number for number in range(50) for _ in range(9)]) == pytest.approx(50)
    assert worth(range(20)) == 20
    assert worth([]) == 0


def test_one_large_group_is_worth_little_more_than_the_rest() -> None:
    assert worth([*range(20), *[99] * 100]) == pytest.approx(120**2 / (20 + 100**2))


def test_newcombe_gives_the_interval_of_his_paper() -> None:
    # Newcombe 1998, table II, contrast (a), method 10: 56/70 less 48/80.
    low, high = newcombe(48, 80, 56, 70)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_share_that_repeats_itself_is_within_the_prediction() -> None:
    low, high = prediction(45, 60, 120)
    assert low < 0.75 < high


@pytest.mark.parametrize(("n", "new"), [(41, 137), (60, 60), (249, 400)])
@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_the_prediction_holds_19_of_20_shares_and_is_hardly_wider_than_newcombe(
    n: int, new: int, share: float
) -> None:
    random = np.random.default_rng(n)
    held, widths = 0, []
    for _ in range(120):
        right, later = int(random.binomial(n, share)), int(random.binomial(new, share))
        low, high = prediction(right, n, new)
        held += low <= later / new <= high
        away = newcombe(right, n, later, new)
        widths.append((high - low) / (away[1] - away[0]))
    # Within three standard errors of 95 %.
    assert held >= 120 * 0.95 - 3 * (120 * 0.95 * 0.05) ** 0.5
    assert np.mean(widths) <= 1.05


@given(st.integers(0, 30), st.integers(1, 40))
def test_more_right_answers_never_predict_less(right: int, new: int) -> None:
    low, high = prediction(right, 31, new)
    more_low, more_high = prediction(right + 1, 31, new)
    assert 0 <= low <= high <= 1
    assert low <= more_low and high <= more_high
