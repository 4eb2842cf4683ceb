from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.ruler.calibrated import CalibratedRuler
from sorter.ruler.calibration import CalibrationError
from sorter.ruler.charuco import Charuco
from sorter.ruler.solve_belt import OnBelt, solve_belt
from sorter.ruler.solve_lens import Lens, solve_lens
from sorter.ruler.target import View
from sorter.twin.lens_map import render_flat
from sorter.twin.optics import TYPICAL_DISTORTION, Optics

CAMERA = CameraConfig(width=960, height=540, mm_per_px=0.5)
SIZE = (960, 540)
TARGET = Charuco(columns=9, rows=6, square_mm=24.0)
PX_PER_SQUARE = 56
MM_PER_TICK = 0.48
OPTICS = Optics.over(
    CAMERA, distortion=TYPICAL_DISTORTION, tilt_deg=(1.2, -0.9, 0.7), readout_s=0.016
)


def held(tip_deg: tuple[float, float], along_mm: float, across_mm: float, lift_mm: float) -> View:
    """The board's corners as a perfect detector sees a board held over the belt."""
    turn, _ = cv2.Rodrigues(np.radians([*tip_deg, 0.0]))
    points = (TARGET.corners_mm - np.array([*TARGET.size_mm, 0]) / 2) @ turn.T
    points = points * (1, 1, -1) + (along_mm, across_mm, lift_mm)
    return View(numbers=np.arange(len(points), dtype=np.int32), corners_px=OPTICS.project(points))


@cache
def slanted_views() -> tuple[View, ...]:
    rng = np.random.default_rng(5)
    return tuple(
        held(tip, *rng.uniform((-70, 90, 20), (70, 180, 120)))
        for tip in [(0, 0), (25, 0), (-25, 0), (0, 25), (0, -25), (20, 20), (-20, 20), (20, -20)]
    )


@cache
def true_lens() -> Lens:
    return Lens(matrix=OPTICS.matrix, distortion=np.array(OPTICS.distortion), error_px=0.1)


def frame(along_mm: float, speed_mm_per_s: float = 0.0) -> Pixels:
    return render_flat(
        OPTICS,
        np.pad(TARGET.picture(PX_PER_SQUARE), PX_PER_SQUARE, constant_values=255),
        mm_per_px=TARGET.square_mm / PX_PER_SQUARE,
        along_mm=along_mm,
        across_mm=135,
        turn_deg=3,
        speed_mm_per_s=speed_mm_per_s,
    )


@cache
def on_belt() -> tuple[OnBelt, ...]:
    """The board standing, then running: the stamps lag the exposures by 12 ms."""
    seen = []
    for along_mm, speed in [(-90, 0), (-60, 300), (-20, 300), (20, 300), (60, 300), (90, 0)]:
        view = TARGET.find(frame(along_mm, speed))
        assert view is not None
        tick = (along_mm + 0.012 * speed) / MM_PER_TICK
        seen.append(OnBelt(view=view, tick=tick, ticks_per_s=speed / MM_PER_TICK))
    return tuple(seen)


def test_the_lens_is_found_from_a_board_held_at_slants() -> None:
    lens = solve_lens(TARGET, slanted_views(), SIZE)

    assert lens.error_px < 0.05
    assert lens.matrix[0, 0] == pytest.approx(OPTICS.focal_px, rel=0.002)
    assert lens.distortion[:2] == pytest.approx(OPTICS.distortion[:2], abs=0.02)


def test_boards_that_all_lie_alike_do_not_give_a_focal_length() -> None:
    flat = [held((0, 0), 10.0 * k - 40, 135, 0) for k in range(9)]

    with pytest.raises(CalibrationError, match="held alike in all frames"):
        solve_lens(TARGET, flat, SIZE)


def test_too_few_views_say_how_many_are_needed() -> None:
    with pytest.raises(CalibrationError, match="seen in 3 frames, and 8 are needed"):
        solve_lens(TARGET, slanted_views()[:3], SIZE)


