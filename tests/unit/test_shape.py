from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from sorter.shape import MEASURES, measure, quantized_shapes, shapes


def photo(
    length: int,
    width: int,
    *,
    turn_deg: float = 0.0,
    bend: int = 0,
    side: int = 96,
    colour: tuple[int, int, int] = (40, 90, 50),
) -> Pixels:
    """A bar of this many pixels on a grey belt that is lit from one side."""
    pixels = np.full((side, side, 3), 180.0)
    pixels += np.linspace(-15, 15, side)[:, None, None]
    points = np.linspace(-length / 2 + width / 2, length / 2 - width / 2, 20)
    arch = bend * (1 - (2 * points / (length - width)) ** 2)
    angle = np.deg2rad(turn_deg)
    x = side / 2 + points * np.cos(angle) - arch * np.sin(angle)
    y = side / 2 + points * np.sin(angle) + arch * np.cos(angle)
    line = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(pixels, [line], isClosed=False, color=colour, thickness=width)
    return pixels.astype(np.uint8)


def named(pixels: Any) -> dict[str, float]:
    return dict(zip(MEASURES, map(float, measure(pixels)), strict=True))


def test_a_straight_item_is_as_long_and_wide_as_it_is_drawn() -> None:
    found = named(photo(60, 12))
    assert found["length"] == pytest.approx(60 / 96, abs=0.03)
    assert found["width"] == pytest.approx(12 / 96, abs=0.03)
    assert found["bend"] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("turn_deg", [30, 90, 140])
def test_a_turned_item_measures_the_same(turn_deg: float) -> None:
    one, other = measure(photo(60, 12)), measure(photo(60, 12, turn_deg=turn_deg))
    # The steps of a slanting edge look hollow.
    hollow = MEASURES.index("hollow")
    assert np.delete(other, hollow) == pytest.approx(np.delete(one, hollow), abs=0.05)
    assert other[hollow] == pytest.approx(one[hollow], abs=0.12)


def test_a_bent_item_is_longer_along_its_arc_than_across() -> None:
    bent = named(photo(60, 10, bend=18))
    assert bent["bend"] > 0.2
    assert bent["arc"] > 1.1 * bent["length"]
    assert bent["hollow"] > named(photo(60, 10))["hollow"] + 0.1


@given(
    gain=st.floats(0.002, 3),
    offset=st.floats(-300, 300),
    reverse=st.booleans(),
    mirror=st.booleans(),
)
def test_light_and_order_of_the_colours_change_nothing(
    gain: float, offset: float, reverse: bool, mirror: bool
) -> None:
    plain = photo(50, 14, turn_deg=20, bend=6)
    changed = plain.astype(np.float32) * np.float32(gain) + np.float32(offset)
    changed = changed[..., ::-1] if reverse else changed
    changed = changed[:, ::-1] if mirror else changed
    assert measure(changed) == pytest.approx(measure(plain), abs=0.02)


@pytest.mark.parametrize("turn_deg", [0, 7, 35, 63, 90, 140])
@pytest.mark.parametrize("bend", [0, 12])
def test_a_mirror_image_measures_the_same(turn_deg: float, bend: int) -> None:
    plain = photo(50, 14, turn_deg=turn_deg, bend=bend)
    for mirrored in (plain[::-1], plain[:, ::-1], plain[::-1, ::-1]):
        assert measure(mirrored) == pytest.approx(measure(plain), abs=1e-5)


def test_training_and_device_measure_the_same_on_levels_scaled_and_quantized() -> None:
    plain = photo(50, 14, bend=6, side=32)
    int8 = (plain.astype(int) - 128).astype(np.int8)
    assert measure(int8) == pytest.approx(measure(plain), abs=1e-5)
    assert measure(plain.astype(np.float32) / 127.5 - 1) == pytest.approx(measure(plain), abs=1e-3)


@pytest.mark.parametrize("size", [16, 48, 96])
@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (1, 1, 1), (90, 90, 90), (255, 255, 255), (7, 99, 180)]
)
def test_an_empty_photo_measures_nothing_however_its_levels_are_scaled(
    size: int, colour: tuple[int, int, int]
) -> None:
    plain = np.full((size, size, 3), colour, np.uint8)
    real = plain.astype(np.float32)
    for scaled in (plain, (plain.astype(int) - 128).astype(np.int8), real / 255, real / 127.5 - 1):
        assert not measure(scaled).any()


@pytest.mark.parametrize("thick_px", [1, 2])
def test_a_frame_around_the_photo_is_not_taken_for_the_item(thick_px: int) -> None:
    plain = photo(44, 14, turn_deg=20, side=64)
    framed = plain.copy()
    framed[:thick_px] = framed[-thick_px:] = framed[:, :thick_px] = framed[:, -thick_px:] = 60
    assert measure(framed) == pytest.approx(measure(plain), abs=0.03)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_photo_that_is_all_rim_gives_numbers(rows: int) -> None:
    strip = np.full((rows, 96, 3), 180, np.uint8)
    strip[:, 30:70] = 40
    assert np.isfinite(measure(letterboxed(strip, 96))).all()


def letterboxed(pixels: Pixels, size: int) -> Pixels:
    return Preprocess(size_px=size)(pixels)


@pytest.mark.parametrize("size", [32, 64, 96])
@pytest.mark.parametrize("upright", [False, True])
def test_the_bars_of_a_letterboxed_photo_are_no_item(size: int, upright: bool) -> None:
    whole = photo(60, 12, bend=8, colour=(130, 150, 140))
    strip = whole[24:72]
    if upright:
        whole, strip = (np.ascontiguousarray(one.swapaxes(0, 1)) for one in (whole, strip))
    wanted, found = measure(letterboxed(whole, size)), measure(letterboxed(strip, size))
    assert found == pytest.approx(wanted, abs=0.04)


def test_bars_are_found_on_scaled_and_quantized_levels_alike() -> None:
    plain = letterboxed(photo(60, 12, bend=8)[20:77], 48)
    int8 = (plain.astype(int) - 128).astype(np.int8)
    assert measure(int8) == pytest.approx(measure(plain), abs=1e-5)
    assert measure(plain.astype(np.float32) / 127.5 - 1) == pytest.approx(measure(plain), abs=1e-3)


def test_a_belt_as_grey_and_even_as_the_bars_hides_no_item() -> None:
    pixels = np.full((64, 64, 3), 114, np.uint8)
    cv2.line(pixels, (12, 32), (52, 32), (40, 90, 50), 8)
    assert named(pixels)["length"] == pytest.approx(49 / 64, abs=0.05)


def test_eight_bits_hold_the_shapes() -> None:
    photos = np.stack([photo(length, 12) for length in (30, 50, 80)])
    levels = quantized_shapes(photos, 0.03, 5)
    assert (levels.astype(float) - 5) * 0.03 == pytest.approx(shapes(photos), abs=0.016)
