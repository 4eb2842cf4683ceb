from __future__ import annotations

import numpy as np
import pytest

from sorter.preprocess import Preprocess
from training import backend, zoo
from training.augment import augment
from training.errors import TrainingError
from training.fit import auto_epochs
from training.quantize import FEWEST, scaled, to_int8

SHAPE = (4, 32, 32, 3)


@pytest.mark.training
@pytest.mark.parametrize("size_px", [16, 32, 96, 224])
def test_ds_cnn_stays_small_at_every_size(size_px: int) -> None:
    network = zoo.build("ds-cnn", size_px, 9).model
    assert network.output_shape == (None, 9)
    assert 60_000 <= network.count_params() <= 250_000


@pytest.mark.training
def test_augmentation_depends_on_its_seed_alone() -> None:
    tf = backend.tensorflow()
    photos = tf.random.stateless_uniform(SHAPE, (1, 2), 0, 255)
    first, again, other = (augment(photos, tf.constant(seed)) for seed in ((1, 2), (1, 2), (3, 4)))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
    assert first.shape == SHAPE
    assert 0 <= np.min(first) <= np.max(first) <= 255


@pytest.mark.training
def test_augmentation_keeps_an_item_in_the_photo_at_its_size() -> None:
    tf = backend.tensorflow()
    photo = np.full((1, 64, 64, 3), 50, np.float32)
    photo[0, 24:40, 16:48] = 200
    for key in range(20):
        (made,) = np.asarray(augment(tf.constant(photo), tf.constant((key, key))))
        middle = (made.min() + made.max()) / 2
        assert (made[..., 0] > middle).sum() == pytest.approx(16 * 32, rel=0.06)


def test_too_few_photos_to_quantize_on_are_refused() -> None:
    photos = np.zeros((FEWEST - 1, 32, 32, 3), np.uint8)
    with pytest.raises(TrainingError, match=f"only {FEWEST - 1} training photos.*at least"):
        to_int8(None, photos, Preprocess(size_px=32))


def test_the_network_sees_the_levels_that_the_bundle_promises() -> None:
    preprocess = Preprocess(size_px=32, mean=127.5, std=127.5)
    assert scaled(np.array([0, 255], np.uint8), preprocess) == pytest.approx([-1, 1])


@pytest.mark.parametrize(("photos", "epochs"), [(100, 120), (1_755, 15), (100_000, 15)])
def test_large_sets_are_passed_over_less_often(photos: int, epochs: int) -> None:
    assert auto_epochs(photos, 96) == epochs
