"""Fruit on the belt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sorter.twin.cucumber import GRADE_NAMES
from sorter.twin.load import EDGE_MM, GAP_MM, Laid, load
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
