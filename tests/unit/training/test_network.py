from __future__ import annotations

import numpy as np
import pytest

from sorter.preprocess import Preprocess
from training import zoo
from training.errors import TrainingError
from training.fit import auto_epochs
from training.quantize import FEWEST, scaled, to_int8


@pytest.mark.training
@pytest.mark.parametrize("size_px", [16, 32, 96, 224])
def test_ds_cnn_stays_small_at_every_size(size_px: int) -> None:
    network = zoo.build("ds-cnn", size_px, 9).model
    assert network.output_shape == (None, 9)
    assert 60_000 <= network.count_params() <= 250_000


def test_too_few_photos_to_quantize_on_are_refused() -> None:
    photos = np.zeros((FEWEST - 1, 32, 32, 3), np.uint8)
    with pytest.raises(TrainingError, match=f"only {FEWEST - 1} training photos.*at least"):
        to_int8(None, photos, Preprocess(size_px=32))


def test_the_network_sees_the_levels_that_the_bundle_promises() -> None:
    preprocess = Preprocess(size_px=32, mean=127.5, std=127.5)
    assert scaled(np.array([0, 255], np.uint8), preprocess) == pytest.approx([-1, 1])


@pytest.mark.parametrize(("photos", "epochs"), [(100, 160), (1_755, 15), (100_000, 15)])
def test_large_sets_are_passed_over_less_often(photos: int, epochs: int) -> None:
    assert auto_epochs(photos, 96) == epochs
