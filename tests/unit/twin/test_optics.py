"""The camera as a value, and flat pictures seen through it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sorter.config import CameraConfig
from sorter.twin.lens_map import LensMap, render_flat
from sorter.twin.optics import TYPICAL_DISTORTION, Optics

CAMERA = CameraConfig(width=640, height=480, mm_per_px=0.6, reference_px=300)
BENT = Optics.over(CAMERA, distortion=TYPICAL_DISTORTION, tilt_deg=(1.5, -2.0, 0.4))


def dot(radius_px: int = 20) -> np.ndarray:
    picture = np.full((201, 201, 3), 255, np.uint8)
    cv2.circle(picture, (100, 100), radius_px, (0, 0, 0), -1)
    return picture


def dark(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(image[:, :, 1] < 100)
    return columns, rows


def test_a_plain_camera_sees_the_belt_plane_as_configured() -> None:
    seen = Optics.over(CAMERA).belt_mm(np.array([[0.0, 0.0], [299.5, 239.5]]))
    assert seen[0] == pytest.approx([(0.5 - 300) * 0.6, 0.3])
    assert seen[1] == pytest.approx([0, 144])


@settings(max_examples=50)
@given(
    st.floats(0, 639),
    st.floats(0, 479),
    st.floats(0, 60),
    st.tuples(st.floats(-0.2, 0.2), st.floats(-0.05, 0.05)),
    st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(-2, 2)),
)
def test_a_pixel_goes_to_the_belt_and_back(
    x: float,
    y: float,
    height_mm: float,
    radial: tuple[float, float],
    tilt_deg: tuple[float, float, float],
) -> None:
    optics = Optics.over(CAMERA, distortion=(*radial, 1e-3, -1e-3, 0.0), tilt_deg=tilt_deg)
    pixel = np.array([[x, y]])
    place = np.column_stack([optics.belt_mm(pixel, height_mm), [height_mm]])
    assert optics.project(place) == pytest.approx(pixel, abs=1e-3)


def test_what_lies_17_mm_above_the_belt_reads_3_8_percent_long() -> None:
    optics = Optics.over(CAMERA, height_mm=460)
    ends = np.array([[-90.0, 144, 17], [90.0, 144, 17]])
    seen = optics.belt_mm(optics.project(ends))
    assert (seen[1, 0] - seen[0, 0]) / 180 == pytest.approx(1.038, abs=0.001)


def test_a_tilted_camera_is_aimed_at_the_middle_of_its_field() -> None:
    tilted = Optics.over(CAMERA, tilt_deg=(2, -2, 1))
    middle = np.array([[319.5, 239.5]])
    assert tilted.belt_mm(middle) == pytest.approx(Optics.over(CAMERA).belt_mm(middle))


def test_a_tilt_makes_the_far_side_smaller() -> None:
    optics = Optics.over(CAMERA, tilt_deg=(0, 2, 0))
    left = optics.project(np.array([[-150.0, 144, 0], [-140.0, 144, 0]]))
    right = optics.project(np.array([[140.0, 144, 0], [150.0, 144, 0]]))
    assert abs(np.diff(left[:, 0]) / np.diff(right[:, 0]) - 1) > 0.01


def test_the_interpolated_rays_are_those_of_the_camera() -> None:
    lens = LensMap(BENT)
    interpolated = lens.whole.fine(lens.belt(lens.whole))
    pixels = np.stack(np.meshgrid(np.arange(640.0), np.arange(480.0)), axis=-1)[::37, ::41]
    exact = BENT.belt_mm(pixels.reshape(-1, 2)).reshape(pixels.shape)
    assert interpolated[::37, ::41] == pytest.approx(exact, abs=0.01)


def test_a_part_of_the_image_has_the_rays_of_the_whole() -> None:
    lens = LensMap(BENT)
    part = lens.patch(101, 57, 203.5, 130)
    assert part is not None
    whole = lens.whole.fine(lens.belt(lens.whole, 17))
    cut = whole[part.top : part.top + part.height, part.left : part.left + part.width]
    assert part.fine(lens.belt(part, 17)) == pytest.approx(cut, abs=1e-3)
    assert lens.patch(700, 0, 800, 10) is None


def test_the_corners_of_a_charuco_board_on_the_belt_are_where_the_camera_projects_them() -> None:
    board = cv2.aruco.CharucoBoard(
        (7, 5), 30, 22, cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_100)
    )
    seen = render_flat(
        BENT, board.generateImage((2100, 1500)), mm_per_px=0.1, across_mm=140, turn_deg=10
    )
    corners, ids, _, _ = cv2.aruco.CharucoDetector(board).detectBoard(seen)
    on_board = board.getChessboardCorners()[ids.ravel(), :2] - np.array([105, 75])
    turn = np.radians(10)
    turned = on_board @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    places = np.column_stack([turned + np.array([0, 140]), np.zeros(len(turned))])
    assert len(ids) == 24
    assert corners.reshape(-1, 2) == pytest.approx(BENT.project(places), abs=0.1)


def test_a_flat_picture_lies_where_it_was_put() -> None:
    seen = render_flat(
        Optics.over(CAMERA), dot(), mm_per_px=0.3, along_mm=60, across_mm=90, ground=(255, 255, 255)
    )
    columns, rows = dark(seen)
    assert columns.mean() == pytest.approx(300 + 60 / 0.6 - 0.5, abs=0.3)
    assert rows.mean() == pytest.approx(90 / 0.6 - 0.5, abs=0.3)
    assert np.ptp(columns) + 1 == pytest.approx(2 * 20 * 0.3 / 0.6, abs=1.5)


def test_a_rolling_shutter_shears_what_the_belt_carries() -> None:
    optics = Optics.over(CAMERA, readout_s=0.02)
    places = []
    for across_mm in (40.0, 250.0):
        columns, _ = dark(
            render_flat(
                optics,
                dot(),
                mm_per_px=0.3,
                across_mm=across_mm,
                speed_mm_per_s=1000,
                ground=(255, 255, 255),
            )
        )
        places.append(columns.mean() * 0.6)
    # Both lie at one place of the belt; 210 of 288 mm further down it is read 14.6 ms later.
    assert places[1] - places[0] == pytest.approx(1000 * 0.02 * 210 / 288, abs=0.5)


def test_a_global_shutter_shears_nothing() -> None:
    still = render_flat(BENT, dot(), mm_per_px=0.3, across_mm=100)
    moving = render_flat(BENT, dot(), mm_per_px=0.3, across_mm=100, speed_mm_per_s=1000)
    assert np.array_equal(still, moving)
