"""Blurred views of an item are not judged where sharper ones are at hand."""

from __future__ import annotations

import cv2
import numpy as np

from sorter.frame import Pixels
from sorter.grader import Grader
from sorter.sharpness import JUDGED, sharp_ones, sharpness
from tests.factories import StubClassifier, make_item, make_sighting

SHARP: Pixels = np.random.default_rng(1).integers(0, 256, (48, 48, 3)).astype(np.uint8)


def blurred(length_px: int) -> Pixels:
    """Smeared along the belt."""
    return np.asarray(cv2.blur(SHARP, (length_px, 1)), np.uint8)


def test_a_smeared_photo_is_less_sharp() -> None:
    assert sharpness(blurred(9)) < sharpness(blurred(3)) < sharpness(SHARP)


def test_blurred_views_are_left_out_wherever_they_were_taken() -> None:
    assert sharp_ones([blurred(9), SHARP, blurred(7), SHARP]) == [1, 3]


def test_of_equally_sharp_views_the_best_placed_few_are_judged() -> None:
    assert sharp_ones([SHARP] * 6) == list(range(JUDGED))


def test_an_item_that_was_never_sharp_is_judged_all_the_same() -> None:
    assert sharp_ones([blurred(9)]) == [0]
    assert sharp_ones([blurred(9)] * 2) == [0, 1]
    flat = np.zeros_like(SHARP)
    assert sharp_ones([flat, flat]) == [0, 1]


def test_no_views_are_none() -> None:
    assert sharp_ones([]) == []


def test_the_classifier_sees_only_the_sharp_views_of_each_item() -> None:
    classifier = StubClassifier()
    items = [
        make_item(1, views=tuple(make_sighting(photo=one) for one in (blurred(9), SHARP))),
        make_item(2, views=tuple(make_sighting(photo=SHARP) for _ in range(6))),
    ]
    Grader(classifier).judge(items)  # type: ignore[arg-type]
    assert classifier.calls == [1 + JUDGED]
