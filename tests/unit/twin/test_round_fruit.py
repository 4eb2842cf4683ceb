"""Lemons and tomatoes are what their truth says."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from sorter.config import CameraConfig
from sorter.twin.lighting import Imaging
from sorter.twin.optics import Optics
from sorter.twin.placed import Placed
from sorter.twin.round_drawing import draw_round
from sorter.twin.round_fruit import GRADES, SKIN_COLUMNS, Kind, RoundFruit, grow, profile, skin
from sorter.twin.scene import Scene

MM_PER_PX = 0.4
KINDS: list[Kind] = ["lemon", "tomato"]


def ripe(kind: Kind = "tomato", **changes: float) -> RoundFruit:
    return replace(grow(kind, "extra", np.random.default_rng(3)), **changes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grade", GRADES, ids=lambda grade: grade.name)
def test_a_grown_fruit_keeps_its_grades_ranges(kind: Kind, grade: object) -> None:
    rng = np.random.default_rng(1)
    ranges = next(one for one in GRADES if one is grade)
    for _ in range(30):
        fruit = grow(kind, ranges.name, rng)
        assert ranges.diameter_mm[0] <= fruit.diameter_mm <= ranges.diameter_mm[1]
        assert ranges.ripeness[0] <= fruit.ripeness <= ranges.ripeness[1]
        assert ranges.blemishes[0] <= len(fruit.blemishes) <= ranges.blemishes[1]


def test_an_unknown_grade_is_refused() -> None:
    with pytest.raises(ValueError, match="no grade 'XL'"):
        grow("lemon", "XL", np.random.default_rng(1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_tells_size_colour_and_blemishes(kind: Kind) -> None:
    fruit = grow(kind, "waste", np.random.default_rng(2))
    truth = json.loads(json.dumps(fruit.truth()))
    assert truth["diameter_mm"] == pytest.approx(fruit.diameter_mm, abs=0.01)
    assert truth["blemish_mm2"] > 6 * math.pi * 3**2
    assert len(truth["colour"]) == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("diameter_mm", [35.0, 53.0])
def test_it_is_drawn_as_thick_and_as_long_as_it_is(kind: Kind, diameter_mm: float) -> None:
    fruit = ripe(kind, diameter_mm=diameter_mm, angle_deg=90.0)
    sprite = draw_round(fruit, MM_PER_PX).sprite
    assert sprite.along_mm == pytest.approx(diameter_mm, abs=2 * MM_PER_PX)
    assert sprite.across_mm == pytest.approx(diameter_mm * fruit.elongation, abs=2 * MM_PER_PX)


def test_blemishes_cover_the_area_of_their_truth() -> None:
    fruit = grow("tomato", "waste", np.random.default_rng(4))
    fruit = replace(fruit, elongation=1.0, ripeness=1.0, colour=(0.1, 0.1, 0.7))
    painted = skin(fruit)
    brown = painted[:, :, 2] < 0.45
    rows = (np.arange(len(painted)) + 0.5) / len(painted) * 2 - 1
    girth = profile(fruit, rows.astype(np.float32))
    # On a sphere a slice of equal height has equal area: 2 π r Δh, whatever its girth.
    texel_mm2 = 2 * math.pi * fruit.diameter_mm / 2 * fruit.diameter_mm / len(rows) / SKIN_COLUMNS
    assert (girth > 0).all()
    sound = np.abs(rows) < 0.84
    assert brown[sound].sum() * texel_mm2 == pytest.approx(fruit.blemish_mm2, rel=0.25)


def test_a_fruit_that_rolls_shows_another_side_of_the_same_shape() -> None:
    looks = draw_round(grow("lemon", "waste", np.random.default_rng(5)), MM_PER_PX)
    assert looks.rolled is not None
    one, other, again = (looks.rolled(turn) for turn in (0.0, math.pi, 2 * math.pi))
    assert np.array_equal(one.passing, other.passing)
    assert np.abs(one.colour.astype(int) - other.colour).max() > 60
    assert np.abs(one.colour.astype(int) - again.colour).max() <= 1


def test_every_side_of_a_blemished_fruit_shows_a_blemish() -> None:
    for seed in range(6):
        looks = draw_round(grow("lemon", "waste", np.random.default_rng(seed)), MM_PER_PX)
        assert looks.rolled is not None
        for turn in np.arange(0, 2 * math.pi, math.pi / 4):
            sprite = looks.rolled(float(turn))
            solid = sprite.passing[:, :, 0] == 0
            inner = cv2.erode(solid.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
            assert (sprite.colour[inner].max(axis=1) < 90).sum() > 100


def test_a_ball_seen_from_the_side_is_drawn_out_away_from_the_lens() -> None:
    camera = CameraConfig(source="twin", width=960, height=640, mm_per_px=0.5)
    optics = Optics.over(camera)
    ball = draw_round(ripe(diameter_mm=50.0, elongation=1.0), camera.mm_per_px)
    item = Placed(sprite=ball.sprite, at_mm=-180.0, across_mm=160.0)
    seen = Scene(
        camera, np.random.default_rng(1), optics=optics, imaging=Imaging(drift=0.0)
    ).render(0, 0, [item])
    _, mask = cv2.threshold(seen[:, :, 0], 130, 255, cv2.THRESH_BINARY_INV)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea).reshape(-1, 2)
    places = optics.belt_mm(outline.astype(float), 25.0)
    along, across = np.ptp(places, axis=0) + camera.mm_per_px
    # The outline of a sphere: the angle under which it is seen, cut by the plane of its middle.
    way, drop = 180.0, 460 - 25.0
    half = math.asin(25 / math.hypot(way, drop))
    view = math.atan2(way, drop)
    assert along == pytest.approx(drop * (math.tan(view + half) - math.tan(view - half)), abs=1.2)
    assert across == pytest.approx(50, abs=1.2)
