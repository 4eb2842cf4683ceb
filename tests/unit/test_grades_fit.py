from __future__ import annotations

from sorter.bundle import Grade
from sorter.grades_fit import GradesFit, grades_fit
from tests.factories import make_config, make_manifest


def fit(worths: dict[str, float], default_takes: list[str]) -> GradesFit:
    config = make_config(
        outlets=[
            {"name": "premium", "channel": 0, "at_mm": 420, "grades": ["good"]},
            {"name": "end", "default": True, "grades": default_takes},
        ]
    )
    grades = [Grade(name=name, worth=worth) for name, worth in worths.items()]
    return grades_fit(
        config, make_manifest(grades=list(worths)).model_copy(update={"grades": grades})
    )


def test_the_default_outlet_may_take_the_grade_of_the_lowest_worth() -> None:
    assert fit({"good": 2, "fair": 1, "poor": 0}, ["poor"]).errors == []


def test_a_better_grade_in_the_default_outlet_is_an_error() -> None:
    ((_, why),) = fit({"good": 2, "fair": 1, "poor": 0}, ["fair"]).errors
    assert "lowest grade (poor)" in why


def test_a_model_that_knows_no_worth_lets_the_default_outlet_name_no_grade() -> None:
    ((_, why),) = fit({"good": 0, "fair": 0, "poor": 0}, ["poor"]).errors
    assert "grades.yaml" in why


def test_a_model_that_knows_no_worth_runs_when_the_default_outlet_names_none() -> None:
    assert fit({"good": 0, "fair": 0, "poor": 0}, []).errors == []


def test_a_grade_that_the_model_does_not_know_is_an_error() -> None:
    ((_, why),) = fit({"fair": 1, "poor": 0}, []).errors
    assert "knows no grade good" in why


def test_a_grade_without_an_outlet_is_named() -> None:
    assert [why for _, why in fit({"good": 2, "fair": 1, "poor": 0}, []).warnings] == [
        "no outlet takes fair; it rides to end",
        "no outlet takes poor; it rides to end",
    ]


def test_a_grade_without_an_outlet_in_one_of_the_lanes_is_named() -> None:
    outlets = [
        {"name": "a", "lane": 0, "channel": 0, "at_mm": 420, "grades": ["good"]},
        {"name": "b", "lane": 1, "channel": 1, "at_mm": 420, "grades": ["fair"]},
        {"name": "end", "default": True, "grades": ["poor"]},
    ]
    warnings = grades_fit(make_config(outlets=outlets), make_manifest()).warnings
    assert [why for _, why in warnings] == [
        "no outlet of lane 0 takes fair; it rides to end",
        "no outlet of lane 1 takes good; it rides to end",
    ]
