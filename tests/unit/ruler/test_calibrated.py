from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sorter.config import CameraConfig
from sorter.ruler.calibrated import CalibratedRuler
from sorter.ruler.calibration import Calibration, CalibrationError
from sorter.ruler.projection import Projection
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from tests.factories import make_measures
from tests.unit.ruler.bodies import banana, ellipse, turned

CAMERA = CameraConfig(width=1280, height=720, mm_per_px=0.4)
PIXELS = np.zeros((720, 1280, 3), np.uint8)


def optics(**changes: object) -> Optics:
    values: dict[str, object] = {"distortion": TYPICAL_DISTORTION, "tilt_deg": (1.5, -1.0, 0.8)}
    return Optics.over(CAMERA, **(values | changes))  # type: ignore[arg-type]


def calibration_of(of: Optics, camera: CameraConfig = CAMERA) -> Calibration:
    """What a perfect calibration of a simulated camera gives."""
    projection = Projection(
        matrix=of.matrix,
        distortion=np.array(of.distortion),
        rotation=of.rotation,
        translation_mm=of.rotation @ np.array([-of.over_mm[0], -of.over_mm[1], of.height_mm]),
    )
    calibration = Calibration.of(projection, camera.field_px, error_px=0.1)
    return calibration.model_copy(update={"readout_s": of.readout_s})


def calibrated(of: Optics, camera: CameraConfig = CAMERA, **changes: object) -> CalibratedRuler:
    return CalibratedRuler(camera, calibration_of(of, camera).model_copy(update=changes))


places = st.tuples(st.floats(-200, 200), st.floats(30, 250))


@given(place=places, height_mm=st.floats(0, 40))
def test_a_point_at_a_height_is_found_where_it_is(
    place: tuple[float, float], height_mm: float
) -> None:
    camera = optics()
    seen = camera.project(np.array([[*place, height_mm]]))

    found = calibrated(camera).belt_mm(seen, height_mm=height_mm)

    assert found[0] == pytest.approx(place, abs=0.02)


def body_as_seen(
    camera: Optics, outline_mm: np.ndarray, place: tuple[float, float], height_mm: float
) -> np.ndarray:
    there = turned(outline_mm - outline_mm.mean(axis=0), 1.4, place)
    return camera.project(np.column_stack([there, np.full(len(there), height_mm)]))


@settings(max_examples=25)
@given(place=st.tuples(st.floats(-30, 30), st.floats(125, 155)))
def test_a_cucumber_is_not_read_too_long_for_lying_nearer_to_the_lens_than_the_belt(
    place: tuple[float, float],
) -> None:
    camera = optics()
    outline = banana(length_mm=180, arc_rad=0.5, thickness_mm=34)
    seen = body_as_seen(camera, outline, place, height_mm=17)

    measures = calibrated(camera).measure(seen, PIXELS)

    assert measures.length_mm == pytest.approx(180, abs=1.0)
    assert measures.width_mm == pytest.approx(34, abs=0.5)


def ball_as_seen(
    camera: Optics, place: tuple[float, ...], radius_mm: float, lies_mm: float | None = None
) -> np.ndarray:
    """Outline of a ball, on the belt or with its middle at a height: where rays touch it."""
    middle = np.array([*place, radius_mm if lies_mm is None else lies_mm])
    to_lens = np.array([*camera.over_mm, camera.height_mm]) - middle
    distance = float(np.linalg.norm(to_lens))
    to_lens /= distance
    aside = np.cross(to_lens, [0.0, 0.0, 1.0] if abs(to_lens[2]) < 0.9 else [1.0, 0.0, 0.0])
    aside /= np.linalg.norm(aside)
    other = np.cross(to_lens, aside)
    forward = radius_mm**2 / distance
    circle = ellipse(2, 2) * np.sqrt(radius_mm**2 - forward**2)
    return camera.project(
        middle + forward * to_lens + circle[:, :1] * aside + circle[:, 1:] * other
    )


@settings(max_examples=25)
@given(place=st.tuples(st.floats(-220, 220), st.floats(40, 240)), radius_mm=st.floats(14, 40))
def test_a_ball_is_as_wide_as_it_is_long_also_where_it_is_seen_aslant(
    place: tuple[float, float], radius_mm: float
) -> None:
    camera = optics()

    measures = calibrated(camera).measure(ball_as_seen(camera, place, radius_mm), PIXELS)

    # At the corner of the field a large ball is seen 27 degrees aslant.
    assert measures.length_mm == pytest.approx(2 * radius_mm, rel=0.025)
    assert measures.width_mm == pytest.approx(2 * radius_mm, rel=0.005)


@settings(max_examples=25)
@given(place=st.tuples(st.floats(-150, 150), st.floats(110, 170)), angle_rad=st.floats(0, np.pi))
def test_a_straight_cucumber_has_its_size_wherever_and_however_it_lies(
    place: tuple[float, float], angle_rad: float
) -> None:
    camera = optics()
    ways = np.linspace(-1, 1, 40)
    radii = 17 * np.sqrt(1 - 0.5 * ways**2)
    run = np.array([np.cos(angle_rad), np.sin(angle_rad)])
    balls = [
        ball_as_seen(camera, tuple(place + 75 * way * run), float(radius), lies_mm=17)
        for way, radius in zip(ways, radii, strict=True)
    ]
    seen = cv2.convexHull(np.concatenate(balls).astype(np.float32))[:, 0]

    measures = calibrated(camera).measure(seen, PIXELS)

    assert measures.length_mm == pytest.approx(150 + 2 * radii[0], abs=1.0)
    assert measures.width_mm == pytest.approx(34, abs=0.6)
    assert measures.bend_mm < 0.6


