"""Where a network before quantization looks, whatever its layers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sorter.preprocess import Preprocess
from training import backend
from training.explain.float_network import FloatNetwork

pytestmark = pytest.mark.training


def network(strides: int) -> FloatNetwork:
    """With squeeze and excitation half way up, as backbones have it."""
    keras = backend.keras()
    layers = keras.layers
    photo = layers.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(photo)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(4, 1, activation="sigmoid")(gate)
    x = layers.Conv2D(5, 3, strides=strides, padding="same")(layers.Multiply()([x, gate]))
    said: Any = layers.Dense(2)(layers.GlobalAveragePooling2D()(x))
    return FloatNetwork(keras.Model(photo, said), ["L", "M"], Preprocess(size_px=16))


def test_the_class_map_is_of_the_last_layer_with_places() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    assert network(strides=2).class_map(photo, 1).shape == (4, 4)


def test_where_the_last_layer_sees_one_place_the_one_below_tells() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    assert network(strides=8).class_map(photo, 1).shape == (8, 8)
