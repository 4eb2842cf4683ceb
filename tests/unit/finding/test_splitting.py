"""Items that touch."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sorter.finding.splitting import looks_like_one, split
from sorter.twin.cucumber import GRADE_NAMES
from sorter.twin.photos import labelled_photos
from tests.unit.finding.scenes import belt, expose, lay, make_finder

Mask = NDArray[np.uint8]

RAGGED = ((1, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1), (1, 1, 0, 1, 1, 0), (0, 0, 0, 0, 1, 0))
"""The hull of its outline is out of order."""


def discs(*fruits: tuple[float, float, float]) -> Mask:
    mask = np.zeros((200, 300), np.uint8)
    for column, row, radius in fruits:
        cv2.circle(mask, (round(column), round(row)), round(radius), 255, cv2.FILLED)
    return closed(mask)


def closed(mask: Mask) -> Mask:
    """As the finder closes it: fruits that touch are joined by a bridge of some pixels."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def bars(*fruits: tuple[tuple[int, int], tuple[int, int]], thick: int = 30) -> Mask:
    """Straight fruit from one point to another, with round ends."""
    mask = np.zeros((300, 300), np.uint8)
    for start, end in fruits:
        cv2.line(mask, start, end, 255, thick)
    return closed(mask)


def parts(mask: Mask) -> list[bool]:
    """Whether each part may be more than one; one entry a part."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    assert len(contours) == 1
    if looks_like_one(contours[0]):
        return [False]
    return [part.touching for part in split(mask, contours[0])]


@pytest.mark.parametrize("radius", [30, 22, 14])
def test_two_round_fruits_that_touch_are_two(radius: int) -> None:
    assert parts(discs((100, 100, 30), (131 + radius, 105, radius))) == [False, False]


def test_three_that_touch_each_other_are_three() -> None:
    triangle = [(100.0, 80.0, 30.0), (160.0, 80.0, 30.0), (130.0, 131.0, 30.0)]
    assert parts(discs(*triangle)) == [False] * 3


def test_a_heap_of_seven_is_seven_or_doubtful() -> None:
    ring = [(120 + 56 * np.cos(a), 100 + 56 * np.sin(a), 28.0) for a in np.arange(6) * np.pi / 3]
    found = parts(discs((120, 100, 28), *ring))
    assert len(found) == 7 or all(found)


def test_the_parts_of_a_split_lie_where_the_fruits_are() -> None:
    mask = discs((100, 100, 30), (160, 100, 30))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    boxes = sorted(cv2.boundingRect(part.contour) for part in split(mask, contours[0]))
    assert np.allclose(boxes, [(70, 70, 61, 61), (130, 70, 61, 61)], atol=4)


def test_a_fruit_of_uneven_width_is_parted_from_another_where_they_touch() -> None:
    mask = bars(((30, 100), (90, 100)), ((190, 30), (190, 180)))
    x = np.linspace(-1, 1, 70)
    half = 15 - 1.5 * (1 - x**2)
    for column, width in enumerate(half):
        mask[round(100 - width) : round(100 + width), 90 + column] = 255
    cv2.circle(mask, (159, 100), 15, 255, cv2.FILLED)
    contours, _ = cv2.findContours(closed(mask), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ends = sorted(cv2.boundingRect(part.contour)[0] for part in split(mask, contours[0]))
    assert np.allclose(ends, [15, 175], atol=4)


def test_two_fruits_that_cover_each_other_are_doubtful() -> None:
    assert parts(discs((100, 100, 30), (145, 100, 30))) == [True]


def test_long_fruits_side_by_side_are_doubtful() -> None:
    assert parts(bars(((100, 40), (100, 240)), ((130, 55), (130, 250)))) == [True]


def test_long_fruits_tip_to_flank_are_two() -> None:
    assert parts(bars(((60, 150), (240, 150)), ((150, 181), (150, 280)))) == [False, False]


def test_long_fruits_across_each_other_are_doubtful() -> None:
    assert all(parts(bars(((60, 60), (240, 240)), ((60, 240), (240, 60)))))


def test_a_bent_fruit_is_one() -> None:
    mask = np.zeros((300, 300), np.uint8)
    cv2.ellipse(mask, (60, 150), (150, 130), 0, -55, 55, 255, 30)
    assert parts(mask) == [False]


def test_gloss_that_looks_like_belt_does_not_part_a_fruit() -> None:
    mask = bars(((50, 150), (250, 160)))
    cv2.line(mask, (150, 150), (170, 152), 0, 6)
    cv2.circle(mask, (150, 141), 2, 0, cv2.FILLED)
    # Only what is not all convex is looked at closer.
    cv2.circle(mask, (100, 135), 5, 0, cv2.FILLED)
    assert parts(mask) == [False]


@pytest.mark.parametrize("neck", [0.62, 0.7, 0.75, 0.8])
@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("length", [90, 130, 240])
def test_a_long_fruit_with_a_waist_never_becomes_two_sure_ones(
    neck: float, smooth: bool, length: int
) -> None:
    x = np.linspace(-1, 1, length)
    waist = np.cos(np.clip(x / 0.25, -1, 1) * np.pi / 2) if smooth else 1.0 * (abs(x) < 0.04)
    mask = np.zeros((300, 300), np.uint8)
    for column, half in enumerate(20 * (1 - (1 - neck) * waist)):
        mask[round(150 - half) : round(150 + half), 30 + column] = 255
    found = parts(mask)
    assert len(found) == 1 or all(found)


def test_a_waist_of_a_third_does_not_part_a_fruit() -> None:
    x = np.linspace(-1, 1, 200)
    half = 17 * np.sqrt(1 - np.abs(x) ** 5) * (1 - 0.33 * np.exp(-((x / 0.3) ** 2)))
    mask = np.zeros((100, 220), np.uint8)
    for column, width in enumerate(half):
        mask[round(50 - width) : round(50 + width), 10 + column] = 255
    assert len(parts(mask)) == 1


def test_a_fruit_that_enters_with_both_tips_first_is_not_split_at_the_edge() -> None:
    mask = np.zeros((300, 300), np.uint8)
    cv2.ellipse(mask, (160, 150), (150, 130), 180, -55, 55, 255, 30)
    for seen in range(20, 150, 4):
        entering = np.ascontiguousarray(mask[:, 170 - seen : 300] * 0 + mask[:, 0 : 130 + seen])
        cut = np.ascontiguousarray(entering[:, 20:])
        contours, _ = cv2.findContours(cut, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            assert looks_like_one(contour) or len(split(cut, contour)) == 1


def test_a_long_fruit_that_leaves_slantwise_does_not_make_one_of_those_that_it_touches() -> None:
    whole = bars(((60, 50), (90, 250)), ((122, 250), (150, 50)), ((182, 50), (212, 250)))
    for seen in range(112, 230, 4):
        cut = np.ascontiguousarray(whole[:, :seen])
        assert len(parts(cut)) == (2 if seen < 170 else 3), seen


def test_touching_fruit_on_the_belt_becomes_two_sightings_at_the_right_places() -> None:
    found = make_finder().find(expose(lay(belt(), [(140, 100, 30), (201, 100, 30)])))
    assert [one.from_reference_mm for one in found] == pytest.approx([-60, 1], abs=2)
    assert [one.along.size_mm for one in found] == pytest.approx([60, 60], abs=4)
    assert not any(one.touching for one in found)


def test_a_chain_of_fruit_through_the_whole_view_is_taken_apart() -> None:
    finder = make_finder()
    chain = lay(belt(), [(float(x), 100.0, 20.0) for x in range(0, 440, 41)])
    for index in range(4):
        found = finder.find(expose(chain, index=index))
        assert not finder.blind
        assert [one.complete for one in found] == [False, *[True] * 8, False]
        assert not any(one.touching for one in found if one.complete)


def test_the_photo_of_a_split_item_shows_belt_in_place_of_its_mate() -> None:
    found = make_finder(window_mm=100).find(expose(lay(belt(), [(140, 100, 30), (201, 100, 30)])))
    photo = found[0].crop.astype(int)
    yellow = photo[:, :, 2] - photo[:, :, 0] > 40
    assert yellow.any(axis=0).sum() == pytest.approx(60, abs=5)


def test_single_cucumbers_of_every_grade_are_seldom_doubted() -> None:
    doubted = 0
    for _, photo, _ in labelled_photos(per_grade=4, seed=3):
        red = cv2.resize(photo[:, :, 2], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        _, mask = cv2.threshold(red, 0.55 * float(np.median(red)), 255, cv2.THRESH_BINARY_INV)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        fruit = max(contours, key=cv2.contourArea)
        doubted += not looks_like_one(fruit) and [p.touching for p in split(mask, fruit)] != [False]
    assert doubted <= 2, f"{doubted} of {4 * len(GRADE_NAMES)}"


@given(pixels=arrays(np.bool_, st.tuples(st.integers(4, 8), st.integers(6, 30))))
def test_an_outline_may_be_as_ragged_as_it_likes(pixels: NDArray[np.bool_]) -> None:
    # An outline goes along a line that is one pixel wide twice; its hull is then out of order.
    ragged = np.array(RAGGED, np.uint8) * 255
    for mask in (ragged, np.pad(np.asarray(pixels * 255, np.uint8), ((0, 0), (1, 1)))):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        assert all(len(split(mask, contour)) >= 1 for contour in contours)
