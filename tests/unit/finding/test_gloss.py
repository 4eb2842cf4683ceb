"""Gloss on dark fruit, which may look almost like belt."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sorter.item import Sighting
from tests.unit.finding.scenes import GREY_BELT, belt, expose, make_finder

DARK_GREEN = (40.0, 60.0, 50.0)
GLOSS = (0.75, 0.84, 0.77)
"""Of the belt's light; 15 of 128 levels of colour would be an item's own."""


def fruit_with_strip(strip: tuple[float, float, float], width_px: int = 12) -> list[Sighting]:
    """Dark fruit with a strip through its whole thickness that has a share of the belt's light."""
    scene = belt()
    scene[80:120, 100:300] = DARK_GREEN
    scene[80:120, 200 : 200 + width_px] = np.float32(GREY_BELT) * np.float32(strip)
    finder = make_finder()
    finder.find(expose(belt()))
    soft = np.asarray(cv2.GaussianBlur(scene, (0, 0), 1.5), np.float32)
    return finder.find(expose(soft, index=1))


def test_gloss_that_leaves_dark_fruit_little_of_its_colour_does_not_part_it() -> None:
    found = fruit_with_strip(GLOSS)
    assert [one.along.size_mm for one in found] == pytest.approx([200], abs=4)
    assert not found[0].touching


@pytest.mark.parametrize("light", [1.0, 0.75], ids=["lit", "in shadow"])
def test_belt_between_two_fruits_parts_them(light: float) -> None:
    found = fruit_with_strip((light, light, light))
    assert [one.along.size_mm for one in found] == pytest.approx([100, 88], abs=4)


def test_a_wide_strip_of_little_colour_is_no_gloss() -> None:
    assert len(fruit_with_strip(GLOSS, width_px=40)) == 2