def test_frames_that_no_lens_explains_are_refused() -> None:
    rng = np.random.default_rng(1)
    shaken = [
        View(numbers=view.numbers, corners_px=view.corners_px + rng.normal(0, 4, (40, 2)))
        for view in slanted_views()
    ]

    with pytest.raises(CalibrationError, match="no lens fits"):
        solve_lens(TARGET, shaken, SIZE)


def test_the_board_is_found_in_a_frame_even_when_a_part_of_it_is_hidden() -> None:
    pixels = frame(0.0)
    pixels[:, 520:] = 190

    view = TARGET.find(pixels)

    assert view is not None
    assert 8 <= len(view.numbers) < 40


def test_an_empty_belt_has_no_board() -> None:
    assert TARGET.find(np.full((540, 960, 3), 190, np.uint8)) is None


def test_a_board_on_the_running_belt_gives_tick_delay_and_shutter() -> None:
    calibration, fit = solve_belt(TARGET, on_belt(), true_lens(), SIZE, reference_px=480)

    assert fit.mm_per_tick == pytest.approx(MM_PER_TICK, rel=0.001)
    assert calibration.latency_s == pytest.approx(0.012, abs=0.001)
    assert calibration.readout_s == pytest.approx(OPTICS.readout_s, abs=0.001)
    assert fit.error_mm < 0.2


def test_the_ruler_by_such_a_calibration_finds_points_on_the_belt() -> None:
    calibration, _ = solve_belt(TARGET, on_belt(), true_lens(), SIZE, reference_px=480)
    ruler = CalibratedRuler(CAMERA, calibration)
    places = np.array([[-150.0, 60.0], [0.0, 135.0], [150.0, 210.0], [-150.0, 210.0]])
    pixels = OPTICS.project(np.column_stack([places, np.zeros(4)]))

    found = ruler.belt_mm(pixels)

    # Its own origin: the point seen in the reference column; so distances are what counts.
    assert np.linalg.norm(found[0] - found[2]) == pytest.approx(np.hypot(300, 150), abs=0.5)
    assert np.linalg.norm(found[1] - found[3]) == pytest.approx(np.hypot(150, 75), abs=0.4)
    middle = ruler.belt_mm(np.array([[479.5, 269.5]]))
    assert middle[0, 0] == pytest.approx(0, abs=1e-3)


def test_a_creeping_belt_leaves_the_delay_open() -> None:
    creeping = [
        OnBelt(view=held((0, 0), along_mm, 135, 0), tick=along_mm / MM_PER_TICK, ticks_per_s=speed)
        for along_mm, speed in [(-80.0, 0.0), (-20.0, 20.0), (40.0, 20.0)]
    ]

    calibration, fit = solve_belt(TARGET, creeping, true_lens(), SIZE, reference_px=480)

    assert fit.latency_s is None
    assert calibration.latency_s == 0
    assert fit.mm_per_tick == pytest.approx(MM_PER_TICK, rel=0.001)


def test_a_belt_that_never_stands_is_refused_for_its_skewed_frames() -> None:
    with pytest.raises(CalibrationError, match="let it stand at first"):
        solve_belt(TARGET, on_belt()[1:-1], true_lens(), SIZE, reference_px=480)


def test_a_board_that_hardly_moves_is_refused() -> None:
    with pytest.raises(CalibrationError, match="let the belt run"):
        solve_belt(TARGET, on_belt()[:3], true_lens(), SIZE, reference_px=480)


def test_a_belt_that_runs_the_wrong_way_is_told() -> None:
    backwards = [
        OnBelt(view=one.view, tick=-one.tick, ticks_per_s=-one.ticks_per_s) for one in on_belt()
    ]

    with pytest.raises(CalibrationError, match="rotate_deg"):
        solve_belt(TARGET, backwards, true_lens(), SIZE, reference_px=480)


def test_a_board_held_over_the_belt_is_refused() -> None:
    tipped = OnBelt(view=held((20, 0), 0, 135, 40), tick=0.0, ticks_per_s=0.0)

    with pytest.raises(CalibrationError, match="does not lie flat"):
        solve_belt(TARGET, [*on_belt(), tipped], true_lens(), SIZE, reference_px=480)
