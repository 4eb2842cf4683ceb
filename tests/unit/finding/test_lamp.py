"""The wave of light that a flickering lamp makes over the rows of an image."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sorter.finding.lamp import SEARCH_EVERY, Lamp

ROWS, COLUMNS = 45, 40
TOLERANCE = 0.12

Floats = NDArray[np.float32]


def grid(light: Floats | float = 1.0, belt_share: float = 1.0) -> Floats:
    """Samples of a belt, and of coloured fruit beside it."""
    rng = np.random.default_rng(1)
    samples = rng.normal(1, 0.02, (ROWS, COLUMNS, 1)) + rng.normal(0, 0.01, (ROWS, COLUMNS, 3))
    samples[:, round(COLUMNS * belt_share) :] *= (0.3, 0.9, 1.1)
    return np.asarray(samples * np.reshape(light, (-1, 1, 1)), np.float32)


def wave(waves: float, depth: float, turn: float = 0.0) -> Floats:
    angle = 2 * np.pi * waves * np.linspace(0, 1, ROWS) + turn
    return np.asarray(1 + depth * np.sin(angle), np.float32)


@pytest.mark.parametrize("waves", [0.8, 1.5, 3.0, 3.6])
@pytest.mark.parametrize("belt_share", [1.0, 0.25])
def test_the_light_of_each_row_is_told_within_two_percent(waves: float, belt_share: float) -> None:
    lamp = Lamp()
    for turn in np.arange(0, 20, 2.1):
        light = wave(waves, 0.3, turn)
        seen = lamp.see(grid(light, belt_share), TOLERANCE)
        assert seen is not None
        assert seen.level * seen.rows(ROWS) == pytest.approx(light, rel=0.02)


def test_steady_light_is_no_wave_however_bright() -> None:
    lamp = Lamp()
    assert all(lamp.see(grid(light), TOLERANCE) is None for light in (1.0, 0.6, 1.5))


def test_light_that_jumps_while_it_flickers_is_told_as_the_lamps_mean() -> None:
    lamp = Lamp()
    lamp.see(grid(wave(1.5, 0.3)), TOLERANCE)
    seen = lamp.see(grid(0.85 * wave(1.5, 0.3, 2.1)), TOLERANCE)
    assert seen is not None
    assert seen.level == pytest.approx(0.85, abs=0.01)


def test_what_is_beside_a_stripe_at_the_light_of_the_rest_shows_that_it_is_no_wave() -> None:
    # Half the columns are belt as ever: the other half is produce, or wet.
    samples = grid(wave(1.5, 0.3))
    samples[:, ::2] = grid()[:, ::2]
    assert Lamp().see(samples, TOLERANCE) is None


def test_a_deep_step_is_no_wave() -> None:
    step = np.where(np.abs(np.linspace(-1, 1, ROWS)) < 0.6, 0.7, 1.0).astype(np.float32)
    assert Lamp().see(grid(step), TOLERANCE) is None


def test_a_lamp_that_was_not_found_is_looked_for_again_soon() -> None:
    lamp = Lamp()
    rough = np.random.default_rng(2).uniform(0.6, 1.4, ROWS).astype(np.float32)
    assert lamp.see(grid(rough), TOLERANCE) is None
    seen = [lamp.see(grid(wave(1.5, 0.3)), TOLERANCE) for _ in range(SEARCH_EVERY + 1)]
    assert seen[0] is None and seen[-1] is not None


def test_a_lamp_that_was_exchanged_for_another_is_found() -> None:
    lamp = Lamp()
    lamp.see(grid(wave(1.5, 0.3)), TOLERANCE)
    seen = [lamp.see(grid(wave(3.0, 0.25, 2.1 * k)), TOLERANCE) for k in range(SEARCH_EVERY + 2)]
    assert seen[-1] is not None
    assert seen[-1].waves == pytest.approx(3.0, abs=0.1)
