"""The numbers of a report, and the page itself, without a training."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sorter.bundle import Grade
from sorter.preprocess import Preprocess
from tests.factories import make_manifest
from training.report.disturbances import DISTURBANCES, disturbed
from training.report.findings import about_model
from training.report.measures import (
    calibration_error,
    cost_per_100,
    far_errors,
    mix_ups,
    reliability,
    weighted_kappa,
)
from training.report.page import Shown, percent, render, short
from training.run_folder import RunRecord

HOSTILE = '<script>alert("x")</script>'


def test_a_model_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    sure = np.array([0.8] * 10 + [0.6] * 10)
    truth = np.array([0] * 8 + [1] * 2 + [0] * 6 + [1] * 4)
    bins = reliability(np.stack([sure, 1 - sure], axis=1), truth)
    assert [(one.n, round(one.accuracy, 9)) for one in bins] == [(10, 0.6), (10, 0.8)]
    assert calibration_error(bins) == pytest.approx(0)


def test_a_model_that_is_always_sure_and_half_right_is_half_off() -> None:
    bins = reliability(np.array([[1.0, 0.0]] * 4), np.array([0, 0, 1, 1]))
    assert calibration_error(bins) == pytest.approx(0.5)


def test_kappa_is_1_for_the_truth_and_0_for_chance() -> None:
    assert weighted_kappa([[5, 0], [0, 5]], [0, 1]) == 1
    assert weighted_kappa([[5, 5], [5, 5]], [0, 1]) == pytest.approx(0)
    assert weighted_kappa([[5, 0], [0, 0]], [0, 1]) is None


def test_kappa_minds_far_errors_more_than_near_ones() -> None:
    near = weighted_kappa([[4, 1, 0], [0, 5, 0], [0, 0, 5]], [0, 1, 2])
    far = weighted_kappa([[4, 0, 1], [0, 5, 0], [0, 0, 5]], [0, 1, 2])
    assert near is not None and far is not None and far < near


def test_far_errors_go_by_the_scale_and_not_by_the_order_of_the_names() -> None:
    assert far_errors([[1, 1, 0], [0, 1, 0], [0, 0, 1]], [2, 0, 1]) == 0.25


def test_costs_are_those_declared_or_1_an_error() -> None:
    assert cost_per_100([[3, 1], [0, 4]], None) == 12.5
    assert cost_per_100([[3, 1], [0, 4]], [[0, 8], [1, 0]]) == 100


def test_the_costliest_mix_up_comes_first() -> None:
    found = mix_ups(["A", "B"], [2, 1], [[3, 2], [1, 4]], [[0, 1], [5, 0]])
    assert [(one.truth, one.said, one.cost, one.flattering) for one in found] == [
        ("B", "A", 5, True),
        ("A", "B", 2, False),
    ]


@pytest.mark.parametrize("what", DISTURBANCES, ids=lambda what: what.name)
def test_each_disturbance_does_more_at_each_strength_and_the_same_each_time(what: Any) -> None:
    photo = np.random.default_rng(1).integers(60, 190, (64, 64, 3)).astype(np.uint8)
    before = photo.astype(float)
    changes = [
        np.abs(disturbed([photo], what, strength)[0] - before).mean() for strength in what.strengths
    ]
    assert changes == sorted(changes)
    assert changes[0] > 0
    once, again = (disturbed([photo], what, what.strengths[0])[0] for _ in range(2))
    assert np.array_equal(once, again)


@pytest.mark.parametrize(
    ("value", "said"), [(0.5, "50 %"), (0.0123, "1.2 %"), (1.0, "100 %"), (0.9996, "100 %")]
)
def test_shares_are_said_in_percent(value: float, said: str) -> None:
    assert percent(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (0.1514, "0.151"), (59.26, "59.3"), (1234.5, "1234"), (20, "20")],
)
def test_numbers_have_the_digits_that_count(value: float, said: str) -> None:
    assert short(value) == said


def metrics(name: str, grades: list[str], confusion: list[list[int]]) -> dict[str, Any]:
    """What metrics.json holds of a tiny run."""
    n = sum(map(sum, confusion))
    right = sum(confusion[i][i] for i in range(len(grades)))
    wrong = {"truth": grades[0], "said": grades[1]}
    strengths = [list(what.strengths) for what in DISTURBANCES]
    return {
        **{"name": name, "model": "ds-cnn", "size_px": 32, "grades": grades, "n": n},
        **{"accuracy": right / n, "accuracy_low": 0.1, "accuracy_high": 0.9, "baseline": 0.5},
        **{"unsure": 0.0, "accuracy_decided": None, "unsure_below": 0.5, "confusion": confusion},
        **{"ece": 0.2, "float_accuracy": 0.5, "int8_accuracy": 0.5, "size_bytes": 150_000},
        **{"epochs": 1, "best_epoch": 1, "parameters": 12_345, "method": "forced top-1"},
        "photos": {"train": 4, "validation": 1, "calibration": 1, "test": n},
        "cost": {"declared": False, "per_100": 50.0, "per_100_likeliest": 50.0},
        "strange": 0.0,
        "mix_ups": [
            {
                "truth": grades[0],
                "said": grades[1],
                "n": 1,
                "of": 1,
                "cost": 1.0,
                "flattering": True,
            }
        ],
        "scale": None,
        "decided": {"right": right, "wrong": n - right, "unsure_right": 0, "unsure_wrong": 0},
        "reliability": [{"low": 0.4, "high": 0.6, "n": n, "confidence": 0.5, "accuracy": 0.5}],
        "quantization": {"agreement": 1.0, "only_float_right": 0, "only_int8_right": 0},
        "latency": {"median_ms": 0.15, "rounds": 50, "machine": "a test"},
        "robustness": {
            "n": n,
            "accuracy": 0.5,
            "rows": [
                {"what": "darker", "unit": "%", "strengths": one, "accuracies": [0.5] * 5}
                for one in strengths
            ],
        },
        "worst": [{**wrong, "path": f"{name}/1.png", "probability": 0.9}],
        "model_card": {
            **{
                "made_on": "2025-01-01",
                "licence": name,
                "fingerprint": "ab",
                "started_from": name,
                "groups": None,
            },
            **{"largest_group": None, "split": "random", "seed": 0, "versions": {"python": "3"}},
            "limits": [f"It knows {name}."],
        },
    }


class Balance(HTMLParser):
    """Fails where elements are not closed in the order in which they were opened."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(name: str, confusion: list[list[int]]) -> str:
    photo = np.zeros((32, 32, 3), np.uint8)
    return render(
        metrics(name, [name, "B"], confusion),
        [Shown(photo=photo, attention=photo)],
        [[photo] * 5] * len(DISTURBANCES),
    )