def test_without_the_correction_it_would_read_almost_four_per_cent_long() -> None:
    camera = optics(distortion=(0.0,) * 5, tilt_deg=(0.0, 0.0, 0.0))
    seen = body_as_seen(camera, ellipse(34, 34), (0.0, 140.0), height_mm=17)

    flat = calibrated(camera).belt_mm(seen)

    assert np.ptp(flat[:, 0]) / 34 == pytest.approx(1 + 17 / (460 - 17), abs=0.002)


@pytest.mark.parametrize(("turn", "expected"), [(0, 1), (180, -1)])
def test_a_shutter_that_reads_row_by_row_skews_what_moves(turn: int, expected: int) -> None:
    camera = CAMERA.model_copy(update={"rotate_deg": turn})
    ruler = calibrated(optics(readout_s=0.02), camera)
    column = np.array([[640.0, 0.0], [640.0, 719.0]])

    standing, running = ruler.belt_mm(column), ruler.belt_mm(column, speed_mm_per_s=1000)

    # The first row is exposed 10 ms before the middle one, the last one 10 ms after it.
    assert (running - standing)[:, 0] == pytest.approx([10 * expected, -10 * expected], abs=1e-3)


@pytest.mark.parametrize(("turn", "expected"), [(90, -1), (270, 1)])
def test_a_turned_shutter_stretches_what_moves(turn: int, expected: int) -> None:
    camera = CameraConfig(width=720, height=1280, mm_per_px=0.4, rotate_deg=turn)  # type: ignore[arg-type]
    ruler = calibrated(optics(readout_s=0.02), camera)
    row = np.array([[0.0, 360.0], [1279.0, 360.0]])

    standing, running = ruler.belt_mm(row), ruler.belt_mm(row, speed_mm_per_s=1000)

    assert (running - standing)[:, 0] == pytest.approx([10 * expected, -10 * expected], abs=1e-3)


def test_the_uncertainty_holds_edge_scale_and_height() -> None:
    camera = optics()
    seen = body_as_seen(camera, banana(length_mm=200, arc_rad=0.2, thickness_mm=34), (0, 140), 17)

    sure = calibrated(camera).measure(seen, PIXELS)
    unsure = calibrated(camera, scale_error=0.01).measure(seen, PIXELS)

    assert 0.2 < sure.length_sd_mm < 1.5
    assert unsure.length_sd_mm > 2.0


def test_a_scale_that_is_off_counts_twice_for_areas_and_three_times_for_volumes() -> None:
    one_per_cent = make_measures(length_sd_mm=1.0, width_sd_mm=0.4)

    assert one_per_cent.area_sd_mm2 == pytest.approx(0.02 * one_per_cent.area_mm2)
    assert one_per_cent.volume_sd_mm3 == pytest.approx(0.03 * one_per_cent.volume_mm3)


def test_the_colour_is_that_of_the_pixels_inside(tmp_path: Path) -> None:
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[200:300, 200:300] = (0, 0, 255)
    outline = np.array([[205.0, 205.0], [295.0, 205.0], [295.0, 295.0], [205.0, 295.0]])

    measures = calibrated(optics()).measure(outline, frame)

    # sRGB red in L*a*b* under D65.
    assert measures.lab == pytest.approx((53.2, 80.1, 67.2), abs=1.5)


def test_a_calibration_for_frames_of_another_size_is_refused() -> None:
    with pytest.raises(CalibrationError, match="1280x720 pixels, the camera's are 640x480"):
        CalibratedRuler(CameraConfig(width=640, height=480), calibration_of(optics()))


def test_a_calibration_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    calibration_of(optics()).save(path)

    assert Calibration.load(path) == calibration_of(optics())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rotation": [[1, 0, 0], [0, 1, 0], [0, 0, 2]]}, "rotation is none"),
        ({"translation_mm": [0, 0, -460]}, "the lens is not over the belt"),
        ({"focal_px": [0, 900]}, "focal_px"),
        ({"version": 2}, "version"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_damaged_calibration_is_refused_with_what_is_wrong(
    tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    path = tmp_path / "camera.json"
    values = json.loads(calibration_of(optics()).model_dump_json())
    path.write_text(json.dumps(values | change))

    with pytest.raises(CalibrationError, match=sentence):
        Calibration.load(path)


def test_a_missing_calibration_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="run 'sorter calibrate'"):
        Calibration.load(tmp_path / "none.json")


def test_what_cannot_be_true_of_a_camera_is_refused_before_a_file_is_overwritten() -> None:
    measured = {"scale_error": 0.001, "readout_s": 0.01, "mm_per_tick": 0.5}
    calibration = calibration_of(optics(), CAMERA)

    assert calibration.with_motion(latency_s=1.4, **measured).latency_s == 1.4
    with pytest.raises(CalibrationError, match="latency_s comes out as 9, which cannot be"):
        calibration.with_motion(latency_s=9.0, **measured)
