from __future__ import annotations

import cv2
import numpy as np
import pytest

from sorter.frame import Pixels
from sorter.stranger import FEATURES, Familiar, describe


def fruit(colour: tuple[int, int, int], side: int = 48) -> Pixels:
    photo = np.full((side, side, 3), (60, 90, 60), np.uint8)
    return np.asarray(cv2.circle(photo, (side // 2, side // 2), side // 3, colour, -1), np.uint8)


def test_a_photo_is_described_the_same_in_either_colour_order() -> None:
    photo = fruit((60, 200, 220))
    described = describe(photo, "BGR")
    assert described.shape == (FEATURES,)
    swapped = np.ascontiguousarray(photo[:, :, ::-1])
    assert describe(swapped, "RGB") == pytest.approx(described)


@pytest.mark.parametrize("level", [0, 255])
def test_a_photo_of_one_level_is_described_by_numbers(level: int) -> None:
    assert np.isfinite(describe(np.full((16, 16, 3), level, np.uint8), "RGB")).all()


def test_what_has_another_colour_is_farther_away_than_the_same_fruit_elsewhere() -> None:
    own = describe(fruit((60, 200, 220)), "BGR")
    familiar = Familiar(
        means=own[None].astype(np.float32), whitening=np.eye(FEATURES, dtype=np.float32), above=1.0
    )
    moved = np.roll(fruit((60, 200, 220)), 2, axis=1)
    other = fruit((40, 40, 200))
    near, far = familiar.strangeness(np.stack([describe(one, "BGR") for one in (moved, other)]))
    assert near < far / 3


def test_the_nearest_grade_counts_and_the_limit_is_the_unit() -> None:
    means = np.zeros((2, FEATURES), np.float32)
    means[1, 0] = 10
    familiar = Familiar(means=means, whitening=2 * np.eye(FEATURES, dtype=np.float32), above=4.0)
    at = np.zeros((1, FEATURES))
    at[0, 0] = 8
    assert familiar.distances(at) == pytest.approx([4])
    assert familiar.strangeness(at) == pytest.approx([1])
