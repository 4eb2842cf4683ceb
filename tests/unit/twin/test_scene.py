"""The camera of the twin."""

from __future__ import annotations

import numpy as np
import pytest

from sorter.twin.load import load
from sorter.twin.placed import Laid
from sorter.twin.scene import Scene
from sorter.twin.setup import demo_config

CAMERA = demo_config().camera


def scene(seed: int = 1) -> Scene:
    return Scene(CAMERA, np.random.default_rng(seed))


def fruit(grade: str = "2S") -> Laid:
    return next(load([grade], CAMERA, np.random.default_rng(2), first_mm=500))


def dark_columns(pixels: np.ndarray) -> np.ndarray:
    return np.flatnonzero((pixels[:, :, 2] < 120).sum(axis=0) > 3)


def test_a_frame_has_the_cameras_size() -> None:
    pixels = scene().render(0, 0, [])
    assert pixels.shape == (480, 640, 3)
    assert pixels.dtype == np.uint8


def test_a_fruit_crosses_the_middle_of_the_image_at_its_own_travel() -> None:
    item = fruit()
    columns = dark_columns(scene().render(item.placed.at_mm, 0, [item.placed]))
    assert columns.mean() == pytest.approx(320, abs=2)


def test_the_belt_carries_it_from_left_to_right() -> None:
    item = fruit()
    columns = dark_columns(scene().render(item.placed.at_mm + 60, 0, [item.placed]))
    assert columns.mean() == pytest.approx(320 + 60 / CAMERA.mm_per_px, abs=2)


@pytest.mark.parametrize("off_mm", [-192, 192])
def test_a_fruit_at_the_edge_is_half_in_view(off_mm: float) -> None:
    item = fruit()
    columns = dark_columns(scene().render(item.placed.at_mm + off_mm, 0, [item.placed]))
    half_px = item.produce.along_mm / 2 / CAMERA.mm_per_px
    assert len(columns) == pytest.approx(half_px, abs=4)


def test_a_fruit_out_of_view_changes_nothing() -> None:
    item = fruit()
    seen = scene().render(item.placed.at_mm + 400, 0, [item.placed])
    assert np.array_equal(seen, scene().render(item.placed.at_mm + 400, 0, []))


def test_the_belt_itself_moves_with_the_travel() -> None:
    view = scene()
    before = view.render(0, 0, []).astype(float).mean(axis=2)
    after = view.render(30, 0, []).astype(float).mean(axis=2)
    moved = np.corrcoef(before[:, :-50].ravel(), after[:, 50:].ravel())[0, 1]
    stood = np.corrcoef(before[:, :-50].ravel(), after[:, :-50].ravel())[0, 1]
    assert moved > stood


def test_the_belt_has_no_seam_where_its_texture_repeats() -> None:
    assert scene().render(5000, 0, []).shape == (480, 640, 3)
    assert scene().render(-5000, 0, []).shape == (480, 640, 3)


def test_the_light_drifts_slowly() -> None:
    view = scene()
    levels = [view.render(0, time_s, []).mean() for time_s in range(0, 60, 2)]
    assert max(levels) - min(levels) > 5
    assert np.abs(np.diff(levels)).max() < 6


def test_the_same_seed_gives_the_same_frames() -> None:
    one, other = scene(4), scene(4)
    for travel_mm in (0.0, 12.5):
        assert np.array_equal(one.render(travel_mm, 0, []), other.render(travel_mm, 0, []))
