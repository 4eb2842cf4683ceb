"""The narrow ruler mat: its dots found under lens, tilt and shutter, by a part of it alone."""

from __future__ import annotations

import cv2
import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.ruler.mat import CODE, ROWS, WORD, Mat
from sorter.ruler.sheet import PAPERS, mat_sheet
from sorter.ruler.target import View
from sorter.twin.lens_map import render_flat
from sorter.twin.optics import TYPICAL_DISTORTION, Optics

CAMERA = CameraConfig(width=960, height=540, mm_per_px=0.5)
MAT = PAPERS["a4"].mat
OPTICS = Optics.over(CAMERA, distortion=TYPICAL_DISTORTION, tilt_deg=(1.5, -1.2, 0.7))
MARGIN_PX = 30
PX_PER_MM = 3.0


def frame(
    *,
    along_mm: float = 0.0,
    across_mm: float = 135.0,
    turn_deg: float = 0.0,
    ground: tuple[int, int, int] = (60, 90, 60),
    noise: float = 2.0,
) -> Pixels:
    drawn = MAT.drawn(PX_PER_MM)
    pixels = render_flat(
        OPTICS,
        np.pad(drawn.picture, MARGIN_PX, constant_values=235),
        mm_per_px=drawn.mm_per_px,
        along_mm=along_mm,
        across_mm=across_mm,
        turn_deg=turn_deg,
        ground=ground,
    )
    grain = np.random.default_rng(3).normal(0, noise, pixels.shape)
    return np.asarray(np.clip(pixels + grain, 0, 255), np.uint8)


def true_px(along_mm: float, across_mm: float, turn_deg: float) -> np.ndarray:
    turn = np.radians(turn_deg)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    places = (MAT.corners_mm[:, :2] - np.array(MAT.size_mm) / 2) @ turned.T
    places += np.array([along_mm, across_mm])
    return OPTICS.project(np.column_stack([places, np.zeros(len(places))]))


def off_px(view: View, truth: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(view.corners_px - truth[view.numbers], axis=1))


def test_six_columns_in_a_row_occur_once_read_either_way() -> None:
    words = [CODE[k : k + WORD] for k in range(len(CODE) - WORD + 1)]
    either_way = words + [word[::-1] for word in words]

    assert len(set(either_way)) == len(either_way)
    assert max(paper.mat.columns for paper in PAPERS.values()) <= len(CODE)


@settings(max_examples=20, deadline=None)
@given(
    turn_deg=st.floats(-180, 180),
    along_mm=st.floats(-40, 40),
    across_mm=st.floats(125, 145),
    ground=st.sampled_from([(60, 90, 60), (190, 190, 190), (20, 20, 20)]),
)
def test_every_dot_is_found_to_a_tenth_of_a_pixel_however_the_mat_lies(
    turn_deg: float, along_mm: float, across_mm: float, ground: tuple[int, int, int]
) -> None:
    place = {"along_mm": along_mm, "across_mm": across_mm, "turn_deg": turn_deg}
    truth = true_px(**place)
    seen = ((truth > 20) & (truth < np.array([940, 520]))).all(axis=1)

    view = MAT.find(frame(**place, ground=ground))

    assert view is not None
    # Dots at the very edge of the image may be cut.
    assert len(view.numbers) >= 0.95 * seen.sum()
    off = off_px(view, truth)
    assert off.max() < 0.3
    assert np.sqrt(np.mean(off**2)) < 0.1


@pytest.mark.parametrize("left_px", [300, 420])
def test_a_part_of_the_mat_is_known_by_its_rings(left_px: int) -> None:
    pixels = frame()
    pixels[:, :left_px] = 120

    view = MAT.find(pixels)

    assert view is not None
    assert ROWS * WORD <= len(view.numbers) < ROWS * MAT.columns
    assert off_px(view, true_px(0, 135, 0)).max() < 0.3


def test_too_small_a_part_tells_nothing() -> None:
    pixels = frame()
    pixels[:, :560] = 120

    assert MAT.find(pixels) is None


def test_a_dot_that_the_image_cuts_off_is_left_out() -> None:
    # Its middle would be that of the part that is seen.
    for shift_px in range(0, 40, 4):
        pixels = np.ascontiguousarray(frame()[:, 250 + shift_px :])

        view = MAT.find(pixels)

        assert view is not None
        truth = true_px(0, 135, 0) - np.array([250 + shift_px, 0])
        assert off_px(view, truth).max() < 0.3


def test_what_lies_about_is_not_taken_for_dots() -> None:
    pixels = frame(across_mm=160)
    rng = np.random.default_rng(8)
    for _ in range(40):
        at = (int(rng.integers(0, 960)), int(rng.integers(0, 120)))
        cv2.circle(pixels, at, int(rng.integers(4, 14)), (20, 20, 20), -1, cv2.LINE_AA)

    view = MAT.find(pixels)

    assert view is not None
    assert len(view.numbers) >= ROWS * MAT.columns - 3
    assert off_px(view, true_px(0, 160, 0)).max() < 0.3


def test_a_dot_that_is_painted_over_spoils_only_itself() -> None:
    pixels = frame()
    at = true_px(0, 135, 0)[MAT.columns + 4]
    cv2.circle(pixels, (round(at[0]), round(at[1])), 16, (200, 200, 200), -1)

    view = MAT.find(pixels)

    assert view is not None
    assert set(range(ROWS * MAT.columns)) - set(view.numbers.tolist()) == {MAT.columns + 4}


def test_plain_dots_are_no_mat() -> None:
    pixels = np.full((540, 960, 3), 230, np.uint8)
    for column in range(14):
        for row in range(5):
            cv2.circle(pixels, (100 + 45 * column, 100 + 45 * row), 13, (10, 10, 10), -1)

    assert MAT.find(pixels) is None
    assert MAT.find(np.full((540, 960, 3), 190, np.uint8)) is None


@pytest.mark.parametrize("name", PAPERS)
def test_the_printed_sheet_is_found_whole_and_in_its_size(name: str) -> None:
    mat: Mat = PAPERS[name].mat
    px_per_mm = 4.0
    page = pypdfium2.PdfDocument(mat_sheet(PAPERS[name]))[0]
    pixels = np.asarray(page.render(scale=px_per_mm * 25.4 / 72).to_numpy())[:, :, :3]

    view = mat.find(np.ascontiguousarray(pixels))

    assert view is not None
    assert len(view.numbers) == ROWS * mat.columns
    # The page is drawn in whole pixels.
    found_mm = view.corners_px * PAPERS[name].width_mm / pixels.shape[1]
    shift_mm = found_mm - mat.corners_mm[view.numbers, :2]
    assert np.ptp(shift_mm, axis=0) == pytest.approx(0, abs=0.05)
    margin = round(5 * px_per_mm)
    assert (pixels[:margin] == 255).all() and (pixels[:, :margin] == 255).all()
    assert (pixels[-margin:] == 255).all() and (pixels[:, -margin:] == 255).all()


def test_a_mat_that_was_printed_smaller_is_smaller() -> None:
    assert MAT.printed(0.95).pitch_mm == pytest.approx(0.95 * MAT.pitch_mm)
