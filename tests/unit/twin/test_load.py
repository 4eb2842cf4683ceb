"""Fruit on the belt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from sorter.config import CameraConfig
from sorter.twin.crops import LEMONS
from sorter.twin.cucumber import GRADE_NAMES, Cucumber
from sorter.twin.load import EDGE_MM, GAP_MM, Layout, load
from sorter.twin.placed import Laid, Produce
from sorter.twin.setup import demo_config

CAMERA = demo_config().camera


def laid(grades: Sequence[str], *, seed: int = 1, first_mm: float = 300) -> list[Laid]:
    return list(load(grades, CAMERA, np.random.default_rng(seed), first_mm=first_mm))


def test_neighbours_keep_their_gap() -> None:
    produce = [fruit.produce for fruit in laid(GRADE_NAMES * 2)]
    for one, other in pairwise(produce):
        gap_mm = (other.at_mm - other.along_mm / 2) - (one.at_mm + one.along_mm / 2)
        assert GAP_MM[0] - 1e-6 <= gap_mm <= GAP_MM[1] + 1e-6


def test_fruit_comes_in_the_named_order() -> None:
    produce = [fruit.produce for fruit in laid(["C", "2L", "BS"])]
    assert [item.fruit.grade for item in produce] == ["C", "2L", "BS"]
    assert [item.number for item in produce] == [0, 1, 2]


def test_the_first_head_lies_where_it_was_asked_for() -> None:
    first = laid(["M"], first_mm=300)[0].produce
    assert first.at_mm - first.along_mm / 2 == 300


def test_every_fruit_lies_wholly_inside_the_image() -> None:
    field_mm = CAMERA.height * CAMERA.mm_per_px
    for item in laid(GRADE_NAMES * 3, seed=2):
        half_mm = item.placed.sprite.across_mm / 2
        assert item.placed.across_mm - half_mm >= EDGE_MM - 1e-6
        assert item.placed.across_mm + half_mm <= field_mm - EDGE_MM + 1e-6


def test_fruit_lies_as_far_off_the_middle_as_the_layout_says() -> None:
    middle_mm = CAMERA.height * CAMERA.mm_per_px / 2
    for lateral_mm, least_mm, most_mm in ((10.0, 5.0, 10.0), (1000.0, 60.0, middle_mm)):
        rng = np.random.default_rng(1)
        layout = Layout(pitch_mm=320, crosswise_deg=90, lateral_mm=lateral_mm)
        off_mm = [
            abs(one.placed.across_mm - middle_mm)
            for one in load(["M"] * 40, CAMERA, rng, first_mm=0, layout=layout)
        ]
        assert least_mm < max(off_mm) <= most_mm


def in_lanes(layout: Layout, items: int = 40) -> list[Produce]:
    camera = CameraConfig(source="twin", width=1280, height=720, mm_per_px=0.4)
    rng = np.random.default_rng(3)
    grades = [LEMONS.grade_names[k % 5] for k in range(items)]
    laid = load(grades, camera, rng, first_mm=300, crop=LEMONS, layout=layout)
    return [one.produce for one in laid]


def test_every_lane_keeps_its_pitch() -> None:
    produce = in_lanes(Layout(lanes=4, pitch_mm=100, jitter_mm=5))
    for lane in range(4):
        places = [item.at_mm for item in produce if item.lane == lane]
        assert len(places) == 10
        assert np.diff(places) == pytest.approx(100, abs=10)


def test_the_lanes_are_merged_in_the_order_of_the_belt() -> None:
    produce = in_lanes(Layout(lanes=4, pitch_mm=100, jitter_mm=20))
    places = [item.at_mm for item in produce]
    assert places == sorted(places)
    assert [item.number for item in produce] == list(range(40))


def test_every_fruit_lies_inside_its_lane() -> None:
    camera = CameraConfig(source="twin", width=1280, height=720, mm_per_px=0.4)
    layout = Layout(lanes=4, pitch_mm=100)
    grades = [LEMONS.grade_names[k % 5] for k in range(20)]
    for one in load(
        grades, camera, np.random.default_rng(1), first_mm=0, crop=LEMONS, layout=layout
    ):
        assert one.placed.across_mm // 72 == one.produce.lane


def test_fruit_of_a_clump_touches_the_one_before_it() -> None:
    produce = in_lanes(Layout(pitch_mm=150, clumps=0.5), items=60)
    gaps = np.array(
        [
            (other.at_mm - other.along_mm / 2) - (one.at_mm + one.along_mm / 2)
            for one, other in pairwise(produce)
        ]
    )
    assert np.count_nonzero(np.abs(gaps) < 1e-6) == pytest.approx(30, abs=12)
    assert gaps.min() > -1e-6


def test_cucumbers_can_be_made_to_lie_straight_across() -> None:
    layout = Layout(pitch_mm=60, crosswise_deg=3)
    rng = np.random.default_rng(1)
    for one in load(["M"] * 20, CAMERA, rng, first_mm=0, layout=layout):
        fruit = one.produce.fruit
        assert isinstance(fruit, Cucumber)
        assert abs(abs(fruit.angle_deg) - 90) <= 3


def test_round_fruit_that_rolls_shows_another_side_as_the_belt_runs() -> None:
    camera = CameraConfig(source="twin", width=1280, height=720, mm_per_px=0.4)
    layout = Layout(pitch_mm=100, rolling=0.5)
    rng = np.random.default_rng(1)
    one = next(load(["waste"], camera, rng, first_mm=0, crop=LEMONS, layout=layout))
    before, after = one.placed.face(0.0), one.placed.face(60.0)
    assert not np.array_equal(before.colour, after.colour)
    assert np.array_equal(one.placed.face(0.0).colour, before.colour)
