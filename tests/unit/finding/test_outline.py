"""Outlines to a fraction of a pixel, and the photos that are cut by them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sorter.finding.outline import outlines_px, refine
from tests.unit.finding.scenes import belt, expose, lay, make_finder

MIDDLE, RADIUS = (140.3, 100.6), 40.4


def radii(outline_px: np.ndarray) -> np.ndarray:
    return np.hypot(outline_px[:, 0] - MIDDLE[0], outline_px[:, 1] - MIDDLE[1])


def test_a_contour_of_a_small_image_is_put_on_the_edge_of_its_pixels() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[10:30, 20:50] = 255
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    (outline,) = outlines_px(contours, 2.0)
    # The pixels cover columns 40 to 99 and rows 20 to 59 of the frame.
    assert outline.min(axis=0) == pytest.approx([39.5, 19.5], abs=0.01)
    assert outline.max(axis=0) == pytest.approx([99.5, 59.5], abs=0.01)


@pytest.mark.parametrize("off_px", [-2.0, 0.0, 2.0])
def test_an_outline_that_is_some_pixels_off_is_moved_to_the_edge(off_px: float) -> None:
    pixels = expose(lay(belt(), [(*MIDDLE, RADIUS)])).pixels
    turns = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    around = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (RADIUS + off_px)
    refined = refine((around + MIDDLE).astype(np.float32), pixels)
    assert radii(refined).mean() == pytest.approx(RADIUS, abs=0.4)
    assert radii(refined).std() < 0.5


def test_the_measured_size_of_an_item_with_a_shadow_is_right_to_half_a_pixel() -> None:
    (seen,) = make_finder().find(expose(lay(belt(), [(*MIDDLE, RADIUS)])))
    measures = seen.measures
    assert measures.length_mm == pytest.approx(2 * RADIUS, abs=1.5)
    assert measures.width_mm == pytest.approx(2 * RADIUS, abs=1.5)
    assert measures.area_mm2 == pytest.approx(np.pi * RADIUS**2, rel=0.015)


@pytest.mark.parametrize("side_px", [32, 64, 120])
@pytest.mark.parametrize("at", [(140.0, 100.0), (60.0, 60.0)])
def test_a_photo_at_the_size_of_the_classifier_is_the_same_as_one_that_is_scaled_later(
    side_px: int, at: tuple[float, float]
) -> None:
    fruits = [(*at, 30.0), (at[0] + 75, at[1] + 15, 32.0)]
    seen = make_finder(window_mm=120).find(expose(lay(belt(), fruits)))[0]
    later = cv2.resize(seen.crop, (side_px, side_px), interpolation=cv2.INTER_AREA)
    photo = seen.photo(side_px)
    assert photo.shape == (side_px, side_px, 3)
    difference = np.abs(photo.astype(int) - later.astype(int))
    assert difference.mean() < 1.0
    assert np.percentile(difference, 99) < 12


def test_cutting_a_photo_leaves_the_frame_as_it_was() -> None:
    frame = expose(lay(belt(), [(140, 100, 30), (210, 100, 30)]))
    before = frame.pixels.copy()
    for seen in make_finder(window_mm=120).find(frame):
        seen.photo(32)
        assert seen.crop.shape == (120, 120, 3)
    assert np.array_equal(frame.pixels, before)
