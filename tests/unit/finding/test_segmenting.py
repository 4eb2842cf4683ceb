from __future__ import annotations

import numpy as np
import pytest

from sorter.config import BeltConfig
from sorter.errors import SorterError
from sorter.finding.segmenting import SegmentingFinder
from sorter.preprocess import Preprocess
from sorter.ruler.linear import LinearRuler
from tests.factories import BELT_BGR, FRUIT_BGR, draw_frame, make_camera


def make_finder(window_mm: float | None = None, **changes: object) -> SegmentingFinder:
    preprocess = Preprocess(size_px=32, window_mm=window_mm)
    camera = make_camera(**changes)
    return SegmentingFinder(camera, BeltConfig(mm_per_tick=0.5), preprocess, LinearRuler(camera))


def test_an_empty_belt_shows_nothing() -> None:
    assert make_finder().find(draw_frame([])) == []


def test_fruit_is_found_in_the_very_first_frame() -> None:
    assert len(make_finder().find(draw_frame([(100, 100, 40, 120)]))) == 1


def test_an_item_is_measured_in_mm() -> None:
    (seen,) = make_finder(mm_per_px=0.5).find(draw_frame([(200, 100, 60, 120)]))
    assert seen.measures.length_mm == pytest.approx(60, abs=2)
    assert seen.measures.width_mm == pytest.approx(30, abs=2)
    assert seen.measures.area_mm2 == pytest.approx(np.pi * 30 * 15, rel=0.12)
    assert seen.along.size_mm == pytest.approx(30, abs=2)


def test_the_place_is_counted_from_the_reference_line_on_the_moving_belt() -> None:
    (seen,) = make_finder(reference_px=120).find(draw_frame([(220, 100, 40, 120)], tick=1000))
    assert seen.from_reference_mm == pytest.approx(100, abs=1)
    assert seen.along.middle_mm == pytest.approx(100 - 500, abs=1)


@pytest.mark.parametrize(
    "fruit", [(5, 100, 40, 120), (395, 100, 40, 120), (200, 10, 40, 120), (200, 195, 40, 120)]
)
def test_an_item_over_the_edge_of_the_image_is_not_complete(
    fruit: tuple[float, float, float, float],
) -> None:
    (seen,) = make_finder().find(draw_frame([fruit]))
    assert not seen.complete


def test_a_crumb_is_no_item() -> None:
    assert make_finder().find(draw_frame([(200, 100, 8, 8)])) == []


def test_light_that_drifts_by_3_levels_a_second_is_learnt_as_belt() -> None:
    finder = make_finder()
    for index in range(400):
        frame = draw_frame([], index=index)
        frame.pixels[:] = np.clip(frame.pixels.astype(int) + index // 10, 0, 255).astype(np.uint8)
        assert finder.find(frame) == []


def test_fruit_that_lies_still_is_not_learnt_as_belt() -> None:
    finder = make_finder()
    for index in range(100):
        assert len(finder.find(draw_frame([(200, 100, 40, 120)], index=index))) == 1


def test_the_photo_shows_the_item_in_its_middle_and_keeps_the_scale() -> None:
    (seen,) = make_finder(window_mm=160).find(draw_frame([(150, 100, 40, 120)]))
    photo = seen.crop
    assert photo.shape == (160, 160, 3)
    assert tuple(photo[80, 80]) == FRUIT_BGR
    assert int((photo == FRUIT_BGR).all(axis=2).any(axis=1).sum()) == pytest.approx(120, abs=3)


def test_the_photo_shows_belt_where_a_neighbour_lies() -> None:
    first, second = make_finder(window_mm=160).find(
        draw_frame([(150, 100, 40, 120), (205, 100, 40, 120)])
    )
    for seen in (first, second):
        fruit = (np.abs(seen.crop.astype(int) - FRUIT_BGR) < 40).all(axis=2)
        assert fruit.any(axis=0).sum() == pytest.approx(40, abs=4)


def test_the_photo_goes_on_with_belt_beyond_the_edge_of_the_image() -> None:
    (seen,) = make_finder(window_mm=260).find(draw_frame([(60, 100, 40, 120)]))
    assert seen.crop.shape == (260, 260, 3)
    assert tuple(seen.crop[5, 5]) == BELT_BGR


def test_a_window_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(SorterError, match=r"1e\+06 mm.*mend camera\.mm_per_px"):
        make_finder(window_mm=1e6)


def test_without_a_window_the_photo_follows_the_outline_with_a_margin() -> None:
    (seen,) = make_finder().find(draw_frame([(150, 100, 40, 100)]))
    assert seen.crop.shape[0] == pytest.approx(100 * 1.3, abs=4)
