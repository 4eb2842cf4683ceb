"""Grade, size, shares and quotas decide on the outlet; a doubt never lifts an item."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.config import OutletConfig
from sorter.dispatch.assign import Assigner
from sorter.verdict import Why
from tests.factories import make_config, make_item, make_measures

WORTH = {"good": 3.0, "fair": 2.0, "poor": 1.0}


def assigner(*outlets: dict[str, Any], end: tuple[str, ...] = ()) -> Assigner:
    rows: list[dict[str, Any]] = [
        {"channel": k, "at_mm": 400 + 100 * k, "grades": ["good"]} | outlet
        for k, outlet in enumerate(outlets)
    ]
    rows.append({"name": "end", "default": True, "grades": list(end)})
    return Assigner(make_config(outlets=rows), WORTH)


def name(found: OutletConfig | Why | None) -> str | Why | None:
    return found.name if isinstance(found, OutletConfig) else found


def sent(by: Assigner, grade: str = "good", **measures: float) -> str | Why | None:
    return name(by.assign(make_item(measures=make_measures(**measures)), grade, "monday"))


PREMIUM = {"name": "premium", "length_mm": [190.0, 220.0], "bend_mm": {"max": 15.0}}
SECOND = {"name": "second"}


def test_the_first_outlet_of_the_file_that_takes_grade_and_size_wins() -> None:
    by = assigner(PREMIUM, SECOND)
    assert sent(by, length_mm=200.0, bend_mm=5.0) == "premium"
    assert sent(by, length_mm=230.0, bend_mm=5.0) == "second"
    assert sent(by, length_mm=200.0, bend_mm=20.0) == "second"


@pytest.mark.parametrize(
    ("rule", "measures"),
    [
        ({"width_mm": [30.0, 35.0]}, {"width_mm": 40.0}),
        ({"volume_cm3": {"min": 200.0}}, {"volume_mm3": 90_000.0}),
        ({"length_mm": {"min": 150.0}}, {"length_mm": 100.0}),
    ],
)
def test_what_fits_no_outlet_rides_because_of_its_size(
    rule: dict[str, Any], measures: dict[str, float]
) -> None:
    assert sent(assigner({"name": "premium"} | rule), **measures) is Why.SIZE


def test_a_measure_nearer_to_its_limit_than_its_uncertainty_does_not_lift_the_item() -> None:
    by = assigner(PREMIUM, SECOND)
    assert sent(by, length_mm=190.4, length_sd_mm=0.5) == "second"
    assert sent(by, length_mm=190.6, length_sd_mm=0.5) == "premium"


def test_nor_does_it_when_a_rule_keeps_the_bad_ones_apart() -> None:
    crooked = {"name": "crooked", "grades": ["fair"], "bend_mm": {"min": 15.0}}
    by = assigner(crooked, {"name": "straight", "grades": ["good", "fair"]})
    assert sent(by, "fair", bend_mm=14.8, bend_sd_mm=0.4) == "crooked"
    assert sent(by, "fair", bend_mm=14.0, bend_sd_mm=0.4) == "straight"


def test_between_two_neighbouring_sizes_a_doubt_chooses_the_lesser_outlet() -> None:
    by = assigner(
        {"name": "long", "length_mm": [190.0, 220.0]},
        {"name": "short", "length_mm": [150.0, 190.0]},
    )
    assert sent(by, length_mm=190.2, length_sd_mm=0.5) == "short"


def test_a_doubt_about_the_only_outlet_leads_to_the_default_one() -> None:
    assert sent(assigner(PREMIUM), length_mm=190.2, length_sd_mm=0.5) is Why.SIZE


def test_a_doubt_about_two_measures_of_two_outlets_may_mean_that_it_fits_neither() -> None:
    by = assigner(
        {"name": "long", "length_mm": {"min": 200.0}},
        {"name": "straight", "bend_mm": {"max": 10.0}},
    )
    assert sent(by, length_mm=198.0, bend_mm=10.5) is Why.SIZE
    doubts = {"length_sd_mm": 3.0, "bend_sd_mm": 1.0}
    assert sent(by, length_mm=200.5, bend_mm=9.8, **doubts) is Why.SIZE
    assert sent(by, length_mm=204.0, bend_mm=9.8, **doubts) == "long"


def test_what_may_lie_in_a_gap_between_two_sizes_goes_to_neither() -> None:
    by = assigner(
        {"name": "a", "length_mm": [190.0, 210.0]}, {"name": "b", "length_mm": [212.0, 240.0]}
    )
    assert sent(by, length_mm=209.9, length_sd_mm=3.0) is Why.SIZE
    assert sent(by, length_mm=206.0, length_sd_mm=3.0) == "a"


def test_an_uncertainty_that_is_no_number_lifts_nothing() -> None:
    assert sent(assigner(PREMIUM), length_mm=200.0, length_sd_mm=float("nan")) is Why.SIZE


def test_an_item_of_which_nothing_is_known_fits_no_rule_however_many_there_are() -> None:
    kinds = ("length_mm", "width_mm", "bend_mm", "volume_cm3")
    by = assigner(*({"name": f"{k}"} | {kind: [k, k + 1.0] for kind in kinds} for k in range(8)))
    nan = float("nan")
    assert sent(by, length_mm=nan, width_mm=nan, bend_mm=nan) is Why.SIZE


def test_a_measure_that_is_no_number_fits_no_rule_and_lifts_nothing() -> None:
    nan = float("nan")
    assert sent(assigner(PREMIUM), length_mm=nan) is Why.SIZE
    assert sent(assigner(PREMIUM, SECOND), length_mm=nan) == "second"
    assert sent(assigner({"name": "v", "volume_cm3": {"min": 1.0}}), width_mm=0.0) is Why.SIZE


def test_a_grade_of_the_default_outlet_rides_without_a_reason() -> None:
    assert sent(assigner(PREMIUM, end=("poor",)), "poor") is None
    assert sent(assigner(PREMIUM, end=("poor",)), "fair") is Why.NO_OUTLET


def test_every_third_item_is_a_sample() -> None:
    by = assigner({"name": "sample", "every": 3}, SECOND)
    assert [sent(by) for _ in range(7)] == ["second", "second", "sample"] * 2 + ["second"]


def test_a_sample_is_of_its_own_grades_and_sizes_alone() -> None:
    by = assigner({"name": "sample", "every": 2, "length_mm": {"min": 150.0}}, SECOND)
    found = [sent(by, length_mm=length) for length in (100.0, 160.0, 100.0, 160.0)]
    assert found == ["second", "second", "second", "sample"]


def test_a_full_quota_leads_to_the_next_outlet_and_starts_anew_with_each_lot() -> None:
    by = assigner({"name": "crate", "quota": 2}, SECOND)

    def send(lot: str) -> str | Why | None:
        found = by.assign(make_item(), "good", lot)
        if isinstance(found, OutletConfig):
            by.took(found, lot)
        return name(found)

    assert [send("monday") for _ in range(3)] == ["crate", "crate", "second"]
    assert send("tuesday") == "crate"
    by.gave_back("crate", "monday")
    assert [send("monday") for _ in range(2)] == ["crate", "second"]


def test_beyond_the_last_quota_the_item_rides_for_that_reason() -> None:
    by = assigner({"name": "crate", "quota": 1})
    found = by.assign(make_item(), "good", "monday")
    assert isinstance(found, OutletConfig)
    by.took(found, "monday")
    assert sent(by) is Why.QUOTA


limits = st.tuples(st.integers(0, 9), st.integers(1, 9)).map(
    lambda low_and_width: [float(low_and_width[0]), float(sum(low_and_width))]
)
rules = st.fixed_dictionaries({}, optional={"length_mm": limits, "bend_mm": limits}).filter(bool)


@given(
    sizes=st.lists(rules, min_size=1, max_size=4),
    rest=st.booleans(),
    true=st.tuples(st.floats(-1, 20), st.floats(-1, 20)),
    sd_mm=st.tuples(st.floats(0, 4), st.floats(0, 4)),
    error=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
)
def test_no_error_within_the_uncertainty_puts_an_item_into_a_better_outlet(
    sizes: list[dict[str, list[float]]],
    rest: bool,
    true: tuple[float, float],
    sd_mm: tuple[float, float],
    error: tuple[float, float],
) -> None:
    # Only the last one may take whatever the others leave.
    sizes = [*sizes, {}] if rest else sizes
    names = [f"outlet {k}" for k in range(len(sizes))]
    by = assigner(*({"name": name} | rule for name, rule in zip(names, sizes, strict=True)))
    order = [*names, Why.SIZE]
    right = sent(by, length_mm=true[0], length_sd_mm=0.0, bend_mm=true[1], bend_sd_mm=0.0)
    # A little less, for the sum may round beyond the uncertainty.
    read = [at + 0.999 * off * sd for at, off, sd in zip(true, error, sd_mm, strict=True)]
    said = sent(by, length_mm=read[0], length_sd_mm=sd_mm[0], bend_mm=read[1], bend_sd_mm=sd_mm[1])
    assert order.index(said) >= order.index(right)


def test_what_an_outlet_had_of_a_lot_before_a_restart_counts_for_its_quota() -> None:
    outlets = [{"name": "crate", "quota": 3, "channel": 0, "at_mm": 420, "grades": ["good"]}]
    config = make_config(outlets=[*outlets, {"name": "end", "default": True}])
    by = Assigner(config, {"good": 2.0}, {("crate", "monday"): 2})
    first = by.assign(make_item(1), "good", "monday")
    assert isinstance(first, OutletConfig)
    by.took(first, "monday")
    assert by.assign(make_item(2), "good", "monday") is Why.QUOTA
    assert isinstance(by.assign(make_item(3), "good", "friday"), OutletConfig)
