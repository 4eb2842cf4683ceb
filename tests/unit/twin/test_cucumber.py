"""The rendered cucumbers are what their truth says."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sorter.twin.cucumber import GRADE_NAMES, GRADES, Cucumber, GradeRange, grow
from sorter.twin.drawing import draw
from sorter.twin.sprite import Sprite

MM_PER_PX = 0.6


def straight_across(**changes: float) -> Cucumber:
    fruit = grow("M", np.random.default_rng(5))
    plain = {"bend_mm": 0.5, "bulge": 0.0, "waist": 0.0, "angle_deg": 90.0}
    return replace(fruit, **(plain | changes))


def apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[1] < other[0] or other[1] < one[0]


@pytest.mark.parametrize("grade", GRADES[:-1], ids=lambda grade: grade.name)
def test_a_grown_cucumber_keeps_its_grades_ranges(grade: GradeRange) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        fruit = grow(grade.name, rng)
        assert grade.length_mm[0] <= fruit.length_mm <= grade.length_mm[1]
        assert grade.bend_mm[0] <= fruit.bend_mm <= grade.bend_mm[1]
        assert grade.thickness_mm[0] <= fruit.thickness_mm <= grade.thickness_mm[1]


@pytest.mark.parametrize("pair", list(itertools.combinations(GRADES[:-1], 2)), ids=str)
def test_no_cucumber_belongs_to_two_grades(pair: tuple[GradeRange, GradeRange]) -> None:
    one, other = pair
    assert apart(one.length_mm, other.length_mm) or apart(one.bend_mm, other.bend_mm)


def test_every_poor_cucumber_has_a_fault() -> None:
    rng = np.random.default_rng(2)
    most_bent_share = max(grade.bend_mm[1] / grade.length_mm[0] for grade in GRADES[:-1])
    for _ in range(100):
        fruit = grow("C", rng)
        bent = fruit.bend_mm / fruit.length_mm > most_bent_share
        assert bent or abs(fruit.bulge) > 0.2 or fruit.yellowing > 0.4


def test_an_unknown_grade_is_refused() -> None:
    with pytest.raises(ValueError, match="no grade 'XL'"):
        grow("XL", np.random.default_rng(1))


def test_the_same_seed_grows_the_same_cucumber() -> None:
    assert grow("BL", np.random.default_rng(7)) == grow("BL", np.random.default_rng(7))


@pytest.mark.parametrize("length_mm", [130.0, 190.0, 245.0])
def test_a_straight_cucumber_across_the_belt_is_drawn_as_long_as_it_is(length_mm: float) -> None:
    sprite = draw(straight_across(length_mm=length_mm), MM_PER_PX)
    assert sprite.across_mm == pytest.approx(length_mm, abs=2 * MM_PER_PX)


@pytest.mark.parametrize("thickness_mm", [24.0, 37.0])
def test_its_extent_along_the_belt_is_its_thickness(thickness_mm: float) -> None:
    sprite = draw(straight_across(thickness_mm=thickness_mm), MM_PER_PX)
    assert sprite.along_mm == pytest.approx(thickness_mm, abs=2 * MM_PER_PX)


@pytest.mark.parametrize("bend_mm", [10.0, 30.0, 50.0])
def test_a_bend_widens_it_along_the_belt_by_its_sagitta(bend_mm: float) -> None:
    straight = draw(straight_across(length_mm=200, thickness_mm=20), MM_PER_PX)
    bent = draw(straight_across(length_mm=200, thickness_mm=20, bend_mm=bend_mm), MM_PER_PX)
    # Its ends taper to points, so the inner side gains up to half a thickness less.
    widened_mm = bent.along_mm - straight.along_mm
    assert bend_mm - 20 / 2 < widened_mm <= bend_mm


@pytest.mark.parametrize("grade", GRADE_NAMES)
@pytest.mark.parametrize("angle_deg", [70.0, 90.0, -110.0])
def test_nothing_of_it_is_cut_off_by_its_own_picture(grade: str, angle_deg: float) -> None:
    fruit = replace(grow(grade, np.random.default_rng(3)), angle_deg=angle_deg)
    sprite = draw(fruit, MM_PER_PX)
    assert edge_of(sprite).min() == 255


def edge_of(sprite: Sprite) -> np.ndarray:
    seen = sprite.passing
    return np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
