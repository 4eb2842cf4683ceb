from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.preprocess import HALVED_FROM, Preprocess

RED_BGR = (0, 0, 255)


def plain(height: int, width: int, colour: tuple[int, int, int] = RED_BGR) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([16, 32, 97]))
def test_every_photo_becomes_a_square_of_the_size(height: int, width: int, size: int) -> None:
    made = Preprocess(size_px=size)(plain(height, width))
    assert made.shape == (size, size, 3)
    assert made.dtype == np.uint8
    assert made.flags.c_contiguous


def test_a_long_photo_keeps_its_shape_between_grey_bars() -> None:
    made = Preprocess(size_px=32)(plain(50, 100))
    assert (made[:8] == 114).all()
    assert (made[24:] == 114).all()
    assert (made[8:24] == (255, 0, 0)).all()


def test_a_photo_of_the_right_size_keeps_its_pixels() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    assert np.array_equal(Preprocess(size_px=32, colour_order="BGR")(photo), photo)
    assert np.array_equal(Preprocess(size_px=32)(photo), photo[..., ::-1])


@pytest.mark.parametrize("side", [384, 385, 398, 399, 467, 622, 623, 1024])
def test_a_large_photo_becomes_the_mean_of_its_areas(side: int) -> None:
    photo = np.full((side, side, 3), (90, 120, 150), np.uint8)
    cv2.ellipse(
        photo, (side // 2, side // 3), (side // 3, side // 7), 20, 0, 360, (30, 200, 60), -1
    )
    wanted = cv2.resize(photo.astype(np.float64), (96, 96), interpolation=cv2.INTER_AREA)
    off = np.abs(Preprocess(size_px=96, colour_order="BGR")(photo) - wanted)
    # An edge lies within a pixel of the halved photo, of which four and more make one.
    assert off.max() <= 110 / HALVED_FROM
    assert off.mean() <= 0.5


def test_the_photo_itself_is_not_changed() -> None:
    photo = plain(40, 60)
    Preprocess(size_px=32)(photo)
    assert (photo == RED_BGR).all()


def test_each_grey_level_has_the_int8_value_of_the_model() -> None:
    levels = Preprocess(size_px=32).quantized(1 / 255, -128)
    assert np.array_equal(levels, np.arange(-128, 128))


def test_values_beyond_int8_are_clipped_not_wrapped() -> None:
    levels = Preprocess(size_px=32, mean=127.5, std=127.5).quantized(1 / 200, 0)
    assert (levels[0], levels[-1]) == (-128, 127)
    assert (np.diff(levels.astype(int)) >= 0).all()


@pytest.mark.parametrize("size", [15, 513])
def test_absurd_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="size_px"):
        Preprocess(size_px=size)
