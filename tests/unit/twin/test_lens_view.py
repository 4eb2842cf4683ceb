"""Items seen through a lens."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from sorter.config import CameraConfig
from sorter.twin.cucumber import grow
from sorter.twin.drawing import draw
from sorter.twin.lighting import Imaging
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.twin.placed import Placed
from sorter.twin.scene import Scene

CAMERA = CameraConfig(source="twin", width=960, height=640, mm_per_px=0.5)
PLAIN = Optics.over(CAMERA)
LENS = Optics.over(CAMERA, distortion=TYPICAL_DISTORTION, tilt_deg=(1.5, -1.0, 0.0))
THICKNESS_MM = 34.0


def cucumber(*, at_mm: float = 0.0, across_mm: float = 160.0, angle_deg: float = 90.0) -> Placed:
    fruit = replace(
        grow("L", np.random.default_rng(5)),
        length_mm=200.0,
        thickness_mm=THICKNESS_MM,
        bend_mm=0.5,
        bulge=0.0,
        waist=0.0,
        angle_deg=angle_deg,
    )
    return Placed(sprite=draw(fruit, CAMERA.mm_per_px), at_mm=at_mm, across_mm=across_mm)


def outline(optics: Optics, item: Placed, *, speed_mm_per_s: float = 0.0) -> np.ndarray:
    """Outline of the one item in view at belt travel 0, in pixels."""
    scene = Scene(CAMERA, np.random.default_rng(1), optics=optics, imaging=Imaging(drift=0.0))
    seen = scene.render(0.0, 0.0, [item], speed_mm_per_s)
    _, mask = cv2.threshold(seen[:, :, 2], 110, 255, cv2.THRESH_BINARY_INV)
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(found, key=cv2.contourArea).reshape(-1, 2), np.float64)


def size_mm(optics: Optics, outline_px: np.ndarray, height_mm: float) -> tuple[float, float]:
    """Extent across and along the belt on the plane at a height."""
    places = optics.belt_mm(outline_px, height_mm)
    along, across = np.ptp(places, axis=0) + CAMERA.mm_per_px
    return float(across), float(along)


def test_a_cucumber_under_the_lens_reads_3_8_percent_long_on_the_belt_plane() -> None:
    seen = outline(PLAIN, cucumber())
    assert size_mm(PLAIN, seen, 0.0)[0] == pytest.approx(200 * 1.038, abs=1.2)


@pytest.mark.parametrize("optics", [PLAIN, LENS], ids=["pinhole", "distorted and tilted"])
@pytest.mark.parametrize(("at_mm", "across_mm"), [(0, 160), (-180, 115), (180, 205)])
def test_its_length_is_true_half_its_thickness_above_the_belt(
    optics: Optics, at_mm: float, across_mm: float
) -> None:
    seen = outline(optics, cucumber(at_mm=at_mm, across_mm=across_mm))
    across, _ = size_mm(optics, seen, THICKNESS_MM / 2)
    assert across == pytest.approx(200, abs=1.5)


def test_it_lies_where_its_middle_line_is_projected() -> None:
    seen = outline(LENS, cucumber(at_mm=-150, across_mm=140))
    middle = LENS.project(np.array([[150.0, 140.0, THICKNESS_MM / 2]]))[0]
    box = (seen.min(axis=0) + seen.max(axis=0)) / 2
    assert box == pytest.approx(middle, abs=3)


def test_seen_from_the_side_it_looks_thicker_by_its_lower_half() -> None:
    away_mm = 200.0
    seen = outline(PLAIN, cucumber(at_mm=-away_mm))
    _, along = size_mm(PLAIN, seen, THICKNESS_MM / 2)
    steep = away_mm / (460 - THICKNESS_MM / 2)
    under = size_mm(PLAIN, outline(PLAIN, cucumber()), THICKNESS_MM / 2)[1]
    assert along / under == pytest.approx(np.hypot(1, steep), abs=0.03)


def test_a_rolling_shutter_leans_it_by_the_belts_way_during_the_read_out() -> None:
    rolling = replace(PLAIN, readout_s=0.02)
    still, moving = (outline(rolling, cucumber(), speed_mm_per_s=v) for v in (0.0, 1000.0))
    leans = []
    for points in (still, moving):
        top = points[points[:, 1] < points[:, 1].min() + 60][:, 0].mean()
        bottom = points[points[:, 1] > points[:, 1].max() - 60][:, 0].mean()
        leans.append((bottom - top) * CAMERA.mm_per_px)
    rows = np.ptp(still[:, 1]) - 60
    assert leans[1] - leans[0] == pytest.approx(1000 * 0.02 * rows / 639, abs=1.0)


def test_the_belt_below_moves_with_the_travel() -> None:
    scene = Scene(
        CAMERA, np.random.default_rng(1), optics=PLAIN, imaging=Imaging(drift=0.0, noise_levels=0.1)
    )
    before = scene.render(0, 0, []).astype(float).mean(axis=2)
    after = scene.render(30, 0, []).astype(float).mean(axis=2)
    moved = np.abs(before[:, :-60] - after[:, 60:]).mean()
    assert moved < np.abs(before - after).mean() / 2


def test_an_item_out_of_view_changes_nothing() -> None:
    one, other = (Scene(CAMERA, np.random.default_rng(1), optics=LENS) for _ in range(2))
    assert np.array_equal(one.render(0, 0, [cucumber(at_mm=700)]), other.render(0, 0, []))
