from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.ruler.body import measure_body
from tests.unit.ruler.bodies import banana, ellipse, sagitta_mm, turned

lengths = st.floats(120, 250)
arcs = st.floats(0.02, 1.5)
thicknesses = st.floats(22, 38)
angles = st.floats(0, 2 * math.pi)


@given(length_mm=lengths, arc_rad=arcs, thickness_mm=thicknesses, angle_rad=angles)
def test_a_bent_body_is_measured_along_its_middle_line_however_it_lies(
    length_mm: float, arc_rad: float, thickness_mm: float, angle_rad: float
) -> None:
    outline = banana(length_mm=length_mm, arc_rad=arc_rad, thickness_mm=thickness_mm)

    body = measure_body(turned(outline, angle_rad, (300, -40)))

    assert body.length_mm == pytest.approx(length_mm, abs=1.0)
    assert body.bend_mm == pytest.approx(sagitta_mm(length_mm, arc_rad), abs=1.0)
    assert body.width_mm == pytest.approx(thickness_mm, abs=0.5)


@given(length_mm=lengths, arc_rad=st.floats(1.5, 2.4), thickness_mm=thicknesses)
def test_a_body_bent_to_a_hook_is_measured_within_two_per_cent(
    length_mm: float, arc_rad: float, thickness_mm: float
) -> None:
    body = measure_body(banana(length_mm=length_mm, arc_rad=arc_rad, thickness_mm=thickness_mm))

    assert body.length_mm == pytest.approx(length_mm, rel=0.02)
    assert body.bend_mm == pytest.approx(sagitta_mm(length_mm, arc_rad), rel=0.04)


@given(diameter_mm=st.floats(30, 110), flatness=st.floats(1.0, 1.15), angle_rad=angles)
def test_a_round_body_has_its_largest_and_smallest_diameter_and_no_bend(
    diameter_mm: float, flatness: float, angle_rad: float
) -> None:
    body = measure_body(turned(ellipse(diameter_mm * flatness, diameter_mm), angle_rad))

    assert body.length_mm == pytest.approx(diameter_mm * flatness, rel=0.005)
    assert body.width_mm == pytest.approx(diameter_mm, rel=0.005)
    assert body.bend_mm == 0


@given(long_mm=st.floats(40, 90), share=st.floats(0.9, 1.0))
def test_the_volume_of_an_ellipsoid_is_that_of_its_sections(long_mm: float, share: float) -> None:
    body = measure_body(ellipse(long_mm, long_mm * share))

    assert body.volume_mm3 == pytest.approx(
        math.pi / 6 * long_mm * (long_mm * share) ** 2, rel=0.02
    )
    assert body.area_mm2 == pytest.approx(math.pi / 4 * long_mm * long_mm * share, rel=0.005)


@given(length_mm=lengths, arc_rad=arcs, seed=st.integers(0, 1000))
def test_a_noisy_outline_gives_the_same_length(length_mm: float, arc_rad: float, seed: int) -> None:
    outline = banana(length_mm=length_mm, arc_rad=arc_rad, thickness_mm=30)
    noisy = outline + np.random.default_rng(seed).normal(0, 0.2, outline.shape)

    assert measure_body(noisy).length_mm == pytest.approx(length_mm, abs=1.5)


def test_the_way_around_the_outline_changes_nothing() -> None:
    outline = banana(length_mm=200, arc_rad=0.8, thickness_mm=32)

    one, other = measure_body(outline), measure_body(outline[::-1])

    assert one.length_mm == pytest.approx(other.length_mm, abs=0.2)
    assert one.bend_mm == pytest.approx(other.bend_mm, abs=0.2)


def test_a_stalk_counts_as_length() -> None:
    outline = banana(length_mm=180, arc_rad=0.01, thickness_mm=30)
    stalk = np.array([[90.0, 3.0], [96.0, 3.0], [96.0, -3.0], [90.0, -3.0]])
    tip = int(outline[:, 0].argmax())
    with_stalk = np.concatenate([outline[:tip], stalk, outline[tip + 1 :]])

    assert measure_body(with_stalk).length_mm == pytest.approx(186, abs=1.0)


def test_an_outline_without_area_is_refused() -> None:
    with pytest.raises(ValueError, match="no area"):
        measure_body(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]))


def test_crossed_bodies_have_finite_measures() -> None:
    mask = np.zeros((200, 200), np.uint8)
    cv2.ellipse(mask, (100, 100), (60, 12), 20, 0, 360, 255, cv2.FILLED)
    cv2.ellipse(mask, (110, 110), (50, 12), 110, 0, 360, 255, cv2.FILLED)
    (outline,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    with np.errstate(all="raise"):
        body = measure_body(outline[:, 0].astype(np.float64))
    assert all(np.isfinite(size) and size >= 0 for size in dataclasses.astuple(body))
