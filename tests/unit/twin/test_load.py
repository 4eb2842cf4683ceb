"""Fruit on the belt."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sorter.twin.cucumber import GRADE_NAMES
from sorter.twin.load import EDGE_MM, GAP_MM, load
from sorter.twin.setup import demo_config

CAMERA = demo_config().camera


def test_neighbours_keep_their_gap() -> None:
    produce = load(GRADE_NAMES * 2, CAMERA, np.random.default_rng(1), first_mm=300)
    for one, other in pairwise(produce):
        gap_mm = (other.at_mm - other.along_mm / 2) - (one.at_mm + one.along_mm / 2)
        assert GAP_MM[0] - 1e-6 <= gap_mm <= GAP_MM[1] + 1e-6


def test_fruit_comes_in_the_named_order() -> None:
    produce = load(["C", "2L", "BS"], CAMERA, np.random.default_rng(1), first_mm=300)
    assert [item.fruit.grade for item in produce] == ["C", "2L", "BS"]


def test_the_first_head_lies_where_it_was_asked_for() -> None:
    first = load(["M"], CAMERA, np.random.default_rng(1), first_mm=300)[0]
    assert first.at_mm - first.along_mm / 2 == 300


def test_every_fruit_lies_wholly_inside_the_image() -> None:
    field_mm = CAMERA.height * CAMERA.mm_per_px
    for item in load(GRADE_NAMES * 3, CAMERA, np.random.default_rng(2), first_mm=0):
        half_mm = item.placed.sprite.across_mm / 2
        assert item.placed.across_mm - half_mm >= EDGE_MM - 1e-6
        assert item.placed.across_mm + half_mm <= field_mm - EDGE_MM + 1e-6
