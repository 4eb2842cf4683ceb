"""What spoils the twin's pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sorter.config import CameraConfig
from sorter.frame import Pixels
from sorter.twin.lighting import Imaging, smear
from sorter.twin.optics import Optics
from sorter.twin.scene import Scene

CAMERA = CameraConfig(source="twin", width=320, height=240, mm_per_px=0.6)
STEADY = Imaging(drift=0.0, noise_levels=0.5)


def frames(imaging: Imaging, times_s: list[float], *, optics: Optics | None = None) -> list[Pixels]:
    scene = Scene(CAMERA, np.random.default_rng(1), optics=optics, imaging=imaging)
    return [scene.render(0, time_s, []) for time_s in times_s]


def levels(imaging: Imaging, times_s: list[float]) -> np.ndarray:
    return np.array([frame.mean() for frame in frames(imaging, times_s)])


def test_a_steady_lamp_is_steady() -> None:
    assert np.ptp(levels(STEADY, [0.0, 3.0, 7.5])) < 0.5


def test_a_drift_goes_up_and_down_by_its_share() -> None:
    seen = levels(replace(STEADY, drift=0.2, drift_period_s=10), [k / 2 for k in range(20)])
    assert np.ptp(seen) / seen.mean() == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("hz", [100.0, 120.0])
def test_flicker_beats_with_the_frame_rate(hz: float) -> None:
    flickering = replace(STEADY, flicker=0.1, flicker_hz=hz)
    in_step = levels(flickering, [k / hz for k in range(8)])
    off_step = levels(flickering, [k / hz + (k % 2) / (2 * hz) + 1 / (4 * hz) for k in range(8)])
    assert np.ptp(in_step) < 0.5
    assert np.ptp(off_step) / off_step.mean() == pytest.approx(0.2, abs=0.02)


def test_an_exposure_of_a_whole_period_takes_no_notice_of_flicker() -> None:
    whole = replace(STEADY, flicker=0.1, exposure_s=0.01)
    assert np.ptp(levels(whole, [0.0, 0.0025, 0.0075])) < 0.5


def test_flicker_makes_bands_with_a_rolling_shutter() -> None:
    optics = Optics.over(CAMERA, readout_s=0.02)
    clean, banded = (
        frames(imaging, [0.0], optics=optics)[0].mean(axis=(1, 2))
        for imaging in (STEADY, replace(STEADY, flicker=0.1))
    )
    share = banded / clean
    assert np.ptp(share) == pytest.approx(0.2, abs=0.03)
    # 20 ms of read-out hold two periods of 10 ms.
    half = len(share) // 2
    assert share[:half] == pytest.approx(share[half:], abs=0.02)


def test_dirt_darkens_some_places_from_its_time_on() -> None:
    before, after = frames(replace(STEADY, dirt=3, dirt_from_s=5.0), [4.9, 5.1])
    share = after.astype(float).mean(axis=2) / before.mean(axis=2)
    assert share.min() < 0.85
    assert np.median(share) == pytest.approx(1, abs=0.02)


def test_noise_is_as_strong_as_asked_for() -> None:
    one, other = frames(replace(STEADY, noise_levels=5.0), [0.0, 0.0])
    spread = (one.astype(float) - other).std() / np.sqrt(2)
    assert spread == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize("way_px", [0.8, 2.0, 3.0, 5.5])
def test_motion_smears_an_edge_over_its_way(way_px: float) -> None:
    picture = np.zeros((8, 64, 3), np.uint8)
    picture[:, 32:] = 240
    row = smear(picture, way_px)[4, :, 0].astype(float) / 240
    assert row.sum() == pytest.approx(32, abs=0.6)
    # The variance of an even spread over `way` is way² / 12.
    steps = np.diff(row)
    places = np.arange(63)
    spread = np.sqrt((steps * (places - (steps * places).sum()) ** 2).sum() * 12)
    assert spread == pytest.approx(way_px, rel=0.35, abs=0.8)


def test_what_stands_is_not_smeared() -> None:
    picture = np.arange(64 * 3 * 4, dtype=np.uint8).reshape(4, 64, 3)
    assert smear(picture, 0.0) is picture
