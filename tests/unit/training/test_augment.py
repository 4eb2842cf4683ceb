from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from training import augment, backend

pytestmark = pytest.mark.training
SIDE = 48


def item(level: float = 200.0, n: int = 1) -> Any:
    """Photos of a lying rectangle of 8 × 32 pixels on grey."""
    photos = np.full((n, SIDE, SIDE, 3), 90.0, np.float32)
    photos[:, 20:28, 8:40] = level
    return backend.tensorflow().constant(photos)


def key(number: int) -> Any:
    tf = backend.tensorflow()
    return tf.constant((number, number), tf.int64)


def test_the_same_seed_gives_the_same_photos() -> None:
    photos = item(n=6)
    first, again, other = (np.asarray(augment.augment(photos, key(k))) for k in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
    assert first.shape == (6, SIDE, SIDE, 3)
    assert 0 <= first.min() <= first.max() <= 255


@pytest.mark.parametrize("turn_rad", [augment.TURN_RAD, augment.FULL_TURN_RAD])
def test_moving_keeps_an_item_in_the_photo_at_its_size(turn_rad: float) -> None:
    moved = np.asarray(augment.move(item(n=40), key(3), turn_rad))
    areas = (moved[..., 0] > 145).sum(axis=(1, 2))
    assert areas == pytest.approx(np.full(40, 8 * 32), rel=0.08)


def test_a_full_turn_lays_items_at_any_angle() -> None:
    def upright(turn_rad: float) -> int:
        mask = np.asarray(augment.move(item(n=60), key(4), turn_rad))[..., 0] > 145
        heights, widths = (mask.any(axis=axis).sum(axis=1) for axis in (2, 1))
        return int((heights > widths).sum())

    assert upright(augment.TURN_RAD) == 0
    assert 15 <= upright(augment.FULL_TURN_RAD) <= 45


def test_motion_smears_along_the_belt_only() -> None:
    photos = np.asarray(item(n=60))
    smeared = np.asarray(augment.smear(item(n=60), key(5)))
    changed = np.abs(smeared - photos).max(axis=(1, 2, 3)) > 5
    assert 0.1 * 60 <= changed.sum() <= augment.BLURRED * 60 * 1.5
    # Far from the item's two ends, rows are as they were.
    assert smeared[:, :, 16:32] == pytest.approx(photos[:, :, 16:32], abs=0.01)
    assert smeared.mean() == pytest.approx(photos.mean(), rel=1e-3)


def test_dirt_darkens_and_glare_brightens_some_photos_in_one_place() -> None:
    change = np.asarray(augment.soil(item(n=100), key(6)) - item(n=100))
    darker, brighter = (change < -5).any(axis=(1, 2, 3)), (change > 5).any(axis=(1, 2, 3))
    assert 5 <= darker.sum() <= 35
    assert 5 <= brighter.sum() <= 35
    assert (~darker & ~brighter).sum() >= 40
    assert np.median((np.abs(change[darker]) > 5).mean(axis=(1, 2, 3))) < 0.5


def test_white_balance_drifts_but_never_turns_a_hue() -> None:
    photos = np.full((200, 4, 4, 3), (180.0, 160.0, 60.0), np.float32)
    lit = np.asarray(augment.relight(backend.tensorflow().constant(photos), key(7)))
    assert lit.std(axis=0).min() > 5
    assert (np.diff(lit.mean(axis=(1, 2)), axis=1) < 0).all()


def test_some_photos_lose_what_jpeg_loses() -> None:
    side = augment.SMALLEST_JPEG_PX
    noise = np.random.default_rng(1).uniform(0, 255, (60, side, side, 3)).astype(np.float32)
    lost = np.asarray(augment.compress(backend.tensorflow().constant(noise), key(8))) - noise
    changed = np.abs(lost).max(axis=(1, 2, 3)) > 1
    assert 0.15 * 60 <= changed.sum() <= 0.45 * 60


def test_small_photos_are_spared_from_jpeg() -> None:
    photos = item(n=60)
    assert np.asarray(augment.compress(photos, key(8))) == pytest.approx(np.asarray(photos))


def test_mixing_blends_photos_and_targets_alike() -> None:
    tf = backend.tensorflow()
    targets = tf.eye(8)
    photos = tf.ones((8, 4, 4, 3)) * tf.range(8.0)[:, None, None, None]
    mixed, blended = augment.mix_up(photos, targets, key(9), alpha=0.4)
    assert np.asarray(blended).sum(axis=1) == pytest.approx(np.ones(8))
    assert np.asarray(blended).argmax(axis=1).tolist() == list(range(8))
    assert np.asarray(mixed)[:, 0, 0, 0] == pytest.approx(np.asarray(blended) @ np.arange(8))


@pytest.mark.parametrize("step", [augment.move, augment.smear, augment.soil, augment.compress])
def test_steps_work_inside_a_dataset(step: Callable[..., Any]) -> None:
    tf = backend.tensorflow()
    data = tf.data.Dataset.from_tensors(item(n=3)).map(lambda photos: step(photos, key(1)))
    assert next(iter(data)).shape == (3, SIDE, SIDE, 3)