@pytest.mark.parametrize("confusion", [[[0, 1], [0, 1]], [[0, 1], [0, 0]]], ids=["1 each", "one"])
def test_a_page_is_whole_with_a_photo_a_grade_or_none(confusion: list[list[int]]) -> None:
    parser = Balance()
    parser.feed(page("A", confusion))
    assert parser.open == []
    assert {"svg", "table", "figure", "details"} <= parser.seen


@pytest.mark.parametrize("decided", [None, 0.9])
def test_items_of_several_photos_stand_beside_the_photos(decided: float | None) -> None:
    numbers = metrics("A", ["A", "B"], [[1, 1], [0, 2]])
    numbers["items"] = {
        **{"n": 2, "accuracy": 1.0, "accuracy_low": 0.34, "accuracy_high": 1.0},
        **{"unsure": 0.25, "accuracy_decided": decided},
    }
    photo = np.zeros((32, 32, 3), np.uint8)
    shown = Shown(photo=photo, attention=photo)
    made = " ".join(render(numbers, [shown], [[photo] * 5] * len(DISTURBANCES)).split())
    assert "100 % of the items are right (95 % interval 34 % to 100 %), beside 75 %" in made
    assert "25 % of the items are called unsure" in made
    assert ("of the others 90 % are right" in made) == (decided is not None)


def test_hostile_names_are_text() -> None:
    made = page(HOSTILE, [[0, 1], [0, 1]])
    parser = Balance()
    parser.feed(made)
    assert "script" not in parser.seen
    assert made.count("&lt;script&gt;") >= 8


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({}, "not recorded by the version that trained it"),
        ({"weights": "none"}, "nothing"),
        ({"weights": "none", "pretrained": "rendered"}, "the photos in rendered"),
        (
            {"weights": "v1.h5", "fine_tune": 2},
            "the weights v1.h5; the top 2 blocks and the last layer were trained",
        ),
    ],
)
def test_the_model_card_says_what_a_network_knew_before(known: dict[str, Any], told: str) -> None:
    record = RunRecord(
        name="test",
        photos=Path("photos"),
        grades=[Grade(name="A"), Grade(name="B")],
        preprocess=Preprocess(size_px=32),
        model="lenet",
        seed=0,
        way="random",
        entries=[],
        epochs=1,
        best_epoch=1,
        parameters=1,
        validation_accuracy=1,
        float_accuracy=1,
        seconds=1,
        **known,
    )
    numbers = metrics("A", ["A", "B"], [[20, 0], [0, 20]])
    numbers["robustness"] = {"accuracy": 1.0, "rows": []}
    assert about_model(record, make_manifest(), numbers | {"notes": []})["started_from"] == told
