"""Rendered photos for training."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from sorter.twin.crops import CROPS, LEMONS
from sorter.twin.cucumber import GRADE_NAMES, WINDOW_MM, grow
from sorter.twin.fruit import Crop
from sorter.twin.photos import ROUNDS_PER_SESSION, labelled_photos
from sorter.twin.setup import demo_config


def test_every_grade_gets_as_many_photos_as_asked_for() -> None:
    counts = Counter(grade for grade, _, _ in labelled_photos(per_grade=2, seed=1))
    assert counts == dict.fromkeys(GRADE_NAMES, 2)


def test_a_photo_shows_the_window_that_the_pipeline_cuts() -> None:
    side_px = round(WINDOW_MM / demo_config().camera.mm_per_px)
    for _, photo, _ in labelled_photos(per_grade=1, seed=2):
        assert photo.shape == (side_px, side_px, 3)


def test_the_truth_can_be_written_as_json() -> None:
    for grade, _, truth in labelled_photos(per_grade=1, seed=3):
        assert json.loads(json.dumps(truth))["grade"] == grade


def test_sessions_are_numbered() -> None:
    rounds = ROUNDS_PER_SESSION + 1
    sessions = [truth["session"] for _, _, truth in labelled_photos(per_grade=rounds, seed=4)]
    assert sessions == sorted(sessions)
    assert set(sessions) == {0, 1}


def test_the_views_of_an_item_follow_each_other_and_the_first_is_the_photo_without_views() -> None:
    seen = list(labelled_photos(per_grade=1, seed=6, views=3))
    assert [truth["item"] for _, _, truth in seen] == [n for n in range(9) for _ in range(3)]
    _, photo, truth = next(labelled_photos(per_grade=1, seed=6))
    assert truth == seen[0][2]
    assert np.array_equal(photo, seen[0][1])
    assert not np.array_equal(photo, seen[1][1])


def test_a_fruit_that_rolled_is_the_same_but_may_look_straighter() -> None:
    rng = np.random.default_rng(0)
    bent = grow("BL", rng)
    sides = [bent.rolled(rng) for _ in range(50)]
    assert {side.length_mm for side in sides} == {bent.length_mm}
    assert {side.grade for side in sides} == {"BL"}
    assert all(side.bend_mm <= bent.bend_mm for side in sides)
    assert min(side.bend_mm for side in sides) < 0.7 * bent.bend_mm


def test_the_same_seed_gives_the_same_photos() -> None:
    one = list(labelled_photos(per_grade=1, seed=5))
    other = list(labelled_photos(per_grade=1, seed=5))
    for (_, photo, truth), (_, other_photo, other_truth) in zip(one, other, strict=True):
        assert truth == other_truth
        assert np.array_equal(photo, other_photo)


@pytest.mark.parametrize("crop", CROPS.values(), ids=CROPS)
def test_the_grades_have_an_order_of_worth_with_the_poor_ones_last(crop: Crop) -> None:
    worths = [grade.worth for grade in crop.grades]
    assert worths == sorted(worths, reverse=True)
    assert len(set(worths)) == len(worths)


def test_round_fruit_is_photographed_in_its_own_window() -> None:
    photos = list(labelled_photos(per_grade=3, seed=1, crop=LEMONS))
    assert {photo.shape for _, photo, _ in photos} == {(140, 140, 3)}
    assert {truth["kind"] for _, _, truth in photos} == {"lemon"}
    assert len(photos) == 3 * len(LEMONS.grades)
